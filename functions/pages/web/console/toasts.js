// Messages at the edge of the page, and what can be undone: by the button of a message, or by the keyboard even after
// the message has gone.

import { h } from "./dom.js";

/** @typedef {import("./context.js").Toast} Toast */
/**
 * @typedef {object} Undoable
 * @property {() => Promise<boolean>} undo
 * @property {boolean} isUnderWay
 * @property {() => void} place shows its message
 * @property {() => void} remove removes its message
 */

/** How long a message stays, unless somebody is reading it. */
const MILLISECONDS = 10_000;
/** The messages that are shown at the same time. */
const SHOWN = 4;

export class Toasts {
  /** What can be undone, the latest last. @type {Undoable[]} */
  #undoable = [];
  #region;

  /** @param {HTMLElement} region */
  constructor(region) {
    this.#region = region;
  }

  /** @param {Toast} toast */
  show({ text, kind = "info", action, undo }) {
    let timer = 0;
    const remove = () => {
      clearTimeout(timer);
      if (element.contains(document.activeElement)) {
        find()?.focus();
      }
      element.remove();
    };
    const find = () => document.querySelector(/** @type {"a"} */ ("#clients tbody a[tabindex='0']"));
    const button = (/** @type {string} */ label, /** @type {() => void} */ run) =>
      h("button", { type: "button", onclick: () => (remove(), run()) }, label);
    const entry = undo && { undo, isUnderWay: false, place: () => place(), remove };
    const element = h(
      "div",
      { className: `toast ${kind}` },
      h("p", {}, text),
      action && button(action.label, action.run),
      entry && button("Undo", () => void this.#undo(entry)),
      h("button", { type: "button", className: "close", "aria-label": "Close this message", onclick: remove }, "×"),
    );
    if (entry) {
      this.#undoable.push(entry);
    }
    const start = () => {
      clearTimeout(timer);
      timer = window.setTimeout(remove, MILLISECONDS);
    };
    if (kind === "info") {
      const stop = () => clearTimeout(timer);
      for (const [event, listener] of /** @type {const} */ ([
        ["pointerenter", stop],
        ["pointerleave", start],
        ["focusin", stop],
        ["focusout", start],
      ])) {
        element.addEventListener(event, listener);
      }
    }
    const place = () => {
      this.#region.append(element);
      if (kind === "info") {
        start();
      }
      this.#makeRoom();
      this.#region.scrollTop = this.#region.scrollHeight;
    };
    place();
  }

  /** Removes the oldest messages but the new one. Errors stay until somebody closes them. */
  #makeRoom() {
    const infos = [...this.#region.children].slice(0, -1).filter((child) => !child.classList.contains("error"));
    infos.slice(0, Math.max(0, this.#region.children.length - SHOWN)).forEach((child) => child.remove());
  }

  /** Undoes the latest change that can be. */
  undo() {
    const latest = this.#undoable.findLast(({ isUnderWay }) => !isUnderWay);
    if (latest) {
      latest.remove();
      void this.#undo(latest);
    } else {
      this.show({ text: "There is nothing to undo." });
    }
  }

  /**
   * Undoes a change. If that fails, it can be undone later, and its message is shown again.
   *
   * @param {Undoable} entry
   */
  async #undo(entry) {
    if (entry.isUnderWay) {
      return;
    }
    entry.isUnderWay = true;
    const isDone = await entry.undo();
    entry.isUnderWay = false;
    if (isDone) {
      this.#undoable = this.#undoable.filter((other) => other !== entry);
    } else {
      entry.place();
    }
  }
}
