// The clients that match a filter, as CSV for spreadsheets: docs/moving-data.md has the format.

import { continues, PAGE, STEP } from "../reading.js";
import { persist } from "../retry.js";
import { MARK, rowOf } from "./csv.js";
import { defused } from "./formula.js";
import { COLUMNS } from "./sheet.js";

/** @typedef {import("../api.js").Api} Api */
/** @typedef {import("../api.js").Client} Client */
/** @typedef {import("../api.js").ListParams} ListParams */

/** The pages that are read at the same time. */
const WIDTH = 4;

/**
 * @typedef {object} Options
 * @property {AbortSignal} signal
 * @property {(text: string) => Promise<void>} write
 * @property {(done: number, total: number) => void} onProgress
 * @property {(wait: import("../retry.js").Wait | null) => void} onWait
 */

/**
 * Writes the clients as a table, and nothing if there are none. No client is written twice; if others write meanwhile,
 * the result tells whether some may be missing.
 *
 * @param {Api} api
 * @param {ListParams} filter
 * @param {Options} options
 * @returns {Promise<{ written: number, hasChanged: boolean }>}
 */
export async function exportTable(api, filter, { signal, write, onProgress, onWait }) {
  /** @type {Set<string>} */
  const ids = new Set();
  let hasChanged = false;
  const read = async (/** @type {number} */ offset) => {
    const list = () => api.list({ ...filter, limit: PAGE, offset }, { signal });
    return /** @type {import("../api.js").Page} */ (await persist(list, { signal, onWait }));
  };
  /** @type {Client[]} */
  let before = [];
  const take = async (/** @type {Client[]} */ clients) => {
    const fresh = clients.filter(({ id }) => !ids.has(id));
    const known = before.length > 0 ? 1 : 0;
    hasChanged ||= fresh.length + known !== clients.length || (known > 0 && !continues(before, clients));
    before = clients;
    fresh.forEach(({ id }) => ids.add(id));
    await write(fresh.map((client) => rowOf(fieldsOf(client))).join(""));
  };

  const first = await read(0);
  let { total } = first;
  if (total === 0) {
    return { written: 0, hasChanged };
  }
  await write(MARK + rowOf(COLUMNS));
  await take(first.clients);
  onProgress(ids.size, total);
  // The first client of each page was on the one before.
  for (let offset = STEP; offset + 1 < total; offset += STEP * WIDTH) {
    const offsets = Array.from({ length: WIDTH }, (_, at) => offset + at * STEP).filter((start) => start + 1 < total);
    for (const page of await Promise.all(offsets.map(read))) {
      hasChanged ||= page.total !== total;
      total = page.total;
      await take(page.clients);
    }
    onProgress(ids.size, total);
  }
  return { written: ids.size, hasChanged: hasChanged || ids.size !== total };
}

/**
 * The fields of a client, in the order of the columns.
 *
 * @param {Client} client
 * @returns {string[]}
 */
export function fieldsOf({ id, name, phone, status, notes, createdAt, updatedAt }) {
  return [id, defused(name), defused(phone), status, defused(notes), createdAt, updatedAt];
}
