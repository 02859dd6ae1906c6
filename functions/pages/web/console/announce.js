// What screen readers say by themselves.

import { find } from "./dom.js";

/** @param {string} text */
export function announce(text) {
  const region = find("#announcer", HTMLElement);
  // The same text twice is announced twice.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}
