// What the page shows of the list: rows, a face in their place, or a banner above them.

import { announce } from "./announce.js";
import { fill, find, h } from "./dom.js";
import { face, failureFace, saying } from "./faces.js";
import { count, many } from "./format.js";

/** @typedef {import("./listing.js").State} State */

/**
 * @typedef {object} Actions
 * @property {() => void} retry
 * @property {() => void} clear shows all clients
 * @property {() => void} create
 * @property {() => void} importClients
 */

export class Screen {
  #sheet = find("#sheet", HTMLElement);
  #table = find("#clients", HTMLTableElement);
  #face = find("#face", HTMLElement);
  #banner = find("#banner", HTMLElement);
  #total = find("#total", HTMLElement);
  #announced = "";
  #rows;
  #paging;
  #actions;

  /**
   * @param {import("./table.js").Table} rows
   * @param {import("./paging.js").Paging} paging
   * @param {Actions} actions
   */
  constructor(rows, paging, actions) {
    this.#rows = rows;
    this.#paging = paging;
    this.#actions = actions;
  }

  /**
   * @param {State} state
   * @param {ReadonlyMap<string, unknown>} selected
   */
  show(state, selected) {
    const { page, shown, view, isLoading, changed } = state;
    const error = state.failure ?? state.wait?.error ?? null;
    this.#sheet.setAttribute("aria-busy", String(isLoading));
    this.#sheet.classList.toggle("behind", page !== null && (error !== null || view !== shown) && isLoading);
    if (page === null) {
      this.#banner.hidden = true;
      if (error) {
        this.#showFace(this.#failure(state));
      } else {
        this.#showFace(null);
        this.#rows.showSkeleton();
      }
    } else {
      this.#total.textContent = count(page.total);
      this.#banner.hidden = error === null;
      fill(this.#banner, error && this.#failure(state));
      this.#rows.show(page.clients, shown.query, selected, changed);
      this.#showFace(page.total === 0 && !isLoading && error === null ? this.#nothing(state) : null);
      this.#paging.show(view, page.clients.length, page.total);
    }
    this.#announce(state);
  }

  /** @param {HTMLElement | null} content */
  #showFace(content) {
    const hadFocus = this.#face.contains(document.activeElement);
    this.#table.hidden = content !== null;
    this.#face.hidden = content === null;
    fill(this.#face, content);
    if (hadFocus) {
      (this.#face.querySelector("button") ?? find("#query", HTMLInputElement)).focus();
    }
  }

  /** @param {State} state */
  #failure({ failure, wait }) {
    const error = failure ?? wait?.error;
    if (!error) {
      return null;
    }
    const again = h("button", { type: "button", onclick: this.#actions.retry }, "Try again");
    const reset = h("button", { type: "button", onclick: this.#actions.clear }, "Show all clients");
    const actions = wait || error.status === 401 || error.code === "organization_too_large" ? [] : [again];
    return failureFace(error, { wait, actions: error.status === 400 ? [reset] : actions });
  }

  /** @param {State} state */
  #nothing({ shown }) {
    const { clear, create, importClients } = this.#actions;
    if (shown.query.trim() !== "" || shown.status !== null) {
      const what = [shown.query.trim() && `“${shown.query.trim()}”`, shown.status && `the status ${shown.status}`];
      return face(
        "No client matches",
        [h("p", {}, "Nothing was found for ", h("bdi", {}, what.filter(Boolean).join(" and ")), ".")],
        [h("button", { type: "button", className: "primary", onclick: clear }, "Show all clients")],
      );
    }
    return face(
      "There are no clients yet",
      [h("p", {}, "Create the first one, or import those that you have from a CSV file.")],
      [
        h("button", { type: "button", className: "primary", onclick: create }, "New client"),
        h("button", { type: "button", onclick: importClients }, "Import"),
      ],
    );
  }

  /** @param {State} state */
  #announce({ page, shown, isLoading, failure, wait, changed }) {
    const error = failure ?? wait?.error;
    let text = this.#announced;
    if (error) {
      const { title, text: more } = saying(error);
      text = `${title}. ${more}`;
    } else if (page && !isLoading) {
      const { query, status, sort, order } = shown;
      text = `${many(page.total)}${query ? ` for ${query}` : ""}${status ? `, ${status}` : ""}, page ${shown.page}, sorted by ${sort === "createdAt" ? "creation" : sort}, ${order === "asc" ? "ascending" : "descending"}`;
      if (changed.size > 0 && text === this.#announced) {
        announce(`${many(changed.size)} changed`);
      }
    }
    if (text !== this.#announced) {
      this.#announced = text;
      announce(text);
    }
  }
}
