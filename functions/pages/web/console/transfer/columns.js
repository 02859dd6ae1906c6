// The columns of a table, and the parts of a client that they hold.

import { Draft } from "./draft.js";
import { partOf } from "./headers.js";

/** @typedef {import("./headers.js").Part} Part */

/** The longest header that a message repeats, in characters. */
const SHOWN_CHARS = 40;
/** A header with more digits is taken for a phone number: the file has no header, and a message must not show its first
 * record. */
const SHOWN_DIGITS = 4;
const NAMES = ["name", "bareName", "given", "family", "familyFirst", "company"];

/**
 * The columns of a table: their headers, and for each its part, if it is read.
 *
 * @typedef {{ headers: string[], parts: (Part | null)[] }} Columns
 */

/**
 * @param {string[]} headers
 * @returns {Columns}
 */
export function recognized(headers) {
  return { headers, parts: headers.map(partOf) };
}

/**
 * Whether a column has names: without one there are no clients.
 *
 * @param {Columns} columns
 * @returns {boolean}
 */
export function haveName({ parts }) {
  return parts.some((part) => typeof part === "string" && NAMES.includes(part));
}

/**
 * For each column, whether its fields have one line.
 *
 * @param {Columns} columns
 * @returns {boolean[]}
 */
export function oneLine({ parts }) {
  return parts.map((part) => part !== null && part !== "notes");
}

/**
 * The texts of a row, or the reason why it has none.
 *
 * @param {Columns} columns
 * @param {string[]} fields
 * @returns {Draft | { error: string }}
 */
export function draftOf({ headers, parts }, fields) {
  if (fields.slice(headers.length).some((field) => field.trim() !== "")) {
    const widths = `it has ${fields.length} fields, and the header has ${headers.length}`;
    return { error: `${widths}: a field may lack its quotation marks` };
  }
  const draft = new Draft();
  for (const [at, part] of parts.entries()) {
    if (part !== null && fields[at] !== undefined) {
      draft.add(part, fields[at]);
    }
  }
  return draft;
}

/**
 * The name of a column for people. A file may lack its header, so a header is not shown if it looks like a client's.
 *
 * @param {Columns} columns
 * @param {number} at
 * @returns {string}
 */
export function shown({ headers }, at) {
  const header = headers[at].trim().replace(/\s+/g, " ");
  const digits = header.replace(/[^0-9]/g, "").length;
  const canBeShown =
    header !== "" && header.length <= SHOWN_CHARS && digits <= SHOWN_DIGITS && !/[@\p{Cc}]|\bba_/u.test(header);
  return canBeShown ? header : `Column ${at + 1}`;
}
