// The columns of a file, and what each is imported as. It can be changed.

import { h } from "../dom.js";
import { shown } from "./columns.js";

/** @typedef {import("./headers.js").Part} Part */
/** @typedef {import("./columns.js").Columns} Columns */

/** @type {[Part | null, string][]} */
const CHOICES = [
  [null, "Not imported"],
  ["name", "Name"],
  ["given", "Given name"],
  ["family", "Family name"],
  ["company", "Company, if there is no name"],
  [{ phone: "main" }, "Phone"],
  [{ phone: "mobile" }, "Mobile phone"],
  [{ phone: "work" }, "Work phone"],
  [{ phone: "home" }, "Home phone"],
  [{ phone: "other" }, "Other phone"],
  ["status", "Status"],
  ["notes", "Notes"],
  ["id", "Identifier in its source"],
];

/**
 * @param {Columns} columns
 * @param {string[]} example the first record
 * @param {(parts: (Part | null)[]) => void} onChange
 * @returns {HTMLElement}
 */
export function mappingTable(columns, example, onChange) {
  const parts = [...columns.parts];
  const rows = columns.headers.map((_, at) => {
    const name = shown(columns, at);
    const select = h("select", {
      "aria-label": `Import ${name} as`,
      onchange: () => {
        parts[at] = choices[select.selectedIndex][0];
        onChange([...parts]);
      },
    });
    const choices = choicesFor(parts[at]);
    const chosen = choices.findIndex(([part]) => isSame(part, parts[at]));
    select.append(...choices.map(([, label]) => h("option", {}, label)));
    select.selectedIndex = Math.max(0, chosen);
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", { className: "transfer-example" }, example[at] ?? ""),
      h("td", {}, select),
    );
  });
  const head = ["Column", "Example", "Imported as"].map((text) => h("th", { scope: "col" }, text));
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
}

/**
 * The choices for a column. What was recognized by its header can be more special than what can be chosen.
 *
 * @param {Part | null} part
 * @returns {[Part | null, string][]}
 */
function choicesFor(part) {
  if (part === "bareName") {
    return CHOICES.map(([other, label]) => (other === "name" ? [part, label] : [other, label]));
  }
  const isKnown = part === "noPhone" || CHOICES.some(([other]) => isSame(other, part));
  return isKnown ? CHOICES : [...CHOICES, [part, specialName(part)]];
}

/** @param {Part | null} part */
function specialName(part) {
  if (part !== null && typeof part === "object") {
    return "phoneLabel" in part ? "Kind of phone" : "Phone of this kind";
  }
  return (
    {
      middle: "Middle name",
      familyFirst: "Family name, first",
      suffix: "Suffix of the name",
    }[String(part)] ?? String(part)
  );
}

/**
 * @param {Part | null} one
 * @param {Part | null} other
 */
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
