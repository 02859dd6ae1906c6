// What two people have made of one client: which fields each of them changed, and where they differ.

import { FIELDS } from "./fields.js";

/** @typedef {import("./fields.js").Values} Values */
/** @typedef {import("./fields.js").Field} Field */

/**
 * A field that at least one of them changed. `both` means to different values: somebody must choose.
 *
 * @typedef {object} Difference
 * @property {Field} field
 * @property {"mine" | "theirs" | "same" | "both"} changedBy
 * @property {string} base
 * @property {string} theirs
 * @property {string} mine
 */

/** @typedef {Partial<Record<Field, "mine" | "theirs">>} Choices */

/**
 * @param {Values} base what both began with
 * @param {Values} theirs
 * @param {Values} mine
 * @returns {Difference[]}
 */
export function differences(base, theirs, mine) {
  /** @type {Difference[]} */
  const found = [];
  for (const field of FIELDS) {
    const values = { field, base: base[field], theirs: theirs[field], mine: mine[field] };
    if (values.mine === values.theirs) {
      if (values.mine !== values.base) {
        found.push({ ...values, changedBy: "same" });
      }
    } else if (values.mine === values.base) {
      found.push({ ...values, changedBy: "theirs" });
    } else {
      found.push({ ...values, changedBy: values.theirs === values.base ? "mine" : "both" });
    }
  }
  return found;
}

/**
 * The values that come of the choices; what nobody chose stays theirs, except for what only I changed.
 *
 * @param {Values} theirs
 * @param {Difference[]} differences
 * @param {Choices} choices
 * @returns {Values}
 */
export function merged(theirs, differences, choices) {
  const mine = differences.filter(({ field, changedBy }) => (choices[field] ?? changedBy) === "mine");
  return { ...theirs, ...Object.fromEntries(mine.map(({ field, mine }) => [field, mine])) };
}
