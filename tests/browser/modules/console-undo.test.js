// Undoing the change of one client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../functions/pages/web/console/errors.js";
import { undoUpdate } from "../../../functions/pages/web/console/undo-update.js";
import { client } from "./sample.js";

if (!globalThis.navigator) {
  Object.assign(globalThis, { navigator: { onLine: true } });
}

const saved = client(1, { name: "New", notes: "Kept" });
const before = {
  values: { name: "Old", phone: "1", status: /** @type {const} */ ("inactive"), notes: "" },
  fields: /** @type {import("../../../functions/pages/web/console/fields.js").Field[]} */ (["name", "phone"]),
};

/** @param {{ update: () => unknown, get?: () => unknown }} answers */
async function undone({ update, get }) {
  /** @type {unknown[]} */
  const sent = [];
  /** @type {string[]} */
  const said = [];
  const api = {
    update: async (/** @type {unknown[]} */ ...given) => (sent.push(given), update()),
    get: async () => get?.(),
  };
  const isDone = await undoUpdate(/** @type {any} */ (api), saved, '"2"', before, ({ text }) => void said.push(text));
  return { isDone, sent, said };
}

/** @param {number} status */
const failing = (status) => () => {
  throw new ApiError({ status, code: "some", detail: "No." });
};

test("the fields that were changed get their values back, if nobody has changed the client since", async () => {
  const { isDone, sent, said } = await undone({ update: () => ({ client: saved, etag: '"3"' }) });
  assert.deepEqual(sent, [["1", { name: "Old", phone: "1" }, '"2"']]);
  assert.deepEqual([isDone, said], [true, ["Undid the change of New."]]);
});

test("what somebody else has changed or deleted cannot be undone later either", async () => {
  const changed = await undone({ update: failing(412), get: () => ({ client: saved, etag: '"9"' }) });
  assert.deepEqual(changed.said, ["The change cannot be undone. Somebody else has changed the client since."]);
  const gone = await undone({ update: failing(404) });
  assert.deepEqual(gone.said, ["The change cannot be undone. Somebody else has deleted the client since."]);
  assert.deepEqual([changed.isDone, gone.isDone], [true, true]);
});

test("an undo whose answer was lost is done", async () => {
  const client = { ...saved, name: "Old", phone: "1" };
  const { isDone, said } = await undone({ update: failing(412), get: () => ({ client, etag: '"9"' }) });
  assert.deepEqual([isDone, said], [true, ["Undid the change of New."]]);
});

test("an undo that failed can be tried again", async () => {
  const { isDone, said } = await undone({ update: failing(401) });
  assert.equal(isDone, false);
  assert.match(said.join(), /^The change could not be undone\. /);
});
