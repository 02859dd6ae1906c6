// The keyboard: what each key does, and the dialog that says so. Single keys can be turned off, for people who speak to
// their computer or hit keys by accident.

import { open } from "./dialog.js";
import { h } from "./dom.js";

/**
 * @typedef {object} Shortcut
 * @property {string[]} keys as in `KeyboardEvent.key`; `Control+` stands for the command key too
 * @property {string} shown what the keys are called
 * @property {string} does
 * @property {(event: KeyboardEvent) => boolean | void} run `false` leaves the key to the browser
 */

const ITEM = "clients-shortcuts";

/** @param {Shortcut[]} shortcuts */
export function listen(shortcuts) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) {
      return;
    }
    const control = event.ctrlKey || event.metaKey;
    const key = (control ? "Control+" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
    const isSingle = !control && event.key.length === 1;
    if (event.altKey || isTyping(event.target, key) || (isSingle && !areOn())) {
      return;
    }
    const shortcut = shortcuts.find(({ keys }) => keys.includes(key));
    if (shortcut && shortcut.run(event) !== false) {
      event.preventDefault();
    }
  });
}

/** @param {Shortcut[]} shortcuts */
export function showShortcuts(shortcuts) {
  const box = h("input", { type: "checkbox", checked: areOn() });
  box.addEventListener("change", () => sessionStorage.setItem(ITEM, box.checked ? "on" : "off"));
  const keys = (/** @type {string} */ shown) =>
    shown.split(" or ").flatMap((key, index) => [index > 0 && " or ", h("kbd", {}, key)]);
  const dialog = open({
    title: "Keyboard shortcuts",
    content: [
      h(
        "dl",
        { className: "shortcuts" },
        shortcuts.map(({ shown, does }) => h("div", {}, h("dt", {}, keys(shown)), h("dd", {}, does))),
      ),
      h("label", { className: "choice" }, box, " Use single keys as shortcuts"),
    ],
    buttons: [
      h("button", { type: "button", className: "primary", autofocus: true, onclick: () => dialog.close() }, "Close"),
    ],
  });
}

function areOn() {
  return sessionStorage.getItem(ITEM) !== "off";
}

/**
 * Whether the keys belong to the element.
 *
 * @param {EventTarget | null} target
 * @param {string} key
 */
function isTyping(target, key) {
  if (target instanceof HTMLInputElement) {
    const isArrow = key.startsWith("Arrow");
    return target.type !== "checkbox" && (target.type !== "radio" || isArrow);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
