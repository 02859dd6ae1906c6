// The clients that match a filter, as CSV for spreadsheets: docs/moving-data.md has the format.

import { persist } from "../retry.js";
import { MARK, rowOf } from "./csv.js";
import { defused } from "./formula.js";
import { COLUMNS } from "./sheet.js";

/** @typedef {import("../api.js").Api} Api */
/** @typedef {import("../api.js").Client} Client */
/** @typedef {import("../api.js").ListParams} ListParams */

/** The clients of a page. */
const PAGE = 100;
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
 * Writes the clients as a table, and nothing if there are none. Each page is a list of its own: if others write
 * meanwhile, a client can move from one to another. No client is written twice; the result tells whether some may be
 * missing.
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
  const take = async (/** @type {Client[]} */ clients) => {
    const fresh = clients.filter(({ id }) => !ids.has(id));
    hasChanged ||= fresh.length < clients.length;
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
  for (let offset = PAGE; offset < total; offset += PAGE * WIDTH) {
    const offsets = Array.from({ length: WIDTH }, (_, at) => offset + at * PAGE).filter((start) => start < total);
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
