// Two people have changed one client: what it was, theirs and yours side by side. Nothing is overwritten unless somebody
// has chosen it, field by field.

import { fill, h } from "./dom.js";
import { LABELS } from "./fields.js";
import { differences, merged } from "./merge.js";

/** @typedef {import("./fields.js").Values} Values */
/** @typedef {import("./merge.js").Choices} Choices */
/** @typedef {import("./merge.js").Difference} Difference */

/**
 * @param {HTMLElement} place where to show it
 * @param {object} sides
 * @param {Values} sides.base what it was when you began
 * @param {Values} sides.theirs
 * @param {Values} sides.mine
 * @param {(values: Values) => void} onSave told of the outcome, once everything is chosen
 * @param {() => void} onBack
 */
export function showConflict(place, { base, theirs, mine }, onSave, onBack) {
  const found = differences(base, theirs, mine);
  const open = found.filter(({ changedBy }) => changedBy === "both");
  /** @type {Choices} */
  const choices = {};
  const error = h("p", { className: "error", role: "alert" });
  const save = h("button", { type: "submit", className: "primary" }, "Save the chosen values");
  const form = h(
    "form",
    {
      className: "conflict",
      noValidate: true,
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const undecided = open.find(({ field }) => choices[field] === undefined);
        if (undecided) {
          error.textContent = `Choose theirs or yours for the ${LABELS[undecided.field].toLowerCase()}.`;
          form.querySelector(/** @type {"input"} */ (`[name="choice-${undecided.field}"]`))?.focus();
          return;
        }
        onSave(merged(theirs, found, choices));
      },
    },
    h("h3", { tabIndex: -1 }, "Somebody else has changed this client"),
    h(
      "p",
      {},
      open.length === 0
        ? "You changed different fields, so both changes can be kept. Your changes have not been saved yet."
        : "Your changes have not been saved, and theirs are still in place. Choose a value for each field.",
    ),
    found.map((difference) => fieldset(difference, choices)),
    error,
    h("div", { className: "buttons" }, h("button", { type: "button", onclick: onBack }, "Back to the form"), save),
  );
  fill(place, form);
  form.querySelector("h3")?.focus();
}

/**
 * @param {Difference} difference
 * @param {Choices} choices
 */
function fieldset({ field, changedBy, base, theirs, mine }, choices) {
  const value = (/** @type {string} */ text) =>
    text === ""
      ? h("em", {}, "empty")
      : h("span", { className: "value", dir: "auto" }, field === "status" ? capital(text) : text);
  const side = (/** @type {"mine" | "theirs"} */ whose, /** @type {string} */ label, /** @type {string} */ text) =>
    h(
      "label",
      { className: "side" },
      h("input", {
        type: "radio",
        name: `choice-${field}`,
        checked: changedBy === whose,
        onchange: () => {
          choices[field] = whose;
        },
      }),
      h("b", {}, label),
      value(text),
    );
  return h(
    "fieldset",
    { "data-field": field },
    h("legend", {}, LABELS[field]),
    h("div", { className: "side was" }, h("b", {}, "It was"), value(base)),
    changedBy === "same"
      ? h("div", { className: "side" }, h("b", {}, "Both of you made it"), value(mine))
      : [
          side("theirs", changedBy === "mine" ? "Theirs (unchanged)" : "Theirs", theirs),
          side("mine", changedBy === "theirs" ? "Yours (unchanged)" : "Yours", mine),
        ],
  );
}

/** @param {string} text */
function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
