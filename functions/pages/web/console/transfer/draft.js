// A client as the row of a table gives it: the texts of a record, each with its meaning.

import { PHONE_KINDS, phoneKind } from "./headers.js";
import { joined } from "./name.js";
import { mended } from "./phone.js";
import { nameError, notesError, phoneError, trimmed } from "./text.js";
import words from "./words.json" with { type: "json" };

/** @typedef {import("./headers.js").Part} Part */
/** @typedef {import("../api.js").Status} Status */
/** @typedef {{ name: string, phone: string | null, status: Status, notes: string | null }} Texts */

/** Google's separator of several values in one field. */
const SEVERAL = " ::: ";
const LOST_LETTERS = "it has bytes that are not text in the encoding of the file: choose another encoding";

/** The texts of a record. */
export class Draft {
  /** The identifier of the record in its source. */
  id = "";
  #fullName = "";
  #bareName = "";
  #parts = { given: "", middle: "", family: "", suffix: "", isFamilyFirst: false };
  #company = "";
  /** @type {{ kind: import("./headers.js").PhoneKind, number: string }[]} */
  #phones = [];
  /** @type {Map<number, string>} */
  #labels = new Map();
  /** @type {{ number: number, values: string }[]} */
  #labelled = [];
  /** @type {string[]} */
  #statuses = [];
  /** @type {string[]} */
  #notes = [];
  #hasLostLetters = false;

  /**
   * Adds a text. Of several for one part the first counts, except for phone numbers, of which one is chosen, and for
   * notes, which are joined.
   *
   * @param {Part} part
   * @param {string} field
   */
  add(part, field) {
    const text = trimmed(field);
    if (text === "" || part === "noPhone") {
      return;
    }
    this.#hasLostLetters ||= text.includes("\ufffd");
    if (typeof part === "object") {
      if ("phone" in part) {
        this.#phones.push(...text.split(SEVERAL).map((number) => ({ kind: part.phone, number })));
      } else if ("phoneLabel" in part) {
        this.#labels.set(part.phoneLabel, this.#labels.get(part.phoneLabel) ?? text);
      } else {
        this.#labelled.push({ number: part.phoneValue, values: text });
      }
      return;
    }
    switch (part) {
      case "id":
        this.id ||= text;
        break;
      case "name":
        this.#fullName ||= text;
        break;
      case "bareName":
        this.#bareName ||= text;
        break;
      case "familyFirst":
        this.#parts.isFamilyFirst = true;
        this.#parts.family ||= text;
        break;
      case "company":
        this.#company ||= text;
        break;
      case "status":
        this.#statuses.push(text);
        break;
      case "notes":
        if (!this.#notes.includes(text)) {
          this.#notes.push(text);
        }
        break;
      default:
        this.#parts[part] ||= text;
    }
  }

  /**
   * The client, or all errors of the record. They quote nothing of it.
   *
   * @returns {{ client: Texts } | { error: string }}
   */
  client() {
    if (this.#hasLostLetters) {
      return { error: LOST_LETTERS };
    }
    const name = this.#name();
    const phone = this.#phone();
    const status = this.#status();
    const notes = this.#notes.join("\n");
    return checked({ name, notes: notes === "" ? null : notes, ...phone.value, ...status.value }, [
      phone.error && `\`phone\` ${phone.error}`,
      status.error && `\`status\` ${status.error}`,
    ]);
  }

  /** The full name, else the joined parts, else the company. */
  #name() {
    const parts = { ...this.#parts };
    const bare = this.#bareName;
    let name = this.#fullName;
    if (name === "" && bare === "") {
      name = joined(parts);
    } else if (name === "") {
      // `Name` may be the other part of a name that has one in a column of its own, or the full name all the same.
      name = bare;
      if (parts.given === "" && parts.family !== "" && !hasWords(bare, parts.family)) {
        name = joined({ ...parts, given: bare });
      } else if (parts.given !== "" && parts.family === "" && !hasWords(bare, parts.given)) {
        name = joined({ ...parts, family: bare });
      }
    }
    name ||= this.#company;
    // A line break in a cell is a matter of its width.
    const isSplit = /[\n\r\t]/.test(name);
    const lines = name.split(/[\n\r\t]/).map(trimmed);
    return isSplit ? lines.filter((line) => line !== "").join(" ") : name;
  }

  /**
   * The first filled number that has a digit, else the first filled one.
   *
   * @returns {{ value: { phone: string | null }, error?: string }}
   */
  #phone() {
    const phones = [...this.#phones];
    for (const { number, values } of this.#labelled) {
      const labels = (this.#labels.get(number) ?? "").split(SEVERAL);
      for (const [at, value] of values.split(SEVERAL).entries()) {
        const kind = phoneKind(labels[at] ?? labels[0]);
        if (kind) {
          phones.push({ kind, number: value });
        }
      }
    }
    phones.sort((one, other) => PHONE_KINDS.indexOf(one.kind) - PHONE_KINDS.indexOf(other.kind));
    let phone = null;
    for (const { number } of phones) {
      const found = mended(number);
      if ("error" in found) {
        return { value: { phone: null }, error: found.error };
      }
      if (found.phone && /\p{N}/u.test(found.phone)) {
        return { value: found };
      }
      phone ??= found.phone;
    }
    return { value: { phone } };
  }

  /** @returns {{ value: { status: Status }, error?: string }} */
  #status() {
    const statuses = this.#statuses.map(statusOf);
    const status = statuses[0] ?? "active";
    if (statuses.includes(null)) {
      return { value: { status }, error: "must be `active` or `inactive`, or empty" };
    }
    const isTwofold = statuses.some((other) => other !== status);
    return { value: { status }, error: isTwofold ? "is given twice, with different words" : undefined };
  }
}

/**
 * The client, or all errors in its texts.
 *
 * @param {Texts} client
 * @param {(string | undefined)[]} [others] errors that are known already
 * @returns {{ client: Texts } | { error: string }}
 */
export function checked(client, others = []) {
  const { name, phone, notes } = client;
  const [ofName, ofPhone, ofNotes] = [nameError(name), phone && phoneError(phone), notes && notesError(notes)];
  const errors = [
    ofName && `\`name\` ${ofName}`,
    ofPhone && `\`phone\` ${ofPhone}`,
    ...others,
    ofNotes && `\`notes\` ${ofNotes}`,
  ].filter((error) => error);
  return errors.length > 0 ? { error: errors.join(", ") } : { client };
}

/**
 * The status that a word names: the two of the API, and the same two in other languages. Any other is not guessed at.
 *
 * @param {string} word
 * @returns {Status | null}
 */
export function statusOf(word) {
  const text = word.trim().toLowerCase();
  if (words.statuses.active.includes(text)) {
    return "active";
  }
  return words.statuses.inactive.includes(text) ? "inactive" : null;
}

/**
 * Whether all words of `part` are words of `name`.
 *
 * @param {string} name
 * @param {string} part
 */
function hasWords(name, part) {
  const all = name.toLowerCase().split(/\s+/);
  return part
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
