// What the API accepts as the texts of a client, so that a preview can say what it would refuse.

const NAME_CHARS = 200;
const PHONE_CHARS = 50;
const NOTES_CHARS = 5000;

/** Characters that show nothing by themselves. */
const IGNORABLE = "\\p{Default_Ignorable_Code_Point}";
const SPACE = "\\p{White_Space}";
const VISIBLE = new RegExp(`[^${SPACE}\\p{Cc}${IGNORABLE}\\u{2800}\\u{1d159}\\u{fff9}-\\u{fffb}]`, "u");
const OUTER = new RegExp(`^[${SPACE}${IGNORABLE}]$`, "u");
const CONTROL = /\p{Cc}/u;
const CONTROL_IN_NOTES = /[^\P{Cc}\n\r\t]/u;

/**
 * The text without spaces around it, and without the marks of direction that phones copy with a number.
 *
 * @param {string} text
 * @returns {string}
 */
export function trimmed(text) {
  // Not by one pattern: with many spaces within a text it would take quadratic time.
  let [start, end] = [0, text.length];
  while (start < end && OUTER.test(letterAt(text, start))) {
    start += letterAt(text, start).length;
  }
  while (end > start && OUTER.test(letterBefore(text, end))) {
    end -= letterBefore(text, end).length;
  }
  return text.slice(start, end);
}

/**
 * @param {string} text
 * @param {number} at
 */
function letterAt(text, at) {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

/**
 * @param {string} text
 * @param {number} at
 */
function letterBefore(text, at) {
  const pair = text.slice(Math.max(0, at - 2), at);
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) ? pair : text.slice(at - 1, at);
}

/**
 * The rule that a name breaks.
 *
 * @param {string} text
 * @returns {string | null}
 */
export function nameError(text) {
  return VISIBLE.test(text) ? (tooLong(text, NAME_CHARS) ?? control(text)) : "must not be empty or blank";
}

/**
 * The rule that a phone number breaks.
 *
 * @param {string} text
 * @returns {string | null}
 */
export function phoneError(text) {
  return tooLong(text, PHONE_CHARS) ?? control(text);
}

/**
 * The rule that notes break.
 *
 * @param {string} text
 * @returns {string | null}
 */
export function notesError(text) {
  const isWrong = CONTROL_IN_NOTES.test(text);
  const error = isWrong ? "must not contain control characters other than line breaks and tabs" : null;
  return tooLong(text, NOTES_CHARS) ?? error;
}

/**
 * Lengths are counted in code points.
 *
 * @param {string} text
 * @param {number} limit
 */
function tooLong(text, limit) {
  const isTooLong = text.length > limit && [...text].length > limit;
  return isTooLong ? `must be at most ${limit} characters` : null;
}

/** @param {string} text */
function control(text) {
  return CONTROL.test(text) ? "must not contain control characters" : null;
}
