// CSV as it is written here: in UTF-8 with a byte order mark, which Excel needs, and all fields in quotation marks.

/** The byte order mark, before the first row. */
export const MARK = "\ufeff";

/**
 * A row with its line break.
 *
 * @param {readonly string[]} fields
 * @returns {string}
 */
export function rowOf(fields) {
  return `${fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(",")}\r\n`;
}
