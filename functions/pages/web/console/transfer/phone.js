// Phone numbers as spreadsheets leave them. One is mended only if all of its digits are there.

import { trimmed } from "./text.js";

/** A number with fewer digits is not taken for a phone number that a spreadsheet has made a decimal number of. */
const LEAST_DIGITS = 5;

const SHORTENED =
  "was damaged by a spreadsheet: it has an exponent (E+), and digits are missing; format the column as text and export it again";
const FORMULA = "was damaged by a spreadsheet: it is a formula or the error of one";

/**
 * The phone number in a field, `null` if it is empty, or the reason why a part of it is lost.
 *
 * @param {string} field
 * @returns {{ phone: string | null } | { error: string }}
 */
export function mended(field) {
  let text = trimmed(field);
  // `="0123"` keeps a spreadsheet from dropping the zero, and so does an apostrophe.
  if (text.length > 2 && text.startsWith('="') && text.endsWith('"')) {
    text = trimmed(text.slice(2, -1));
  }
  if (/^['’`][\d+(=]/.test(text)) {
    text = trimmed(text.slice(1));
  }
  if (/^=\+?\d+$/.test(text)) {
    text = text.slice(1);
  }
  if (text.startsWith("=") || isError(text)) {
    return { error: FORMULA };
  }
  if (/^tel:/i.test(text)) {
    text = ofUri(text.slice(4));
  }
  const number = /^(\+?)(\d)(?:[.,](\d*))?[eE]\+?(\d+)$/.exec(text);
  if (number) {
    const [, sign, whole, fraction = "", exponent] = number;
    const isWhole = Number(exponent) === fraction.length && fraction.length + 1 >= LEAST_DIGITS;
    return isWhole ? { phone: sign + whole + fraction } : { error: SHORTENED };
  }
  // `447911123456.0`: a number that was written as a decimal one.
  const decimal = /^(\d+)[.,]0$/.exec(text);
  if (decimal && decimal[1].length >= LEAST_DIGITS) {
    return { phone: decimal[1] };
  }
  return { phone: text === "" ? null : text };
}

/**
 * `#NAME?`, `#VALUE!`, `#N/A`, `#ERROR!`, `########`
 *
 * @param {string} text
 */
function isError(text) {
  return /^#(#+|[^1-9]*[!?]|N\/A)$/.test(text);
}

/**
 * The number in a `tel:` URI (RFC 3966).
 *
 * @param {string} rest
 */
function ofUri(rest) {
  const [first, ...parameters] = rest.split(";");
  const number = trimmed(first).replaceAll("%20", " ").replaceAll("%2B", "+");
  const extension = parameters.find((parameter) => parameter.startsWith("ext="));
  return extension ? `${number} ext. ${extension.slice(4)}` : number;
}
