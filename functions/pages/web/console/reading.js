// All clients that match a filter, page by page. Each page is a list of its own: if others write meanwhile, a client can
// move from one to another, and be missed. So each page begins with the last client of the one before.

import { persist } from "./retry.js";

/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./api.js").ListParams} ListParams */

/** The clients of a page: the most that the API gives. */
export const PAGE = 100;
/** From the beginning of a page to that of the next one. */
export const STEP = PAGE - 1;

/**
 * Whether a page begins with the last client of the one before.
 *
 * @param {Client[]} before
 * @param {Client[]} page
 */
export function continues(before, page) {
  return page[0] !== undefined && page[0].id === before.at(-1)?.id;
}

/**
 * Reads all clients that match, and again from the beginning if some were moved meanwhile.
 *
 * @param {Pick<import("./api.js").Api, "list">} api
 * @param {ListParams} filter
 * @param {import("./bulk.js").Options} options
 * @returns {Promise<{ clients: Client[], hasChanged: boolean }>} `hasChanged` if some may be missing all the same
 */
export async function readAll(api, filter, options) {
  const first = await readOnce(api, filter, options);
  return first.hasChanged ? readOnce(api, filter, options) : first;
}

/**
 * @param {Pick<import("./api.js").Api, "list">} api
 * @param {ListParams} filter
 * @param {import("./bulk.js").Options} options
 */
async function readOnce(api, filter, { signal, onProgress, onWait }) {
  // In the order of their creation, clients that others create meanwhile come last.
  const params = { ...filter, sortBy: /** @type {const} */ ("createdAt"), sortOrder: /** @type {const} */ ("asc") };
  /** @type {Map<string, Client>} */
  const found = new Map();
  /** @type {Client[]} */
  let before = [];
  let hasChanged = false;
  for (let offset = 0; ; offset += STEP) {
    const list = () => api.list({ ...params, limit: PAGE, offset }, { signal });
    const page = /** @type {import("./api.js").Page} */ (await persist(list, { signal, onWait }));
    hasChanged ||= offset > 0 && !continues(before, page.clients);
    page.clients.forEach((client) => found.set(client.id, client));
    onProgress(found.size);
    before = page.clients;
    if (offset + PAGE >= page.total) {
      return { clients: [...found.values()], hasChanged };
    }
  }
}
