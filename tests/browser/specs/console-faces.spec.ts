// What the console says when there is nothing, or no answer.

import { type Page, type Route } from "@playwright/test";
import { expect, expectAccessible, test } from "../fixtures/test.ts";

test.use({ demo: 0 });

const names = (page: Page) => page.locator("#clients tbody th a");
const heading = (page: Page, name: string) => page.getByRole("heading", { name });

test.beforeEach(async ({ server }) => {
  await server.clear();
});

function answer(page: Page, status: number, code: string, headers: Record<string, string> = {}) {
  const json = { code, detail: "What happened.", requestId: "8f0b6f4e" };
  return page.route("**/api/v1/clients?*", (route) =>
    route.fulfill({ status, json, headers: { "x-request-id": "8f0b6f4e", ...headers } }),
  );
}

test("an organization without clients offers to make one", async ({ page }) => {
  await page.goto("/console");
  await expect(heading(page, "There are no clients yet")).toBeVisible();
  await expectAccessible(page);
  await page.locator("#face").getByRole("button", { name: "New client" }).click();
  await expect(page.locator("#panel")).toBeVisible();
});

test("a search without matches offers to show all", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await page.goto("/console?q=nobody&status=inactive");
  await expect(heading(page, "No client matches")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Show all clients" }).click();
  await expect(names(page)).toHaveText(["Ann"]);
  await expect(page).toHaveURL(/\/console$/);
});

test("loading has a face, which is not read aloud", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/v1/clients?*", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/console");
  await expect(page.locator(".skeleton").first()).toBeVisible();
  await expect(page.locator("#sheet")).toHaveAttribute("aria-busy", "true");
  await expectAccessible(page);
  release();
  await expect(names(page)).toHaveText(["Ann"]);
});

test("500: says so, with the request, and tries again when asked", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await answer(page, 500, "internal_error");
  await page.goto("/console");
  await expect(heading(page, "The API has a fault")).toBeVisible();
  await expect(page.getByText("8f0b6f4e")).toBeVisible();
  await expectAccessible(page);
  await page.unroute("**/api/v1/clients?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(names(page)).toHaveText(["Ann"]);
});

for (const [status, code, title, liveness] of [
  [429, "rate_limited", "Too many requests", "Delayed"],
  [503, "unavailable", "The API is not available", "Reconnecting…"],
] as const) {
  test(`${status}: counts down, and goes on by itself`, async ({ page, server }) => {
    await server.create({ name: "Ann" });
    await answer(page, status, code, { "retry-after": "60" });
    await page.clock.install();
    await page.goto("/console");
    await expect(heading(page, title)).toBeVisible();
    await expect(page.getByText(/Trying again in (1 min|5\d s)/)).toBeVisible();
    await expectAccessible(page);
    await page.clock.runFor(20_000);
    await expect(page.getByText(/Trying again in [1-3]\d s/)).toBeVisible();
    await expect(page.locator("#liveness")).toHaveText(liveness);
    await page.unroute("**/api/v1/clients?*");
    await page.clock.runFor(60_000);
    await expect(names(page)).toHaveText(["Ann"]);
    await expect(page.locator("#liveness")).toHaveText("Live");
  });
}

test("too many clients to list: no attempt can help", async ({ page }) => {
  await answer(page, 503, "organization_too_large", { "retry-after": "1" });
  await page.goto("/console");
  await expect(heading(page, "There are too many clients to list")).toBeVisible();
  await expect(page.getByText("Trying again")).toBeHidden();
});

test("offline: what was read stays, and the console goes on when it is connected", async ({
  page,
  context,
  server,
}) => {
  await server.create({ name: "Ann" });
  await page.goto("/console");
  await expect(names(page)).toHaveText(["Ann"]);
  await context.setOffline(true);
  await expect(page.locator("#liveness")).toHaveText("Offline");
  await page.getByRole("searchbox").fill("bea");
  await expect(heading(page, "You are offline")).toBeVisible();
  await expect(names(page)).toHaveText(["Ann"]);
  await expectAccessible(page);
  await context.setOffline(false);
  await expect(heading(page, "No client matches")).toBeVisible();
  await expect(page.locator("#liveness")).toHaveText("Live");
});

for (const [what, fail] of [
  ["does not answer", (route: Route) => route.abort()],
  ["answers with half of a page", (route: Route) => route.fulfill({ status: 200, body: '{"data":[' })],
] as const) {
  test(`an API that ${what} is tried again`, async ({ page, server }) => {
    await server.create({ name: "Ann" });
    await page.route("**/api/v1/clients?*", fail);
    await page.goto("/console");
    await expect(heading(page, "The API does not answer")).toBeVisible();
    await page.unroute("**/api/v1/clients?*");
    await page.getByRole("button", { name: "Try now" }).click();
    await expect(names(page)).toHaveText(["Ann"]);
  });
}

test("401: asks for a key, and goes on where it was, with what was typed", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await page.goto("/console?q=ann&client=new");
  await page.locator("#panel").getByLabel("Name", { exact: true }).fill("Anna");
  const refuse = { status: 401, json: { code: "unauthorized", detail: "", requestId: "r" } };
  await page.route("**/api/v1/clients", (route) => route.fulfill(refuse));
  await page.getByRole("button", { name: "Create client" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in" });
  await expect(dialog.getByText("Your key is no longer accepted.")).toBeVisible();
  await expectAccessible(page);
  await page.unroute("**/api/v1/clients");
  await dialog.getByLabel("API key").fill(server.key);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL(/\?q=ann&client=new$/);
  await page.getByRole("button", { name: "Create client" }).click();
  await expect(names(page)).toHaveText(["Anna", "Ann"]);
});

test("a save that has to wait says so, and can be stopped", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann" });
  await page.goto(`/console?client=${id}`);
  await expect(page.locator("#panel-facts code")).toBeVisible();
  await page.route(`**/clients/${id}`, (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({
          status: 429,
          headers: { "retry-after": "30" },
          json: { code: "rate_limited", detail: "", requestId: "r" },
        })
      : route.fallback(),
  );
  await page.locator("#panel").getByLabel("Name", { exact: true }).fill("Anna");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.locator("#panel-note").getByText(/Trying again in (30|29) s/)).toBeVisible();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.locator("#panel-note").getByText("Stopped.")).toBeVisible();
  await expect(page.locator("#panel").getByLabel("Name", { exact: true })).toHaveValue("Anna");
});
