// Modal dialogs. The browser keeps the focus inside; afterwards it returns to where it was.

import { h } from "./dom.js";

/**
 * Asks before something that is worth asking.
 *
 * @param {{ title: string, text: string, yes: string, no?: string, isDangerous?: boolean }} question
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, yes, no = "Cancel", isDangerous = false }) {
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ isYes) => {
      dialog.close();
      resolve(isYes);
    };
    const dialog = open({
      title,
      role: "alertdialog",
      content: [h("p", {}, text)],
      buttons: [
        h("button", { type: "button", autofocus: true, onclick: () => answer(false) }, no),
        h(
          "button",
          { type: "button", className: isDangerous ? "dangerous" : "primary", onclick: () => answer(true) },
          yes,
        ),
      ],
      onCancel: () => answer(false),
    });
    // At a second Escape, a browser closes a dialog without asking.
    dialog.addEventListener("close", () => resolve(false));
  });
}

let number = 0;

/**
 * Shows a dialog until it is closed.
 *
 * @param {object} parts
 * @param {string} parts.title
 * @param {import("./dom.js").Child[]} parts.content
 * @param {HTMLButtonElement[]} parts.buttons
 * @param {string} [parts.role]
 * @param {() => void} [parts.onCancel] what Escape does instead of closing it
 * @returns {HTMLDialogElement}
 */
export function open({ title, content, buttons, role, onCancel }) {
  number += 1;
  const id = `dialog-${number}`;
  const before = document.activeElement;
  const dialog = h(
    "dialog",
    { className: "box", role, "aria-labelledby": id },
    h("h2", { id }, title),
    h("div", { className: "content" }, ...content),
    h("div", { className: "buttons" }, ...buttons),
  );
  dialog.addEventListener("cancel", (event) => {
    if (onCancel && event.cancelable) {
      event.preventDefault();
      onCancel();
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) {
      before.focus();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
