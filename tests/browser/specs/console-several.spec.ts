// Deleting with undo, several clients at once, and what others change.

import { type Page } from "@playwright/test";
import { expect, expectAccessible, test } from "../fixtures/test.ts";

test.use({ demo: 0 });

test.beforeEach(async ({ server }) => server.clear());

const names = (page: Page) => page.locator("#clients tbody th a");
const box = (page: Page, name: string) => page.getByRole("checkbox", { name: `Select ${name}`, exact: true });
const look = (page: Page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

async function fill(
  server: { send: (method: string, path: string, body: unknown) => Promise<unknown> },
  count: number,
) {
  for (let from = 0; from < count; from += 100) {
    const operations = Array.from({ length: Math.min(100, count - from) }, (_, n) => ({
      operation: "create",
      client: { name: `Client ${String(from + n).padStart(3, "0")}` },
    }));
    await server.send("POST", "/clients/batch", { operations });
  }
}

test("a deletion can be undone", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await server.create({ name: "Bea" });
  await page.goto("/console?sort=name&order=asc");
  await names(page).first().focus();
  await page.keyboard.press("Delete");
  await expect(names(page)).toHaveText(["Bea"]);
  await expect(names(page)).toBeFocused();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(names(page)).toHaveText(["Ann", "Bea"]);
  await expect(names(page).first()).toBeFocused();
  await names(page).first().click();
  await page.locator("#panel").getByRole("button", { name: "Delete" }).click();
  await expect(names(page)).toHaveText(["Bea"]);
  await expect(page).toHaveURL(/\?sort=name&order=asc$/);
  await expectAccessible(page);
});

test("an undo that fails can be tried again", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await page.goto("/console");
  await names(page).focus();
  await page.keyboard.press("Delete");
  await page.route("**/restore", (route) =>
    route.fulfill({ status: 500, json: { code: "internal_error", detail: "", requestId: "r" } }),
  );
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Ann could not be restored.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
  await page.unroute("**/restore");
  await page.keyboard.press("u");
  await expect(names(page)).toHaveText(["Ann"]);
  await page.keyboard.press("u");
  await expect(page.getByText("There is nothing to undo.")).toBeVisible();
  // Errors stay, however many messages come.
  for (let n = 0; n < 5; n += 1) {
    await page.keyboard.press("u");
  }
  await expect(page.getByText("Ann could not be restored.")).toBeVisible();
  await expect(page.locator(".toast")).toHaveCount(4);
});

test("a client can be deleted before the panel has read it", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await page.goto("/console");
  await page.route("**/clients/*", (route) => (route.request().method() === "GET" ? undefined : route.fallback()));
  await names(page).click();
  await page.locator("#panel").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("Deleted Ann.")).toBeVisible();
});

test("a deletion that fails brings the client back", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await page.goto("/console");
  await page.route("**/clients/*", (route) =>
    route.request().method() === "DELETE"
      ? route.fulfill({ status: 500, json: { code: "internal_error", detail: "", requestId: "r" } })
      : route.fallback(),
  );
  await names(page).focus();
  await page.keyboard.press("Delete");
  await expect(page.getByText("Ann was not deleted.")).toBeVisible();
  await expect(names(page)).toHaveText(["Ann"]);
});

test("several are set inactive, which can be undone", async ({ page, server }) => {
  await fill(server, 5);
  await server.create({ name: "Client 9", status: "inactive" });
  await page.goto("/console?sort=name&order=asc");
  await box(page, "Client 001").click();
  await box(page, "Client 003").click({ modifiers: ["Shift"] });
  await box(page, "Client 9").click();
  await expect(page.locator("#selected")).toHaveText("4 selected");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Set inactive" }).click();
  await expect(page.locator("#clients .badge.inactive")).toHaveCount(4);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.locator("#clients .badge.inactive")).toHaveCount(1);
  await expect(page.locator("#clients tr").last().locator(".badge.inactive")).toHaveCount(1);
});

test("all that match are selected across pages, and deleted after their number was confirmed", async ({
  page,
  server,
}) => {
  await fill(server, 130);
  await server.create({ name: "Other" });
  await page.goto("/console?q=client&size=25");
  await page.getByRole("checkbox", { name: "Select all clients on this page" }).check();
  await expect(page.locator("#selected")).toHaveText("25 selected");
  await page.getByRole("button", { name: "Select all 130 that match" }).click();
  await expect(page.locator("#selected")).toHaveText("130 selected");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page
    .getByRole("alertdialog", { name: "Delete 130 clients?" })
    .getByRole("button", { name: "Delete 130 clients" })
    .click();
  await expect(page.getByText("Deleted 130 clients.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "No client matches" })).toBeVisible();
  expect((await server.send("GET", "/clients")).total).toBe(1);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Restored 130 clients.")).toBeVisible({ timeout: 45_000 });
  expect((await server.send("GET", "/clients")).total).toBe(131);
});

test("what could not be done is named, with the reason", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  const { id } = await server.create({ name: "Bea" });
  await page.goto("/console");
  await page.getByRole("checkbox", { name: "Select all clients on this page" }).check();
  await server.send("DELETE", `/clients/${id}`);
  await page.getByRole("button", { name: "Set inactive" }).click();
  await page.getByRole("button", { name: "Show which" }).click();
  const dialog = page.getByRole("dialog", { name: "1 client could not be changed" });
  await expect(dialog.getByText("Bea It no longer exists.")).toBeVisible();
  await server.send("POST", `/clients/${id}/restore`);
  await dialog.getByRole("button", { name: "Try it again" }).click();
  await expect(page.locator("#clients .badge.inactive")).toHaveCount(2);
});

test("what others change shows up by itself, and disturbs nothing", async ({ page, server }) => {
  await page.clock.install();
  const ann = await server.create({ name: "Ann" });
  const bea = await server.create({ name: "Bea" });
  await page.goto("/console?sort=name&order=asc");
  await box(page, "Bea").click();
  await names(page).last().focus();
  await server.create({ name: "Abe" });
  await server.send("PATCH", `/clients/${ann.id}`, { status: "inactive" });
  await page.clock.runFor(5_000);
  await expect(names(page)).toHaveText(["Abe", "Ann", "Bea"]);
  await expect(page.locator("#total")).toHaveText("3");
  await expect(names(page).last()).toBeFocused();
  await expect(box(page, "Bea")).toBeChecked();
  await server.send("DELETE", `/clients/${bea.id}`);
  await page.clock.runFor(5_000);
  await expect(names(page)).toHaveText(["Abe", "Ann"]);
  await expect(names(page).last()).toBeFocused();
});

test("nobody asks for changes while the tab is hidden", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await page.clock.install();
  await page.goto("/console");
  await expect(names(page)).toHaveText(["Ann"]);
  let requests = 0;
  page.on("request", () => (requests += 1));
  const set = (state: string) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await set("hidden");
  await expect(page.locator("#liveness")).toHaveText("Paused");
  await page.clock.runFor(60_000);
  expect(requests).toBe(0);
  await server.create({ name: "Bea" });
  await set("visible");
  await expect(names(page)).toHaveText(["Bea", "Ann"]);
  await look(page);
});
