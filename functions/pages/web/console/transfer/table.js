// The table in a CSV file: how it is read, its columns, and its records one by one.

import { draftOf, haveName, oneLine, recognized, shown } from "./columns.js";
import { announced, guess } from "./delimiter.js";
import { refusalOfBytes, refusalOfText } from "./detect.js";
import { decode, encodingOf } from "./encoding.js";
import { numbered, readHeader, unnamedColumns } from "./header.js";
import { Lines, withoutBreak } from "./lines.js";
import { Rows } from "./rows.js";
import { clientOf, sheetOf } from "./sheet.js";

/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {import("./draft.js").Texts} Texts */
/** @typedef {import("./headers.js").Part} Part */

/**
 * How a file is read: what is not given is recognized.
 *
 * @typedef {{ encoding?: string, delimiter?: string, isHeaderless?: boolean, parts?: (Part | null)[] }} Options
 */

/**
 * A record: its first line, its original fields (or its text, if they cannot be told), and the client, or the reason why
 * there is none. `sourceId` is the
 * record's identifier in the program that it comes from, and `id` the client's own, if it was exported from here.
 *
 * @typedef {{ line: number, original: string[] }
 *   & ({ client: Texts, sourceId: string, id: string | null, error?: undefined } | { error: string, text?: string, client?: undefined })} Entry
 */

/** A file that cannot be imported. The message is for people. */
export class Unreadable extends Error {}

const SAMPLE_CHARS = 256 * 1024;

/** A table whose header was read. */
export class Table {
  /** @type {string} */
  encoding;
  /** @type {string} */
  delimiter;
  /** @type {Columns} */
  columns;
  /** Whether the first row is a client. @type {boolean} */
  isHeaderless;
  /** The line of the header. */
  headerLine;
  /** Whether it is an export of ours. */
  isOurs;
  /** The number of rows whose fields are all empty. */
  empty = 0;
  #text;
  #lines;
  #rows;
  #sheet;
  /** The line of each client's identifier in our table. @type {Map<string, number>} */
  #ids = new Map();

  /**
   * Opens a file.
   *
   * @param {Uint8Array} bytes
   * @param {Options} [options]
   * @throws {Unreadable} if it is no CSV file, or has no header
   */
  constructor(bytes, { encoding, delimiter, isHeaderless = false, parts } = {}) {
    refuse(refusalOfBytes(bytes));
    this.encoding = encoding ?? encodingOf(bytes);
    this.#text = decode(bytes, this.encoding);
    refuse(refusalOfText(this.#text));
    this.#lines = new Lines(this.#text);
    const sep = skipAnnouncement(this.#lines);
    this.delimiter = delimiter ?? sep ?? guess(this.#text.slice(0, SAMPLE_CHARS));
    this.#rows = new Rows(this.#lines, this.delimiter);
    const header = isHeaderless ? numbered(this.#rows) : readHeader(this.#rows);
    this.isHeaderless = isHeaderless;
    if (!header) {
      throw new Unreadable("It is empty.");
    }
    if (!("names" in header)) {
      throw new Unreadable(`Its header, line ${header.line}, cannot be read: ${header.reason}.`);
    }
    this.headerLine = header.line;
    this.columns = recognized(header.names);
    this.#rows.expect(oneLine(this.columns));
    const unnamed = unnamedColumns(this.#rows, header.names.length);
    this.columns = recognized([...header.names, ...Array(unnamed).fill("")]);
    this.#sheet = parts ? null : sheetOf(this.columns.headers);
    this.isOurs = this.#sheet !== null;
    this.columns.parts = parts ?? this.columns.parts;
    this.#rows.expect(oneLine(this.columns));
  }

  /** The part of the file that was read, from 0 to 1. */
  get progress() {
    return this.#lines.position / Math.max(1, this.#text.length);
  }

  /**
   * Why no record can be imported; `null` if nothing is in the way.
   *
   * @returns {string | null}
   */
  get obstacle() {
    if (haveName(this.columns)) {
      return null;
    }
    const all = this.columns.headers.map((_, at) => shown(this.columns, at));
    return `No column is known to have names. Choose one. The columns are: ${all.join(", ")}.`;
  }

  /**
   * The next record; `null` at the end.
   *
   * @returns {Entry | null}
   */
  next() {
    for (;;) {
      const row = this.#rows.next();
      if (!row) {
        return null;
      }
      const { line, fields, reason, text } = row;
      if (!fields) {
        return { line, original: [], text, error: reason };
      }
      if (fields.some((field) => field.trim() !== "")) {
        return { line, original: fields, ...this.#content(line, fields) };
      }
      this.empty += 1;
    }
  }

  /**
   * @param {number} line
   * @param {string[]} fields
   */
  #content(line, fields) {
    const draft = draftOf(this.columns, fields);
    if ("error" in draft) {
      return draft;
    }
    if (this.#sheet) {
      const row = clientOf(this.#sheet, fields);
      if ("error" in row) {
        return row;
      }
      const id = row.id?.toLowerCase();
      const other = id && this.#ids.get(id);
      if (other) {
        return {
          error: `it has the identifier of line ${other}: to make a new client of it, clear all but its name, phone, status and notes`,
        };
      }
      if (id) {
        this.#ids.set(id, line);
      }
      return { ...row, sourceId: "" };
    }
    const client = draft.client();
    return "error" in client ? client : { ...client, sourceId: draft.id, id: null };
  }
}

/** @param {string | null} reason */
function refuse(reason) {
  if (reason) {
    throw new Unreadable(reason);
  }
}

/**
 * Skips blank lines and the line `sep=;`, and gives the delimiter in it.
 *
 * @param {Lines} lines
 * @returns {string | null}
 */
function skipAnnouncement(lines) {
  for (;;) {
    const line = lines.next();
    if (!line) {
      return null;
    }
    if (line.text.trim() === "") {
      continue;
    }
    const delimiter = announced(withoutBreak(line.text));
    if (delimiter === null) {
      lines.giveBack([line]);
    }
    return delimiter;
  }
}
