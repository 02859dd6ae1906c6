// How far an import or an export is: a bar, a line of text with rate and time left, and what it waits for.

import { h } from "../dom.js";
import { count, duration, many } from "../format.js";

/** The least time by which a rate is told, in seconds. */
const LEAST = 1;

/** Shows progress. */
export class Progress {
  #begin = performance.now();
  #bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  #text = h("p", { className: "transfer-progress-text" });
  #wait = h("p", { className: "transfer-wait", role: "status" });
  #verb;

  /** @param {string} verb what was done with the clients so far: `Exported` */
  constructor(verb) {
    this.#verb = verb;
    this.element = h("div", { className: "transfer-progress" }, this.#bar, this.#text, this.#wait);
  }

  /**
   * @param {number} done
   * @param {number} total
   */
  update(done, total) {
    this.#bar.max = Math.max(1, total);
    this.#bar.value = done;
    const seconds = (performance.now() - this.#begin) / 1000;
    const rate = done / seconds;
    const left =
      seconds > LEAST && rate > 0
        ? `, ${count(Math.round(rate))} a second, ${duration((total - done) / rate)} left`
        : "";
    this.#text.textContent = `${this.#verb} ${count(done)} of ${many(total)}${left}.`;
  }

  /** @param {import("../retry.js").Wait | null} wait */
  waits(wait) {
    this.#wait.textContent = wait ? `${reasonOf(wait.error)} Continuing in ${duration(wait.seconds)}.` : "";
  }
}

/** @param {import("../errors.js").ApiError} error */
function reasonOf({ status }) {
  if (status === 429) {
    return "The limit of requests a minute is reached.";
  }
  return status === 0 ? "The API cannot be reached." : "The API is busy.";
}
