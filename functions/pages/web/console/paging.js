// The pages: which clients are shown, of how many, and the way to the others.

import { SIZES } from "./address.js";
import { fill, find, h } from "./dom.js";
import { count, many } from "./format.js";

/** @typedef {import("./address.js").View} View */

export class Paging {
  #nav = find("#paging", HTMLElement);
  #range = find("#range", HTMLElement);
  #page = find("#page", HTMLInputElement);
  #pages = find("#pages", HTMLElement);
  #size = find("#size", HTMLSelectElement);
  #last = 1;
  #route;

  /**
   * @param {import("./route.js").Route} route
   * @param {(view: View) => void} onProbable told of a page that will probably be asked for
   */
  constructor(route, onProbable) {
    this.#route = route;
    fill(
      this.#size,
      SIZES.map((size) => h("option", { value: String(size) }, size)),
    );
    this.#size.addEventListener("change", () => {
      const size = Number(this.#size.value);
      const first = (route.view.page - 1) * route.view.size;
      route.go({ size, page: Math.floor(first / size) + 1 });
    });
    this.#page.addEventListener("change", () => {
      const page = Number(this.#page.value.replace(/[\s,.]/g, ""));
      if (Number.isInteger(page) && page >= 1) {
        this.#go(Math.min(page, this.#last));
      }
      this.#page.value = String(route.view.page);
    });
    this.#page.addEventListener("focus", () => this.#page.select());
    this.#nav.addEventListener("click", ({ target }) => {
      const to = target instanceof HTMLButtonElement ? target.dataset.page : undefined;
      const { page } = route.view;
      if (to) {
        this.#go({ first: 1, previous: page - 1, next: page + 1, last: this.#last }[to] ?? page);
      }
    });
    for (const [name, step] of /** @type {const} */ ([
      ["previous", -1],
      ["next", 1],
    ])) {
      const button = this.#button(name);
      const read = () => {
        const page = route.view.page + step;
        if (!button.disabled && page >= 1 && page <= this.#last) {
          onProbable({ ...route.view, page });
        }
      };
      button.addEventListener("pointerenter", read);
      button.addEventListener("focus", read);
    }
  }

  /**
   * @param {View} view
   * @param {number} shown
   * @param {number} total
   */
  show(view, shown, total) {
    this.#last = Math.max(1, Math.ceil(total / view.size));
    this.#nav.hidden = total === 0;
    const first = (view.page - 1) * view.size + 1;
    this.#range.textContent =
      shown === 0 ? many(total) : `${count(first)}–${count(first + shown - 1)} of ${count(total)}`;
    this.#pages.textContent = `of ${count(this.#last)}`;
    if (document.activeElement !== this.#page) {
      this.#page.value = String(view.page);
    }
    this.#page.style.width = `${String(this.#last).length + 3}ch`;
    this.#size.value = String(view.size);
    for (const [name, isOff] of /** @type {const} */ ([
      ["first", view.page <= 1],
      ["previous", view.page <= 1],
      ["next", view.page >= this.#last],
      ["last", view.page >= this.#last],
    ])) {
      // Not `disabled`, which would lose the focus of whoever gets to the end.
      this.#button(name).setAttribute("aria-disabled", String(isOff));
    }
  }

  /** @param {number} steps */
  turn(steps) {
    this.#go(this.#route.view.page + steps);
  }

  /** @param {number} page */
  #go(page) {
    if (page >= 1 && page <= this.#last && page !== this.#route.view.page) {
      this.#route.go({ page });
    }
  }

  /** @param {string} name */
  #button(name) {
    return find(`[data-page=${name}]`, HTMLButtonElement, this.#nav);
  }
}
