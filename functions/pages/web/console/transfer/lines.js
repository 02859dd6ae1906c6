// The physical lines of a text, with their numbers.

/** The longest line, in characters. Longer ones are cut. */
export const LINE_CHARS = 1024 * 1024;

/** @typedef {{ number: number, text: string, isCut: boolean }} Line a physical line, with its line break */

/** The characters by which the line break is recognized. */
const SAMPLE_CHARS = 256 * 1024;

/** Reads lines that end with `\n` or `\r\n`, or with `\r` if there are no other line breaks outside quotation marks: Excel
 * for Mac ends rows with `\r`, and has `\n` in cells. */
export class Lines {
  #text;
  #end;
  #position = 0;
  #number = 0;
  /** Lines that are read again, the next one last. @type {Line[]} */
  #returned = [];

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
    this.#end = breakOf(text.slice(0, SAMPLE_CHARS));
  }

  /** The number of characters that were read. */
  get position() {
    return this.#position;
  }

  /**
   * The next line; `null` at the end.
   *
   * @returns {Line | null}
   */
  next() {
    const returned = this.#returned.pop();
    if (returned) {
      return returned;
    }
    if (this.#position >= this.#text.length) {
      return null;
    }
    const found = this.#text.indexOf(this.#end, this.#position);
    const end = found < 0 ? this.#text.length : found + 1;
    const isCut = end - this.#position > LINE_CHARS;
    const text = this.#text.slice(this.#position, isCut ? this.#position + LINE_CHARS : end);
    this.#position = end;
    this.#number += 1;
    return { number: this.#number, text, isCut };
  }

  /**
   * Gives lines back, to be read again.
   *
   * @param {Line[]} lines
   */
  giveBack(lines) {
    this.#returned.push(...lines.toReversed());
  }
}

/**
 * The character at the end of each line.
 *
 * @param {string} text
 * @returns {"\n" | "\r"}
 */
function breakOf(text) {
  let isQuoted = false;
  let isReturn = !text.includes("\n") && text.includes("\r");
  for (const [letter] of text.matchAll(/["\n\r]/g)) {
    if (letter === '"') {
      isQuoted = !isQuoted;
    } else if (!isQuoted && letter === "\n") {
      return "\n";
    } else {
      isReturn ||= !isQuoted;
    }
  }
  return isReturn ? "\r" : "\n";
}

/**
 * The text without the line break at its end.
 *
 * @param {string} text
 * @returns {string}
 */
export function withoutBreak(text) {
  const rest = text.endsWith("\n") ? text.slice(0, -1) : text;
  return rest.endsWith("\r") ? rest.slice(0, -1) : rest;
}
