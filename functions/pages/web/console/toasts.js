// Messages at the edge of the page, and what can be undone: by the button of a message, or by the keyboard even after
// the message has gone.

import { h } from "./dom.js";

/** @typedef {import("./context.js").Toast} Toast */

/** How long a message stays, unless somebody is reading it. */
const MILLISECONDS = 10_000;
/** The messages that are shown at the same time. */
const SHOWN = 4;

export class Toasts {
  /** What can be undone, the latest last. @type {{ undo: () => Promise<void>, remove: () => void }[]} */
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
    const entry = undo && { undo, remove };
    const element = h(
      "div",
      { className: `toast ${kind}` },
      h("p", {}, text),
      action && button(action.label, action.run),
      entry && button("Undo", () => this.#undo(entry)),
      h("button", { type: "button", className: "close", "aria-label": "Close this message", onclick: remove }, "×"),
    );
    if (entry) {
      this.#undoable.push(entry);
    }
    if (kind === "info") {
      const start = () => {
        clearTimeout(timer);
        timer = window.setTimeout(remove, MILLISECONDS);
      };
      const stop = () => clearTimeout(timer);
      for (const [event, listener] of /** @type {const} */ ([
        ["pointerenter", stop],
        ["pointerleave", start],
        ["focusin", stop],
        ["focusout", start],
      ])) {
        element.addEventListener(event, listener);
      }
      start();
    }
    this.#region.append(element);
    while (this.#region.children.length > SHOWN) {
      this.#region.firstElementChild?.remove();
    }
  }

  /** Undoes the latest change that can be. */
  undo() {
    const latest = this.#undoable.at(-1);
    if (latest) {
      latest.remove();
      this.#undo(latest);
    } else {
      this.show({ text: "There is nothing to undo." });
    }
  }

  /** @param {{ undo: () => Promise<void> }} entry */
  #undo(entry) {
    this.#undoable = this.#undoable.filter((other) => other !== entry);
    void entry.undo();
  }
}
