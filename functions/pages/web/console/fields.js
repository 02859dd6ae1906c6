// The fields of a client that people fill in: what the contract says of each, and the values of a form for a client.

/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./api.js").Patch} Patch */
/** @typedef {import("./api.js").Status} Status */
/** @typedef {"name" | "phone" | "status" | "notes"} Field */

/**
 * The values of a form. An absent phone number and absent notes are empty.
 *
 * @typedef {{ name: string, phone: string, status: Status, notes: string }} Values
 */

/** @type {readonly Field[]} */
export const FIELDS = ["name", "phone", "status", "notes"];

/** @type {Readonly<Record<Field, string>>} */
export const LABELS = { name: "Name", phone: "Phone", status: "Status", notes: "Notes" };

/** The most characters (code points) of each text. */
export const LIMITS = { name: 200, phone: 50, notes: 5000 };

/** The values of a new client. */
export const NEW = Object.freeze(/** @type {Values} */ ({ name: "", phone: "", status: "active", notes: "" }));

const INVISIBLE_NAME = /^[\s\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]*$/u;

/**
 * The values of a client. Line breaks are those of a text area, so that an untouched text is no change.
 *
 * @param {Client} client
 * @returns {Values}
 */
export function valuesOf({ name, phone, status, notes }) {
  return { name, phone: phone ?? "", status, notes: (notes ?? "").replace(/\r\n?/g, "\n") };
}

/**
 * The fields of the API for some values.
 *
 * @param {Values} values
 * @param {readonly Field[]} [fields]
 * @returns {Patch}
 */
export function patchOf(values, fields = FIELDS) {
  return Object.fromEntries(
    fields.map((field) => [field, field === "phone" || field === "notes" ? values[field] || null : values[field]]),
  );
}

/**
 * The fields in which two forms differ.
 *
 * @param {Values} before
 * @param {Values} after
 * @returns {Field[]}
 */
export function changedFields(before, after) {
  return FIELDS.filter((field) => before[field] !== after[field]);
}

/**
 * What is wrong with the values, as the API would say it.
 *
 * @param {Values} values
 * @returns {import("./errors.js").FieldError[]}
 */
export function check(values) {
  const errors = [];
  if (INVISIBLE_NAME.test(values.name)) {
    errors.push({ field: "name", message: "A client needs a name." });
  }
  for (const field of /** @type {const} */ (["name", "phone", "notes"])) {
    const over = [...values[field]].length - LIMITS[field];
    if (over > 0) {
      const most = LIMITS[field].toLocaleString("en");
      errors.push({ field, message: `At most ${most} characters: please remove ${over.toLocaleString("en")}.` });
    }
    const allowed = field === "notes" ? values[field].replace(/[\n\t]/g, "") : values[field];
    if (/\p{Cc}/u.test(allowed)) {
      errors.push({ field, message: "It contains control characters, perhaps from pasted text. Please retype it." });
    }
  }
  return errors;
}
