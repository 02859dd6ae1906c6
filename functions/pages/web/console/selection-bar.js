// What can be done with the selected clients.

import { find } from "./dom.js";
import { count } from "./format.js";

/**
 * @typedef {object} Actions
 * @property {() => void} selectPage
 * @property {() => void} selectAll
 * @property {() => void} clear
 * @property {(what: "active" | "inactive" | "delete") => void} run
 */

export class SelectionBar {
  #bar = find("#selection", HTMLElement);
  #selected = find("#selected", HTMLElement);
  #all = find("#select-all", HTMLButtonElement);
  #page = find("#select-page", HTMLInputElement);

  /** @param {Actions} actions */
  constructor(actions) {
    this.#page.addEventListener("change", () => (this.#page.checked ? actions.selectPage() : actions.clear()));
    this.#all.addEventListener("click", actions.selectAll);
    find("#clear-selection", HTMLButtonElement).addEventListener("click", actions.clear);
    for (const what of /** @type {const} */ (["active", "inactive", "delete"])) {
      find(`[data-bulk=${what}]`, HTMLButtonElement).addEventListener("click", () => actions.run(what));
    }
  }

  /**
   * @param {ReadonlyMap<string, unknown>} selected
   * @param {readonly string[]} shown
   * @param {number} total
   */
  show(selected, shown, total) {
    const onPage = shown.filter((id) => selected.has(id)).length;
    this.#page.checked = onPage > 0 && onPage === shown.length;
    this.#page.indeterminate = onPage > 0 && onPage < shown.length;
    this.#page.disabled = shown.length === 0;
    this.#bar.hidden = selected.size === 0;
    this.#selected.textContent = `${count(selected.size)} selected`;
    this.#all.textContent = `Select all ${count(total)} that match`;
    this.#all.hidden = selected.size >= total || !this.#page.checked;
  }
}
