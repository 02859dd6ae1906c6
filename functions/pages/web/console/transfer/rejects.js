// The records that were not imported, as a file: the original ones, with the line and the reason before them. It can be
// corrected and imported: both additions are ignored then.

import { MARK, rowOf } from "./csv.js";

/** @typedef {{ line: number, original: string[], error: string }} Reject */

/**
 * @param {string[]} headers
 * @param {Reject[]} rejects
 * @returns {string}
 */
export function fileOf(headers, rejects) {
  const rows = rejects.map(({ line, error, original }) => rowOf([String(line), error, ...original]));
  return [MARK, rowOf(["line", "reason", ...headers]), ...rows].join("");
}
