// The form of a client: its fields, what they began with, and what is wrong with them.

import { find } from "./dom.js";
import { changedFields, check, FIELDS, LIMITS, NEW } from "./fields.js";
import { count } from "./format.js";

/** @typedef {import("./fields.js").Values} Values */
/** @typedef {import("./fields.js").Field} Field */

export class Form {
  /** What the form began with. @type {Values} */
  base = NEW;
  #element = find("#panel-form", HTMLFormElement);

  /** @param {() => void} onSubmit */
  constructor(onSubmit) {
    this.#element.addEventListener("submit", (event) => {
      event.preventDefault();
      onSubmit();
    });
    this.#element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        this.#element.requestSubmit();
      }
    });
    this.#element.addEventListener("input", () => this.#hint());
  }

  get isShown() {
    return !this.#element.hidden;
  }

  set isShown(/** @type {boolean} */ isShown) {
    this.#element.hidden = !isShown;
  }

  /** @returns {Values} */
  get values() {
    const get = (/** @type {Field} */ field) => this.#field(field).value;
    const status = get("status") === "inactive" ? "inactive" : "active";
    return { name: get("name"), phone: get("phone"), status, notes: get("notes") };
  }

  /** Sets the values, but not what the form began with. */
  set values(/** @type {Values} */ values) {
    for (const field of FIELDS) {
      const element = this.#field(field);
      // Setting the same value would move the caret.
      if (element.value !== values[field]) {
        element.value = values[field];
      }
    }
    this.#hint();
  }

  /** The fields that were changed since the form began. */
  get changed() {
    return changedFields(this.base, this.values);
  }

  /** @param {Values} values */
  begin(values) {
    this.base = values;
    this.values = values;
  }

  /**
   * Begins with other values, and keeps what was changed.
   *
   * @param {Values} base
   * @returns {Field[]} the fields that took over another value
   */
  rebase(base) {
    const typed = this.values;
    const { changed } = this;
    const kept = Object.fromEntries(changed.map((field) => [field, typed[field]]));
    this.base = base;
    this.values = { ...base, ...kept };
    return changedFields(typed, this.values);
  }

  focus() {
    const name = this.#field("name");
    name.focus();
    if (name instanceof HTMLInputElement) {
      name.setSelectionRange(name.value.length, name.value.length);
    }
  }

  /** @param {Field[]} fields */
  flash(fields) {
    for (const field of fields) {
      const place = this.#field(field).closest(".field");
      place?.classList.add("changed");
      place?.addEventListener("animationend", () => place.classList.remove("changed"), { once: true });
    }
  }

  /**
   * Shows what is wrong at its fields, and goes to the first of them.
   *
   * @param {import("./errors.js").FieldError[]} errors
   */
  showErrors(errors) {
    for (const field of FIELDS) {
      const messages = errors.filter((error) => error.field === field).map(({ message }) => message);
      const text = messages.join(" ");
      find(`#${field}-error`, HTMLElement).textContent = text.slice(0, 1).toUpperCase() + text.slice(1);
      this.#field(field).setAttribute("aria-invalid", String(messages.length > 0));
    }
    this.#invalid[0]?.focus();
  }

  get #invalid() {
    return this.#element.querySelectorAll(/** @type {"input"} */ ("[aria-invalid=true]"));
  }

  /** Says how many characters are left, where that is soon none, and takes away errors that are mended. */
  #hint() {
    const { values } = this;
    for (const field of /** @type {const} */ (["name", "phone", "notes"])) {
      const left = LIMITS[field] - [...values[field]].length;
      const text = left < 0 ? `${count(-left)} too many` : `${count(left)} left`;
      find(`#${field}-hint`, HTMLElement).textContent = left < LIMITS[field] / 5 ? text : "";
    }
    const errors = check(values);
    for (const input of this.#invalid) {
      if (!errors.some(({ field }) => field === input.name)) {
        input.setAttribute("aria-invalid", "false");
        find(`#${input.name}-error`, HTMLElement).textContent = "";
      }
    }
  }

  /** @param {Field} field */
  #field(field) {
    const element = this.#element.elements.namedItem(field);
    if (
      element instanceof HTMLInputElement ||
      element instanceof HTMLTextAreaElement ||
      element instanceof HTMLSelectElement
    ) {
      return element;
    }
    throw new TypeError(`The form has no ${field}.`);
  }
}
