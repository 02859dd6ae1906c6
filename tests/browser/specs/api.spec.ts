// The fixtures themselves: the API answers, and nobody without a key is let in.

import { expect, test } from "../fixtures/test.ts";

test("the API answers with the demo clients", async ({ server, demo, request }) => {
  const { total } = await server.send("GET", "/clients?limit=1");
  expect(total).toBeGreaterThanOrEqual(demo);
  expect((await request.get("/api/v1/clients")).status()).toBe(401);
});
