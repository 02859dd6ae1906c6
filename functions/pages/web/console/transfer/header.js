// The header of a table. Reports have a title or a few lines more before it.

import { haveName, recognized } from "./columns.js";
import { CANDIDATES, splitWithin } from "./rows.js";

/** @typedef {import("./rows.js").Rows} Rows */
/** @typedef {import("./rows.js").Row} Row */

/** The most rows before the header. */
const ROWS_BEFORE = 10;
/** The rows after the header by which columns without a name are recognized. */
const ROWS_AFTER = 20;
/** The fewest known columns of a header that is not the first row. */
const KNOWN = 2;

/**
 * A header: its first line, the number of rows before it, and its names, or the reason why they cannot be told.
 *
 * @typedef {{ line: number, before: number, names: string[] } | { line: number, reason: string }} Header
 */

/**
 * Reads the header: the first row with a name and another known column, else the first row; `null` if there is no row.
 *
 * @param {Rows} rows
 * @returns {Header | null}
 */
export function readHeader(rows) {
  const first = rows.next();
  if (!first) {
    return null;
  }
  if (first.fields && haveName(recognized(first.fields))) {
    return header(first, 0);
  }
  const unwrapped = unwrap(rows, first);
  if (unwrapped) {
    return { line: first.line, before: 0, names: unwrapped };
  }
  const others = [];
  while (others.length < ROWS_BEFORE) {
    const row = rows.next();
    if (!row) {
      break;
    }
    if (row.fields && haveName(recognized(row.fields)) && known(row.fields) >= KNOWN) {
      return header(row, others.length + 1);
    }
    others.push(row);
  }
  rows.giveBack(others);
  return header(first, 0);
}

/**
 * A header for a file without one, which numbers the columns of the first row; `null` if there is no row.
 *
 * @param {Rows} rows
 * @returns {Header | null}
 */
export function numbered(rows) {
  const first = rows.next();
  if (!first) {
    return null;
  }
  rows.giveBack([first]);
  const names = first.fields?.map((_, at) => `Column ${at + 1}`);
  return names ? { line: 0, before: 0, names } : header(first, 0);
}

/**
 * The number of columns that all of the first rows have beyond a header of this width. One row alone is at fault itself.
 *
 * @param {Rows} rows
 * @param {number} width
 * @returns {number}
 */
export function unnamedColumns(rows, width) {
  /** @type {Row[]} */
  const first = [];
  while (first.length < ROWS_AFTER) {
    const row = rows.next();
    if (!row) {
      break;
    }
    first.push(row);
  }
  rows.giveBack(first);
  const widths = first
    .map(({ fields }) => (fields ?? []).findLastIndex((field) => field.trim() !== "") + 1)
    .filter((filled) => filled > 0);
  const isCommon = widths.length > 1 && widths.every((other) => other === widths[0]);
  return isCommon ? Math.max(0, widths[0] - width) : 0;
}

/**
 * The number of columns that would be read.
 *
 * @param {string[]} names
 * @returns {number}
 */
export function known(names) {
  return recognized(names).parts.filter((part) => part !== null).length;
}

/**
 * @param {Row} row
 * @param {number} before
 * @returns {Header}
 */
function header({ line, fields, reason }, before) {
  return fields ? { line, before, names: fields } : { line, reason };
}

/**
 * The header in the one field of a row: a spreadsheet has quoted each line of the file as a whole.
 *
 * @param {Rows} rows
 * @param {Row} first
 * @returns {string[] | null}
 */
function unwrap(rows, { fields, text }) {
  if (fields?.length !== 1 || !text.startsWith('"')) {
    return null;
  }
  for (const delimiter of CANDIDATES) {
    const names = splitWithin(fields[0], delimiter);
    if (names && names.length > 1 && haveName(recognized(names))) {
      rows.unwrapFields(delimiter);
      return names;
    }
  }
  return null;
}
