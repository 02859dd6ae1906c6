// The fixtures themselves: each of these pages has a fault, and fails its test.

import { expect, expectAccessible, test } from "../fixtures/test.ts";

test.skip(({ isMobile }) => isMobile, "one size is enough");

const policy = "default-src 'none'; script-src 'self'; img-src *; connect-src *";
const faulty = {
  "an error on the console": { script: `console.error("a fault")` },
  "an error that nobody catches": { script: `throw new Error("a fault")` },
  "a promise that fails": { script: `Promise.reject(new Error("a fault"))` },
  "a request to another origin": { script: `fetch("http://localhost:9/").catch(() => {})` },
  "an asset that is missing": { html: `<script src="/assets/none.js"></script>` },
  "an inline script": { html: `<script>1</script>` },
  "an inline style": { html: `<p style="color: red">x</p>` },
  "a picture without a text": { html: `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">` },
};

test("a page without a fault passes", async ({ page, server, request, demo }) => {
  await page.goto("/");
  await expectAccessible(page);
  expect((await server.send("GET", "/clients?limit=1")).total).toBeGreaterThanOrEqual(demo);
  expect((await request.get("/api/v1/clients")).status()).toBe(401);
});

for (const [name, { html = "", script = "" }] of Object.entries<{ html?: string; script?: string }>(faulty)) {
  test.fail(name, async ({ page }) => {
    await page.route("**/faulty.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
    await page.route("**/faulty", (route) =>
      route.fulfill({
        contentType: "text/html",
        headers: { "content-security-policy": policy },
        body: `<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,"><main><h1>A page</h1>${html}</main><script src="/faulty.js"></script>`,
      }),
    );
    await page.goto("/faulty");
    await page.waitForLoadState("networkidle");
    await expectAccessible(page);
  });
}
