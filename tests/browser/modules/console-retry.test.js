// When a request is repeated, and how long that takes.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { ApiError } from "../../../functions/pages/web/console/errors.js";
import { delay, isTemporary, persist } from "../../../functions/pages/web/console/retry.js";

globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};

test("only what may pass is tried again", () => {
  const is = (/** @type {number} */ status, /** @type {string | null} */ code = "some") =>
    isTemporary(new ApiError({ status, code, detail: "" }));
  assert.deepEqual(
    [0, 429, 503].map((status) => is(status)),
    [true, true, true],
  );
  assert.deepEqual(
    [400, 401, 404, 412, 422, 500].map((status) => is(status)),
    Array(6).fill(false),
  );
  assert.ok(is(500, null), "the gateway's own 500");
  assert.ok(!is(503, "organization_too_large"));
  assert.ok(!isTemporary(new TypeError()));
});

test("waits grow, and the API can ask for longer ones", () => {
  assert.deepEqual(
    [1, 2, 3, 6, 60].map((attempt) => delay(attempt, null, 0)),
    [1, 2, 4, 30, 30],
  );
  assert.equal(delay(1, 17, 0), 17);
  assert.equal(delay(5, 1, 0), 16);
  assert.equal(delay(3, null, 1), 3);
});

test("attempts are made until one succeeds, each wait is told, and an end ends them", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const failure = new ApiError({ status: 429, code: "rate_limited", detail: "", retryAfter: 9 });
  let attempts = 0;
  /** @type {(number | undefined)[]} */
  const waits = [];
  const attempt = async () => {
    attempts += 1;
    if (attempts < 3) throw failure;
    return "done";
  };
  const done = persist(attempt, { onWait: (wait) => waits.push(wait?.seconds) });
  for (let tick = 0; tick < 2; tick += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(9_000);
  }
  assert.equal(await done, "done");
  assert.deepEqual(waits, [9, undefined, 9, undefined]);

  attempts = 0;
  const controller = new AbortController();
  const ended = persist(attempt, { signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await assert.rejects(ended, { name: "AbortError" });
  assert.equal(attempts, 1);
  await assert.rejects(
    persist(async () => Promise.reject(failure), { attempts: 1 }),
    failure,
  );
  mock.timers.reset();
});
