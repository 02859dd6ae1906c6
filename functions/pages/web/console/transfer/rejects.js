// The records that were not imported, as a file: the original ones, with the line and the reason before them. If the
// fields of a record cannot be told, its text is in a column of its own, and its fields are empty: imported as it is, it is
// refused again. The file can be corrected and imported: the additions are ignored then.

import { MARK, rowOf } from "./csv.js";

/** @typedef {{ line: number, original: string[], text?: string, error: string, isDelayed?: boolean }} Reject `text` if its
 * fields cannot be told; `isDelayed` if nothing is wrong with it, and the API could not take it now */

/**
 * @param {string[]} headers
 * @param {Reject[]} rejects
 * @returns {string}
 */
export function fileOf(headers, rejects) {
  const rows = rejects.map(({ line, error, text = "", original }) =>
    // A row can have more fields than the header: the text is not after them.
    rowOf([String(line), error, text, ...(original.length > 0 ? original : headers.map(() => ""))]),
  );
  return [MARK, rowOf(["line", "reason", "record", ...headers]), ...rows].join("");
}
