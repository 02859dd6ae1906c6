// Many writes at once, and the result of each.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inBatches, oneByOne, sendBatch } from "../../../functions/pages/web/console/bulk.js";
import { ApiError } from "../../../functions/pages/web/console/errors.js";
import { client } from "./sample.js";

/** @typedef {import("../../../functions/pages/web/console/api.js").Api} Api */
/** @typedef {import("../../../functions/pages/web/console/api.js").Operation} Operation */
/** @typedef {import("../../../functions/pages/web/console/api.js").Result} Result */

const clients = Array.from({ length: 25 }, (_, n) => client(n));
const remove = (/** @type {{ id: string }} */ { id }) => ({ operation: /** @type {const} */ ("delete"), id });

/** @param {(operations: Operation[], key: string) => Result[]} batch */
function fake(batch, batchSize = 10) {
  return /** @type {Api} */ (
    /** @type {unknown} */ ({
      batchSize,
      batch: async (/** @type {Operation[]} */ ops, /** @type {string} */ key) => batch(ops, key),
    })
  );
}

function options() {
  const controller = new AbortController();
  /** @type {number[]} */
  const progress = [];
  const skip = (/** @type {import("../../../functions/pages/web/console/retry.js").Wait | null} */ wait) =>
    queueMicrotask(() => wait?.skip());
  return {
    controller,
    progress,
    signal: controller.signal,
    onProgress: (/** @type {number} */ done) => void progress.push(done),
    onWait: skip,
  };
}

test("clients are done in batches, and each has its outcome", async () => {
  const given = options();
  const api = fake((operations) =>
    operations.map(({ id }) => (id === "7" ? { status: 404 } : { status: 200, etag: `"${id}"` })),
  );
  const outcomes = await inBatches(api, clients, remove, given);
  assert.deepEqual(given.progress, [10, 20, 25]);
  assert.deepEqual(
    outcomes.map(({ client }) => client.id),
    clients.map(({ id }) => id),
  );
  assert.deepEqual(
    outcomes.filter(({ failure }) => failure),
    [{ client: clients[7], failure: "It no longer exists.", isFinal: true }],
  );
  assert.equal(outcomes[8]?.etag, '"8"');
});

test("a batch whose operations had no time is sent again with the same key", async () => {
  /** @type {string[]} */
  const keys = [];
  const api = fake((operations, key) => {
    keys.push(key);
    return operations.map((_, n) => (n > 0 && keys.length === 1 ? { status: 503 } : { status: 200 }));
  });
  const results = await sendBatch(api, clients.slice(0, 3).map(remove), options());
  assert.deepEqual(
    results.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal(keys.length, 2);
  assert.equal(new Set(keys).size, 1);
});

test("what is stopped ends after the batch that is under way", async () => {
  const given = options();
  const api = fake((operations) => {
    given.controller.abort();
    return operations.map(() => ({ status: 200 }));
  });
  assert.equal((await inBatches(api, clients, remove, given)).length, 10);
});

test("what is stopped while a batch waits for its rest has the results that were received", async () => {
  const given = { ...options(), onWait: () => given.controller.abort() };
  const partly = fake((operations) => operations.map((_, n) => (n < 4 ? { status: 200 } : { status: 503 })));
  const outcomes = await inBatches(partly, clients, remove, given);
  assert.deepEqual(
    outcomes.map(({ client, failure }) => [client.id, failure]),
    ["0", "1", "2", "3"].map((id) => [id, undefined]),
  );
});

test("of what is stopped without an answer it is said that nobody knows", async () => {
  const unknown = "It is not known whether it took effect.";
  const fail = (/** @type {number} */ status) => () => {
    throw new ApiError({ status, code: "some", detail: "No." });
  };
  const stopped = () => {
    const given = { ...options(), onWait: () => given.controller.abort() };
    return given;
  };
  assert.deepEqual(
    (await inBatches(fake(fail(0)), clients, remove, stopped())).map(({ failure }) => failure),
    Array(10).fill(unknown),
  );
  assert.deepEqual(
    (await oneByOne(clients.slice(0, 1), async () => fail(0)(), stopped())).map(({ failure }) => failure),
    [unknown],
  );
  // What was refused has certainly not taken effect.
  assert.deepEqual(await inBatches(fake(fail(429)), clients, remove, stopped()), []);
  assert.deepEqual(await oneByOne(clients, async () => fail(429)(), stopped()), []);
  // A second attempt that had no answer may have done the rest.
  let waits = 0;
  const second = { ...options(), onWait: () => {} };
  const given = {
    ...second,
    onWait: (/** @type {import("../../../functions/pages/web/console/retry.js").Wait | null} */ wait) => {
      waits += wait ? 1 : 0;
      queueMicrotask(() => (waits > 1 ? second.controller.abort() : wait?.skip()));
    },
  };
  let attempts = 0;
  const api = fake((operations) => {
    attempts += 1;
    return attempts === 1 ? operations.map((_, n) => ({ status: n < 4 ? 200 : 503 })) : fail(0)();
  });
  assert.deepEqual(
    (await inBatches(api, clients, remove, given)).map(({ failure }) => failure),
    [...Array(4).fill(undefined), ...Array(6).fill(unknown)],
  );
});

test("a batch that fails does not stop the others, a key that is refused does", async () => {
  let batches = 0;
  const failing = (/** @type {number} */ status) =>
    fake((operations) => {
      batches += 1;
      if (batches === 1) throw new ApiError({ status, code: "some", detail: "No." });
      return operations.map(() => ({ status: 200 }));
    });
  assert.equal((await inBatches(failing(500), clients, remove, options())).filter(({ failure }) => failure).length, 10);
  assert.equal(batches, 3);
  batches = 0;
  assert.equal((await inBatches(failing(401), clients, remove, options())).filter(({ failure }) => failure).length, 25);
  assert.equal(batches, 1);
});

test("single requests are made a few at a time", async () => {
  let under = 0;
  let most = 0;
  const outcomes = await oneByOne(
    clients,
    async ({ id }) => {
      most = Math.max(most, (under += 1));
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      if (id === "3") throw new ApiError({ status: 404, code: "not_found", detail: "" });
    },
    options(),
  );
  assert.equal(outcomes.length, 25);
  assert.deepEqual(
    outcomes.filter(({ failure }) => failure).map(({ client }) => client.id),
    ["3"],
  );
  assert.ok(most > 1 && most <= 6);
});
