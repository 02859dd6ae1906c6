// The tools above the table: search as you type, the status filter and the order; and the headers, which sort.

import { asQuery, DEFAULT_VIEW } from "./address.js";
import { find } from "./dom.js";

/** @typedef {import("./address.js").View} View */

/** The milliseconds without a keystroke after which a search begins. */
const PAUSE = 120;
/** The milliseconds after which more typing is another entry of the history. */
const SAME_SEARCH = 3_000;

export class Tools {
  #query = find("#query", HTMLInputElement);
  #sorting = find("#sorting", HTMLSelectElement);
  #form = find("#tools", HTMLFormElement);
  #headers = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-sort]"));
  #timer = 0;
  #searchedAt = 0;
  #route;

  /** @param {import("./route.js").Route} route */
  constructor(route) {
    this.#route = route;
    this.#query.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#search(), PAUSE);
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    this.#form.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement && target.name === "status") {
        const status = target.value === "active" || target.value === "inactive" ? target.value : null;
        route.go({ status, page: 1 });
      }
    });
    this.#sorting.addEventListener("change", () => {
      const [sort, order] = this.#sorting.value.split(" ");
      route.go({ sort: /** @type {View["sort"]} */ (sort), order: order === "asc" ? "asc" : "desc", page: 1 });
    });
    for (const button of this.#headers) {
      button.addEventListener("click", () => {
        const sort = /** @type {View["sort"]} */ (button.dataset.sort);
        const { view } = route;
        const first = sort === DEFAULT_VIEW.sort ? DEFAULT_VIEW.order : "asc";
        const order = view.sort !== sort ? first : view.order === "asc" ? "desc" : "asc";
        route.go({ sort, order, page: 1 });
      });
    }
  }

  /** @param {View} view */
  show(view) {
    if (asQuery(this.#query.value) !== view.query) {
      // Typing is ahead of the view only while it has the focus; then the view follows.
      clearTimeout(this.#timer);
      this.#query.value = view.query;
    }
    find(`input[name=status][value="${view.status ?? ""}"]`, HTMLInputElement, this.#form).checked = true;
    this.#sorting.value = `${view.sort} ${view.order}`;
    for (const button of this.#headers) {
      const isSorted = button.dataset.sort === view.sort;
      const order = view.order === "asc" ? "ascending" : "descending";
      button.closest("th")?.setAttribute("aria-sort", isSorted ? order : "none");
    }
  }

  focusSearch() {
    this.#query.focus();
    this.#query.select();
  }

  /**
   * What Escape does in the search.
   *
   * @returns {boolean} whether there was something to clear
   */
  clearSearch() {
    const hadText = this.#query.value !== "";
    this.#query.value = "";
    this.#search();
    return hadText;
  }

  #search() {
    clearTimeout(this.#timer);
    const query = asQuery(this.#query.value);
    if (query !== this.#route.view.query) {
      const now = Date.now();
      this.#route.go({ query, page: 1 }, { replace: now - this.#searchedAt < SAME_SEARCH });
      this.#searchedAt = now;
    }
  }
}
