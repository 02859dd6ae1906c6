// The headers that people's files have, and the parts of a client that they name. `words.json` has them; the operator's
// tool reads the same. Headers are compared by their letters and digits alone, without case and accents.

import words from "./words.json" with { type: "json" };

/** @typedef {"mobile" | "main" | "work" | "home" | "other"} PhoneKind */

/**
 * The part of a client that a column has. `bareName` is the full name, or the other part of a name that has a part in
 * another column; `familyFirst` is a family name in a language that puts it first; `phoneLabel` is the kind of the phone
 * number that has the same number (Google); `noPhone` is a number that is not the client's own telephone.
 *
 * @typedef {"id" | "name" | "bareName" | "given" | "middle" | "family" | "familyFirst" | "suffix" | "company" | "noPhone"
 *   | "status" | "notes" | { phone: PhoneKind } | { phoneLabel: number } | { phoneValue: number }} Part
 */

/** The kinds of phone numbers, in the order in which one is chosen. */
export const PHONE_KINDS = /** @type {PhoneKind[]} */ (["mobile", "main", "work", "home", "other"]);

/** @type {Map<string, Part>} */
const HEADERS = new Map();
for (const [part, headers] of /** @type {[Part, string[]][]} */ (words.headers)) {
  for (const header of headers) {
    HEADERS.set(normalized(header), part);
  }
}

const PHONE_LABELS = /** @type {[PhoneKind | null, string[]][]} */ (words.phoneLabels);

/**
 * The part that a header names.
 *
 * @param {string} header
 * @returns {Part | null}
 */
export function partOf(header) {
  const name = normalized(header);
  const known = HEADERS.get(name);
  if (known) {
    return known;
  }
  const numbered = /^phone(\d{1,2})(value|label|type)$/.exec(name);
  if (numbered) {
    const number = Number(numbered[1]);
    return numbered[2] === "value" ? { phoneValue: number } : { phoneLabel: number };
  }
  // `Home Phone 2`
  const base = HEADERS.get(name.replace(/\d+$/, ""));
  return base && (typeof base === "object" || base === "noPhone" || base === "notes") ? base : null;
}

/**
 * The kind of a phone number that a label names; `null` if it is not the client's telephone.
 *
 * @param {string} label
 * @returns {PhoneKind | null}
 */
export function phoneKind(label) {
  const text = normalized(label);
  if (text === "") {
    return "main";
  }
  const found = PHONE_LABELS.find(([, parts]) => parts.some((part) => text.includes(part)));
  return found ? found[0] : "other";
}

/**
 * The letters and digits of a header, without case and accents.
 *
 * @param {string} header
 * @returns {string}
 */
export function normalized(header) {
  // Letter by letter: a final sigma is a sigma.
  const letters = [...header.normalize("NFKD").replace(/\p{M}/gu, "")].map((letter) => letter.toLowerCase());
  const text = letters.join("").replace(/[^\p{Alphabetic}\p{N}]/gu, "");
  return text.replaceAll("ß", "ss").replaceAll("ł", "l").replaceAll("ø", "o");
}
