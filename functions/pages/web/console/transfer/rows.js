// The records of a CSV file. Where a record ends is decided here, so that a bad quotation mark costs one record: if the
// record that it opens turns out not to be one, its first line alone is refused, and reading goes on with the second.

import { Lines, withoutBreak } from "./lines.js";

/** The delimiters that are tried, the most common first. */
export const CANDIDATES = [",", ";", "\t", "|", "^", ":"];
/** The delimiter of a file that has one column. */
export const NO_DELIMITER = "\x1f";
/** The most lines of one record: notes can have 5,000 line breaks. A quotation mark that is closed later than this was not
 * meant to open a field. */
const RECORD_LINES = 5001;
/** The most characters of a record of several lines. */
const RECORD_CHARS = 256 * 1024;
/** The most numbers of fields that are remembered as usual in the file. */
const WIDTHS = 16;

const TOO_LONG = "the line is longer than 1 MB";
const BAD_QUOTE = "a quotation mark opens a field and is not closed properly";
const AFTER_BAD_QUOTE =
  "the line follows a bad quotation mark and has another number of fields: it may belong to that record";

/**
 * A record: its first line, its text without the last line break, and its fields, or the reason why they cannot be told.
 *
 * @typedef {{ line: number, text: string, fields: string[], reason?: undefined }
 *   | { line: number, text: string, fields?: undefined, reason: string }} Row
 */

/** @typedef {import("./lines.js").Line} Line */

/** Reads rows. */
export class Rows {
  #lines;
  #delimiter;
  /** Splits fields that are whole records: a spreadsheet that splits at semicolons quotes each line of a file with commas.
   * @type {string | null} */
  #inner = null;
  /** For each column of the header, whether its fields have one line. Empty before the header. @type {boolean[]} */
  #oneLine = [];
  /** @type {Set<number>} */
  #widths = new Set();
  /** Rows that are read again, the next one last. @type {Row[]} */
  #returned = [];
  /** Whether the line before had a bad quotation mark, so that this one may be the rest of its record. */
  #isRecovering = false;

  /**
   * @param {Lines} lines
   * @param {string} delimiter
   */
  constructor(lines, delimiter) {
    this.#lines = lines;
    this.#delimiter = delimiter;
  }

  /**
   * Tells that each field is a whole record with this delimiter.
   *
   * @param {string} delimiter
   */
  unwrapFields(delimiter) {
    this.#inner = delimiter;
  }

  /**
   * Tells the columns of the header: for each, whether its fields have one line.
   *
   * @param {boolean[]} oneLine
   */
  expect(oneLine) {
    this.#widths.add(oneLine.length);
    this.#oneLine = oneLine;
  }

  /**
   * Gives rows back, to be read again.
   *
   * @param {Row[]} rows
   */
  giveBack(rows) {
    this.#returned.push(...rows.toReversed());
  }

