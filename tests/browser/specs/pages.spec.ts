// The front page and the reference.

import { expectNoSidewaysScroll, tabTo } from "../fixtures/page.ts";
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

test("the reference shows guides and every operation", async ({ page, request }) => {
  await page.goto("/docs");
  const contract = await (await request.get("/openapi.json")).json();
  const reference = page.locator("#reference");
  await expect(reference.getByRole("heading", { name: contract.info.title, level: 1 })).toBeVisible();
  for (const methods of Object.values<Record<string, { summary?: string }>>(contract.paths)) {
    for (const { summary } of Object.values(methods)) {
      if (summary) await expect(reference.getByRole("heading", { name: summary, exact: true }).first()).toBeAttached();
    }
  }
  await expectNoSidewaysScroll(page);
});

test("an operation can be tried in the reference, with the local key", async ({ page, server }) => {
  await page.goto("/docs");
  const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/api/v1/clients");
  await page
    .getByRole("button", { name: /Test Request.*get.*\/clients\b/i })
    .first()
    .click();
  await page.getByRole("button", { name: /^Send/ }).click();
  const answer = await answered;
  expect(answer.status()).toBe(200);
  expect(answer.request().headers().authorization).toBe(`Bearer ${server.key}`);
  await expect(page.getByText("200 OK").first()).toBeVisible();
});

test("axe finds nothing in the reference", async ({ page }) => {
  await page.goto("/docs");
  await expect(page.locator("#reference").getByRole("heading", { level: 1 })).toBeVisible();
  await expectAccessible(page);
});
