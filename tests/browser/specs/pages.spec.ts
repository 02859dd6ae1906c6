// The front page and the reference.

import { acceptViewer, expectNoSidewaysScroll, tabTo } from "../fixtures/page.ts";
import { expect, expectAccessible, test } from "../fixtures/test.ts";

test("the front page leads to everything", async ({ page, server }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  // Its lines can be pasted: they have the address and the local key.
  await expect(page.locator("pre").first()).toContainText(`${server.origin}/api/v1`);
  await expect(page.locator("pre").first()).toContainText(server.key);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  const paths = ["/docs", "/console", "/openapi.json"];
  for (const path of paths) {
    await expect(page.locator(`main a[href="${path}"]`).first()).toBeVisible();
    expect((await page.request.get(path)).status(), path).toBe(200);
  }
});

test("the front page needs no mouse", async ({ page }) => {
  await page.goto("/");
  const link = page.locator('main a[href="/console"]').first();
  await tabTo(page, link);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/console/);
});

test("the reference shows guides and every operation", async ({ page, request, faults }) => {
  await page.goto("/docs");
  const contract = await (await request.get("/openapi.json")).json();
  const reference = page.locator("#reference");
  await expect(reference.getByRole("heading", { name: contract.info.title, level: 1 })).toBeVisible();
  for (const [, guide] of contract.info.description.matchAll(/^## (.*)$/gm)) {
    await expect(reference.getByRole("heading", { name: guide, exact: true })).toBeAttached();
  }
  for (const [path, methods] of Object.entries<object>(contract.paths)) {
    for (const method of Object.keys(methods).filter((name) => name !== "parameters")) {
      const anchor = `#tag/clients/${method.toUpperCase()}${path}`;
      await expect(reference.locator(`a[href$="${anchor}"]`).first(), anchor).toBeAttached();
    }
  }
  await expectNoSidewaysScroll(page);
  acceptViewer(faults);
});

test("an operation can be tried in the reference, with the local key and by keyboard alone", async ({
  page,
  server,
  faults,
}) => {
  await page.goto("/docs#tag/clients/GET/clients");
  const open = page.getByRole("button", { name: "Test Request (get /clients)" }).first();
  await open.focus();
  await page.keyboard.press("Enter");
  const send = page.getByRole("button", { name: /^Send/ }).first();
  await expect(send).toBeVisible();
  const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/api/v1/clients");
  await send.focus();
  await page.keyboard.press("Enter");
  const answer = await answered;
  expect(answer.status()).toBe(200);
  expect(answer.request().headers().authorization).toBe(`Bearer ${server.key}`);
  await expect(page.getByText(/200\s*OK/).first()).toBeVisible();
  acceptViewer(faults);
});

test("axe finds nothing in the reference", async ({ page, faults }) => {
  await page.goto("/docs");
  await expect(page.locator("#reference").getByRole("heading", { level: 1 })).toBeVisible();
  const disableRules = [
    // The viewer's samples scroll sideways, and browsers let the keyboard reach what scrolls by themselves.
    "scrollable-region-focusable",
    // On a phone the viewer has a header of its own below ours.
    "landmark-no-duplicate-banner",
    "landmark-unique",
  ];
  await expectAccessible(page, { disableRules });
  acceptViewer(faults);
});
