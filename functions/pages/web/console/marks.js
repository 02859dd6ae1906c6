// Which parts of a name and of a phone number a query has found.

import { bare, fold, withPlus, words } from "./fold.js";

/** @typedef {import("./fold.js").Form} Form */
/** @typedef {{ text: string, isHit: boolean }} Part */

/**
 * A query, prepared for many texts.
 *
 * @typedef {object} Marker
 * @property {(name: string) => Part[]} name the parts of a name
 * @property {(phone: string) => Part[]} phone the parts of a phone number
 */

/**
 * @param {string} query
 * @returns {Marker}
 */
export function marker(query) {
  const inNames = words(fold(query).text);
  const inPhones = inNames.flatMap(readings);
  const whole = bare(query);
  if (/^\+?[0-9]+$/.test(whole.text)) {
    inPhones.push(...readings(query));
  }
  // A word of separators alone is found as it is.
  const separators = inNames.filter((word) => bare(word).text === "");
  return {
    name: (name) => split(name, inNames.length > 0 ? hits(fold(name), inNames) : []),
    phone: (phone) => {
      if (inNames.length === 0) {
        return split(phone, []);
      }
      const form = bare(phone);
      const plus = withPlus(form);
      const found = [...hits(form, inPhones), ...(plus ? hits(plus, inPhones) : [])];
      return split(phone, [...found, ...(separators.length > 0 ? hits(fold(phone), separators) : [])]);
    },
  };
}

/**
 * What a word may look like in a bare phone number.
 *
 * @param {string} word
 * @returns {string[]}
 */
function readings(word) {
  const form = bare(word);
  const plus = withPlus(form);
  return [form.text, ...(plus ? [plus.text] : [])].filter((text) => text !== "");
}

/**
 * The ranges of the original text in which one of the patterns is found.
 *
 * @param {Form} form
 * @param {string[]} patterns
 * @returns {[number, number][]}
 */
function hits({ text, ranges }, patterns) {
  /** @type {[number, number][]} */
  const found = [];
  for (const pattern of patterns) {
    for (let at = text.indexOf(pattern); at !== -1; at = text.indexOf(pattern, at + 1)) {
      const first = ranges[at];
      const last = ranges[at + pattern.length - 1];
      if (first && last) {
        found.push([first[0], last[1]]);
      }
    }
  }
  return found;
}

/**
 * Cuts a text at the borders of its hits, which may overlap.
 *
 * @param {string} text
 * @param {[number, number][]} found
 * @returns {Part[]}
 */
function split(text, found) {
  /** @type {Part[]} */
  const parts = [];
  let at = 0;
  const add = (/** @type {number} */ end, /** @type {boolean} */ isHit) => {
    if (end > at) {
      const last = parts.at(-1);
      if (last?.isHit === isHit) {
        last.text += text.slice(at, end);
      } else {
        parts.push({ text: text.slice(at, end), isHit });
      }
      at = end;
    }
  };
  for (const [start, end] of found.toSorted(([a], [b]) => a - b)) {
    add(start, false);
    add(end, true);
  }
  add(text.length, false);
  return parts;
}
