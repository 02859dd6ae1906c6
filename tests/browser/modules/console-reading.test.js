// Reading all clients that match while others write.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../functions/pages/web/console/errors.js";
import { Listing } from "../../../functions/pages/web/console/listing.js";
import { readAll } from "../../../functions/pages/web/console/reading.js";
import { exportTable } from "../../../functions/pages/web/console/transfer/exporter.js";
import { client } from "./sample.js";

/**
 * An API with some clients, of which one is deleted and one is created after as many pages were read.
 *
 * @param {number} number
 * @param {number[]} changedAfter
 */
function fake(number, changedAfter = []) {
  let clients = Array.from({ length: number }, (_, n) => client(n));
  const api = {
    reads: 0,
    ids: () => clients.map(({ id }) => id),
    list: async (/** @type {{ offset?: number, limit?: number }} */ { offset = 0, limit = 100 }) => {
      const page = { clients: clients.slice(offset, offset + limit), total: clients.length, etag: null };
      api.reads += 1;
      if (changedAfter.includes(api.reads)) {
        clients = [...clients.slice(1), client(number + api.reads)];
      }
      return page;
    },
  };
  return api;
}

const options = { signal: new AbortController().signal, onProgress: () => {}, onWait: () => {} };

test("all are read, each once, whatever their number", async () => {
  for (const number of [0, 1, 99, 100, 101, 198, 199, 200, 350]) {
    const api = fake(number);
    const { clients, hasChanged } = await readAll(api, {}, options);
    assert.deepEqual([clients.map(({ id }) => id), hasChanged], [api.ids(), false]);
  }
});

test("all are read again if one was deleted and one created between two pages", async () => {
  const api = fake(250, [1]);
  const { clients, hasChanged } = await readAll(api, {}, options);
  assert.deepEqual([clients.map(({ id }) => id), hasChanged], [api.ids(), false]);
});

test("if clients are moved each time, it is told", async () => {
  assert.equal((await readAll(fake(250, [1, 4]), {}, options)).hasChanged, true);
});

test("an export tells if one was deleted and one created between two pages", async () => {
  const exported = async (/** @type {number} */ number, /** @type {number[]} */ changedAfter) => {
    const api = fake(number, changedAfter);
    const write = async () => {};
    const result = await exportTable(/** @type {any} */ (api), {}, { ...options, write });
    return [result.written, result.hasChanged];
  };
  for (const number of [1, 100, 101, 199, 200, 1000]) {
    assert.deepEqual(await exported(number, []), [number, false]);
  }
  assert.equal((await exported(250, [1]))[1], true);
  assert.equal((await exported(1000, [6]))[1], true);
});

test("a look at the list fails while the list cannot be read", async () => {
  const unavailable = new ApiError({ status: 503, code: "unavailable", detail: "" });
  let isDown = true;
  /** @type {(() => void) | undefined} */
  let skip;
  const list = async () => {
    if (isDown) {
      throw unavailable;
    }
    return { clients: [client(1)], total: 1, etag: null };
  };
  const view = /** @type {any} */ ({ query: "", status: null, sort: "createdAt", order: "desc", page: 1, size: 25 });
  const listing = new Listing(
    /** @type {any} */ ({ list }),
    view,
    ({ wait }) => (skip = wait?.skip),
    () => {},
  );
  const loading = listing.load(view);
  while (!skip) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await assert.rejects(listing.check(), unavailable);
  isDown = false;
  skip();
  await loading;
  await listing.check();
});