  /**
   * The next row that is not blank; `null` at the end.
   *
   * @returns {Row | null}
   */
  next() {
    const returned = this.#returned.pop();
    if (returned) {
      return returned;
    }
    const first = this.#firstLine();
    if (!first) {
      return null;
    }
    if (first.isCut) {
      return refused(first, TOO_LONG);
    }
    const scan = new Scan(this.#delimiter);
    let end = scan.read(first.text);
    let text = first.text;
    /** @type {Line[]} */
    const others = [];
    while (end === "open" && others.length < RECORD_LINES && text.length < RECORD_CHARS) {
      const line = this.#lines.next();
      if (!line) {
        break;
      }
      others.push(line);
      if (line.isCut) {
        break;
      }
      text += line.text;
      end = scan.read(line.text);
    }
    const row = end === "complete" ? this.#row(first.number, withoutBreak(text)) : null;
    if (row && !this.#swallows(row, first, others)) {
      return this.#judged(row);
    }
    this.#lines.giveBack(others);
    this.#isRecovering = true;
    return refused(first, BAD_QUOTE);
  }

  /** @returns {Line | null} */
  #firstLine() {
    for (;;) {
      const line = this.#lines.next();
      // A row of empty fields between tabs looks blank and is none.
      const isBlank = line && (this.#delimiter === "\t" ? withoutBreak(line.text) : line.text.trim()) === "";
      if (!isBlank) {
        return line;
      }
    }
  }

  /**
   * @param {number} line
   * @param {string} text
   * @returns {Row}
   */
  #row(line, text) {
    const fields = split(text, this.#delimiter);
    if (this.#inner === null || fields.length !== 1) {
      return { line, text, fields };
    }
    const within = splitWithin(fields[0], this.#inner);
    return within ? { line, text, fields: within } : { line, text, reason: BAD_QUOTE };
  }

  /**
   * A row that is complete in itself.
   *
   * @param {Row} row
   * @returns {Row}
   */
  #judged(row) {
    const width = row.fields?.length ?? 0;
    if (this.#isRecovering && this.#oneLine.length > 0 && !this.#widths.has(width)) {
      return { line: row.line, text: row.text, reason: AFTER_BAD_QUOTE };
    }
    this.#isRecovering = false;
    if (this.#widths.size < WIDTHS) {
      this.#widths.add(width);
    }
    return row;
  }

  /**
   * Whether a record of several lines is really several records, joined by a bad quotation mark: it does not fit the
   * header, and one of its later lines does. If only a line break is in the way, its first line must look like a record
   * too: else it is a break within a name.
   *
   * @param {Row} row
   * @param {Line} first
   * @param {Line[]} others
   */
  #swallows({ fields }, first, others) {
    const width = this.#oneLine.length;
    if (!fields || others.length === 0 || width < 2 || this.#inner !== null) {
      return false;
    }
    const spans = fields.some((field, at) => this.#oneLine[at] && /[\n\r]/.test(field));
    if (this.#widths.has(fields.length) && (!spans || first.text.split(this.#delimiter).length !== width)) {
      return false;
    }
    return others.some(({ text }) => {
      const scan = new Scan(this.#delimiter);
      const isRecord = scan.read(text) === "complete" && scan.fields === width;
      return isRecord || text.split(this.#delimiter).length === width;
    });
  }
}

/**
 * The fields of a record that is within a field; `null` if its quotation marks are wrong.
 *
 * @param {string} field
 * @param {string} delimiter
 * @returns {string[] | null}
 */
export function splitWithin(field, delimiter) {
  const scan = new Scan(delimiter);
  let end = "open";
  for (const line of field.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    end = scan.read(line);
  }
  return end === "complete" ? split(field, delimiter) : null;
}

/**
 * The fields of a complete record. Spaces between a delimiter and a quotation mark are no part of the field.
 *
 * @param {string} text
 * @param {string} delimiter
 * @returns {string[]}
 */
function split(text, delimiter) {
  const fields = [];
  let at = 0;
  for (;;) {
    let quote = at;
    while (text[quote] === " " && delimiter !== " ") {
      quote += 1;
    }
    let field = "";
    if (text[quote] === '"') {
      at = quote + 1;
      for (;;) {
        const close = text.indexOf('"', at);
        const end = close < 0 ? text.length : close;
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') {
          break;
        }
        field += '"';
        at += 1;
      }
    }
    const found = text.indexOf(delimiter, at);
    const end = found < 0 ? text.length : found;
    fields.push(field + text.slice(at, end));
    if (found < 0) {
      return fields;
    }
    at = found + 1;
  }
}

/**
 * @param {Line} line
 * @param {string} reason
 * @returns {Row}
 */
function refused({ number, text }, reason) {
  return { line: number, text: withoutBreak(text), reason };
}

const [START, SPACES, PLAIN, QUOTED, CLOSED] = [0, 1, 2, 3, 4];
const QUOTE = 34;
const SPACE = 32;
const TAB = 9;

/** Finds the end of a record. */
class Scan {
  /** The number of fields so far. */
  fields = 1;
  #delimiter;
  #within = START;

  /** @param {string} delimiter */
  constructor(delimiter) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /**
   * Reads a line. The record is open if it goes on within quotation marks, and malformed if something other than a
   * delimiter follows a closing one.
   *
   * @param {string} line
   * @returns {"complete" | "open" | "malformed"}
   */
  read(line) {
    const length = withoutBreak(line).length;
    for (let at = 0; at < length; at += 1) {
      const letter = line.charCodeAt(at);
      if (this.#within === QUOTED) {
        this.#within = letter === QUOTE ? CLOSED : QUOTED;
      } else if (letter === QUOTE && this.#within !== PLAIN) {
        this.#within = QUOTED;
      } else if (letter === this.#delimiter) {
        this.fields += 1;
        this.#within = START;
      } else if (this.#within === CLOSED) {
        if (letter !== SPACE && letter !== TAB) {
          return "malformed";
        }
      } else {
        this.#within = letter === SPACE && this.#within !== PLAIN ? SPACES : PLAIN;
      }
    }
    return this.#within === QUOTED ? "open" : "complete";
  }
}
