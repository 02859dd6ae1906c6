// Two people's changes to one client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changedFields, check, NEW, patchOf, valuesOf } from "../../../functions/pages/web/console/fields.js";
import { differences, merged } from "../../../functions/pages/web/console/merge.js";
import { client } from "./sample.js";

/** @type {import("../../../functions/pages/web/console/fields.js").Values} */
const BASE = { name: "Ann", phone: "1", status: "active", notes: "x" };

test("each field has those who changed it", () => {
  const theirs = { ...BASE, name: "Anna", phone: "2", notes: "y" };
  const mine = { ...BASE, name: "Anne", phone: "2", status: /** @type {const} */ ("inactive") };
  const found = differences(BASE, theirs, mine);
  assert.deepEqual(
    found.map(({ field, changedBy }) => [field, changedBy]),
    [
      ["name", "both"],
      ["phone", "same"],
      ["status", "mine"],
      ["notes", "theirs"],
    ],
  );
});

test("what nobody chose stays theirs, except for what only I changed", () => {
  const theirs = { ...BASE, name: "Anna", notes: "y" };
  const mine = { ...BASE, name: "Anne", phone: "2" };
  const found = differences(BASE, theirs, mine);
  assert.deepEqual(merged(theirs, found, {}), { ...BASE, name: "Anna", phone: "2", notes: "y" });
  assert.deepEqual(merged(theirs, found, { name: "mine", phone: "theirs", notes: "mine" }), { ...BASE, name: "Anne" });
});

test("an update has the changed fields alone, and null for what is empty", () => {
  const after = { ...BASE, phone: "", status: /** @type {const} */ ("inactive") };
  assert.deepEqual(patchOf(after, changedFields(BASE, after)), { phone: null, status: "inactive" });
});

test("notes with the line breaks of another system are no change", () => {
  assert.equal(valuesOf(client(1, { notes: "a\r\nb" })).notes, "a\nb");
});

test("a form is checked as the API would", () => {
  const fields = (/** @type {Partial<typeof NEW>} */ values) => check({ ...NEW, ...values }).map(({ field }) => field);
  assert.deepEqual(fields({ name: "" }), ["name"]);
  assert.deepEqual(fields({ name: " \u200b\u00a0" }), ["name"]);
  assert.deepEqual(fields({ name: "😀".repeat(200), phone: "1".repeat(50), notes: "\tn\n".repeat(1666) }), []);
  assert.deepEqual(fields({ name: "😀".repeat(201), phone: "1".repeat(51), notes: "n".repeat(5001) }), [
    "name",
    "phone",
    "notes",
  ]);
  assert.deepEqual(fields({ name: "a\u0007", phone: "1\t", notes: "\u0007" }), ["name", "phone", "notes"]);
});
