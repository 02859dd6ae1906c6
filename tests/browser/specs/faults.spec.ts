// The fixtures themselves: each of these pages has a fault, and fails its test.

import type { Page } from "@playwright/test";
import { expectAccessible, test } from "../fixtures/test.ts";

test.skip(({ isMobile }) => isMobile, "one size is enough");

const policy = "default-src 'none'; script-src 'self'; img-src data:; connect-src *";
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

/** Opens a page with a fault, or without one. */
async function open(page: Page, { html = "", script = "" }: { html?: string; script?: string }) {
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
}

test("the same page without a fault passes", async ({ page }) => open(page, {}));

for (const [name, fault] of Object.entries(faulty)) {
  test.fail(name, async ({ page }) => open(page, fault));
}
