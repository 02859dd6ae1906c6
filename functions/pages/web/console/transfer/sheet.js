// Our own table: the export of this console, and that of the operator's tool, which has more columns.

import { checked, statusOf } from "./draft.js";
import { undone } from "./formula.js";

/** @typedef {import("./draft.js").Texts} Texts */

/** The columns of an export. */
export const COLUMNS = /** @type {const} */ (["id", "name", "phone", "status", "notes", "createdAt", "updatedAt"]);
/** The columns that people fill in. */
const EDITABLE = ["name", "phone", "status", "notes"];
/** The further columns of the operator's tool. */
const OTHERS = ["createdBy", "createdWith", "updatedBy", "updatedWith", "version"];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** @typedef {Map<string, number>} Sheet the places of the columns, which may be in any order and with others beside them */

/**
 * The sheet with this header; `null` if it is another table.
 *
 * @param {string[]} headers
 * @returns {Sheet | null}
 */
export function sheetOf(headers) {
  const all = [...COLUMNS, ...OTHERS].filter((column) => headers.includes(column));
  const isOurs = COLUMNS.every((column) => headers.includes(column));
  return isOurs ? new Map(all.map((column) => [column, headers.indexOf(column)])) : null;
}

/**
 * The client in a row: one that was exported, with its identifier, or one that somebody has added to the table.
 *
 * @param {Sheet} sheet
 * @param {string[]} row
 * @returns {{ id: string | null, client: Texts } | { error: string }}
 */
export function clientOf(sheet, row) {
  /** @param {string} column */
  const cell = (column) => undone(row[sheet.get(column) ?? -1] ?? "");
  const isAdded = [...sheet.keys()].every((column) => EDITABLE.includes(column) || cell(column) === null);
  const id = cell("id");
  const status = statusOf(cell("status") ?? "active");
  const client = checked(
    { name: cell("name") ?? "", phone: cell("phone"), status: status ?? "active", notes: cell("notes") },
    [
      isAdded || (id !== null && UUID.test(id)) ? undefined : "`id` must be a client's identifier, as it was exported",
      status ? undefined : "`status` must be `active` or `inactive`",
    ],
  );
  return "error" in client ? client : { id: isAdded ? null : id, client: client.client };
}
