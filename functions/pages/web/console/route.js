// The view that the address bar shows, and its changes: by this page, and by back and forward.

import { searchOf, viewOf } from "./address.js";

/** @typedef {import("./address.js").View} View */

export class Route {
  #onChange;

  /** @param {(view: View, before: View) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
    this.view = viewOf(location.search);
    addEventListener("popstate", () => this.#change(viewOf(location.search)));
  }

  /**
   * Shows another view. It gets an entry in the history, unless it replaces this one.
   *
   * @param {Partial<View>} changes
   * @param {{ replace?: boolean }} [options]
   */
  go(changes, { replace = false } = {}) {
    const view = { ...this.view, ...changes };
    const address = this.address(view);
    if (replace) {
      history.replaceState(history.state, "", address);
    } else if (address !== this.address(this.view)) {
      history.pushState({ isOurs: true }, "", address);
    }
    this.#change(view);
  }

  /** Goes back to where this entry was made, if the page made it; else it is replaced by the view with the changes. */
  leave(/** @type {Partial<View>} */ changes) {
    if (history.state?.isOurs) {
      history.back();
    } else {
      this.go(changes, { replace: true });
    }
  }

  /**
   * Takes back what the browser's buttons have just done.
   *
   * @param {View} view the view before
   */
  stay(view) {
    this.view = view;
    history.pushState({ isOurs: true }, "", this.address(view));
  }

  /** @param {View} view */
  address(view) {
    return location.pathname + searchOf(view);
  }

  /** @param {View} view */
  #change(view) {
    const before = this.view;
    this.view = view;
    this.#onChange(view, before);
  }
}
