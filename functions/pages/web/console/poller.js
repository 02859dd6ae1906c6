// Others' changes show up by themselves, by asking for what is shown again with its entity tags.
//
// Why not `GET /clients/changes`: its cursor begins with the whole organization, a thousand requests for 100,000
// clients, and its changes would not say which page a client is on, nor the total, so the list would be read all the
// same. For a list the API itself reads the end of the change feed. So a list that has not changed is a 304 without a
// body, for one small read, and one that has changed is right at once, in any order and with any filter.

import { ApiError } from "./errors.js";

/** The milliseconds between two looks. */
const INTERVAL = 4_000;
const LONGEST_INTERVAL = 60_000;

/** @typedef {"live" | "paused" | "offline" | "limited" | "failing"} Liveness */

export class Poller {
  #failures = 0;
  /** Why the last look failed. @type {unknown} */
  #error = null;
  #timer = 0;
  #isLooking = false;
  #isStarted = false;
  #look;
  #onLiveness;

  /**
   * @param {() => Promise<void>} look
   * @param {(liveness: Liveness) => void} onLiveness
   */
  constructor(look, onLiveness) {
    this.#look = look;
    this.#onLiveness = onLiveness;
    document.addEventListener("visibilitychange", () => this.#soon());
    addEventListener("online", () => this.#soon());
    addEventListener("offline", () => this.#report());
  }

  start() {
    this.#isStarted = true;
    this.#failures = 0;
    this.#report();
    this.#next();
  }

  stop() {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    this.#report();
  }

  /** Is told that the API has answered otherwise: the next look need not wait for as long as after failures. */
  answered() {
    if (this.#isStarted && this.#failures > 0 && !this.#isLooking) {
      this.start();
    }
  }

  /** Looks at once, if the page is visible again or connected again. */
  #soon() {
    this.#report();
    if (this.#isStarted && this.#canLook && !this.#isLooking) {
      clearTimeout(this.#timer);
      void this.#run();
    }
  }

  get #canLook() {
    return document.visibilityState === "visible" && navigator.onLine;
  }

  #next() {
    clearTimeout(this.#timer);
    if (this.#isStarted) {
      const interval = Math.min(INTERVAL * 2 ** this.#failures, LONGEST_INTERVAL);
      this.#timer = window.setTimeout(() => void this.#run(), interval);
    }
  }

  async #run() {
    if (this.#canLook) {
      this.#isLooking = true;
      try {
        await this.#look();
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        this.#error = error;
      }
      this.#isLooking = false;
    }
    this.#report();
    this.#next();
  }

  #report() {
    if (!navigator.onLine) {
      this.#onLiveness("offline");
    } else if (!this.#isStarted || document.visibilityState !== "visible") {
      this.#onLiveness("paused");
    } else {
      const isLimited = this.#error instanceof ApiError && this.#error.status === 429;
      this.#onLiveness(this.#failures === 0 ? "live" : isLimited ? "limited" : "failing");
    }
  }
}
