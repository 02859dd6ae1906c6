// The address bar's text for a view, and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asQuery, DEFAULT_VIEW, paramsOf, searchOf, viewOf } from "../../../functions/pages/web/console/address.js";

const CLIENT = "fa1696f5-ce78-8ff9-bc92-9003e1d6803a";

test("the usual view has a plain address", () => {
  assert.equal(searchOf(DEFAULT_VIEW), "");
  assert.deepEqual(viewOf(""), DEFAULT_VIEW);
});

test("a view is the same after its address was sent to somebody", () => {
  for (const changes of [
    { query: "José & +1 555 #%", page: 7 },
    { status: /** @type {const} */ ("inactive"), size: 100 },
    { sort: /** @type {const} */ ("name"), order: /** @type {const} */ ("asc") },
    { sort: /** @type {const} */ ("name"), order: /** @type {const} */ ("desc") },
    { order: /** @type {const} */ ("asc") },
    { client: CLIENT },
    { client: "new", query: "x" },
  ]) {
    const view = { ...DEFAULT_VIEW, ...changes };
    assert.deepEqual(viewOf(searchOf(view)), view);
  }
});

test("what is not understood counts as absent", () => {
  for (const search of [
    "?status=gone",
    "?sort=notes",
    "?order=up",
    "?page=0",
    "?page=-1",
    "?page=1e3",
    "?page=x",
    "?size=7",
    "?client=../../x",
    "?other=1",
    "?q=",
  ]) {
    assert.deepEqual(viewOf(search), DEFAULT_VIEW, search);
  }
});

test("no address leads to a request that the API refuses", () => {
  const far = viewOf("?page=9999999999&size=100");
  assert.ok(paramsOf(far).offset < 2 ** 32);
  assert.equal([...viewOf(`?q=${"😀".repeat(300)}`).query].length, 200);
  assert.equal(asQuery("a\tb\u0007c"), "a b c");
});
