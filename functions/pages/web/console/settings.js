// What the server tells the page, in a data block.

import { find } from "./dom.js";

/**
 * @typedef {object} Settings
 * @property {string} api the path of the API
 * @property {string | null} localKey the key of `cargo run`, if that serves the page
 * @property {string} version
 */

/** @type {Settings} */
export const SETTINGS = JSON.parse(find("#settings", HTMLScriptElement).text);
