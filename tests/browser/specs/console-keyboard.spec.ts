// The keyboard alone suffices.

import { type Page } from "@playwright/test";
import { expect, expectAccessible, test } from "../fixtures/test.ts";

test.use({ demo: 0 });

const names = (page: Page) => page.locator("#clients tbody th a");

test.beforeEach(async ({ server }) => {
  await server.clear();
});

test("creates, finds, opens, changes, selects, deletes and undoes", async ({ page, hasTouch }) => {
  test.skip(
    !!hasTouch,
    "On a phone, opening a client does not focus a field: its keyboard would cover the half of it.",
  );
  const { keyboard } = page;
  await page.goto("/console?sort=name&order=asc");
  await expect(page.getByRole("heading", { name: "There are no clients yet" })).toBeVisible();
  for (const name of ["Ann", "Bea", "Cleo"]) {
    await keyboard.press("n");
    await expect(page.locator("#panel").getByLabel("Name", { exact: true })).toBeFocused();
    await keyboard.type(name);
    await keyboard.press("Control+Enter");
    await expect(page.locator("#panel")).toBeHidden();
    await expect(names(page).filter({ hasText: name })).toBeFocused();
  }
  await keyboard.press("k");
  await expect(names(page).nth(1)).toBeFocused();
  await keyboard.press("ArrowUp");
  await expect(names(page).nth(0)).toBeFocused();
  await keyboard.press("End");
  await expect(names(page).nth(2)).toBeFocused();
  await keyboard.press("Home");
  await keyboard.press("j");

  await keyboard.press("Enter");
  await expect(page.locator("#panel-title")).toHaveText("Bea");
  await keyboard.type(" Arthur");
  await keyboard.press("Enter");
  await expect(page.locator("#panel")).toBeHidden();
  await expect(names(page).nth(1)).toHaveText("Bea Arthur");
  await expect(names(page).nth(1)).toBeFocused();
  await keyboard.press("e");
  await expect(page.locator("#panel")).toBeVisible();
  await keyboard.press("Escape");
  await expect(names(page).nth(1)).toBeFocused();

  await keyboard.press("x");
  await keyboard.press("Shift+ArrowDown");
  await expect(page.locator("#selected")).toHaveText("2 selected");
  await keyboard.press("Delete");
  await expect(names(page)).toHaveText(["Ann"]);
  await keyboard.press("u");
  await expect(names(page)).toHaveText(["Ann", "Bea Arthur", "Cleo"]);

  await keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await keyboard.type("cleo");
  await expect(names(page)).toHaveText(["Cleo"]);
  await keyboard.press("ArrowDown");
  await expect(names(page)).toBeFocused();
  await keyboard.press("/");
  await keyboard.press("Escape");
  await expect(names(page)).toHaveCount(3);
});

test("shows its shortcuts, and single keys can be turned off", async ({ page, server }) => {
  await server.create({ name: "Ann" });
  await page.goto("/console");
  await expect(names(page)).toHaveText(["Ann"]);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  await dialog.getByLabel("Use single keys as shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.keyboard.press("n");
  await expect(page.locator("#panel")).toBeHidden();
  await page.keyboard.press("ArrowDown");
  await expect(names(page)).toBeFocused();
});

test("everything is reached by Tab, and the table is one stop for its row", async ({ page, server }) => {
  for (const name of ["Ann", "Bea", "Cleo"]) await server.create({ name });
  await page.goto("/console");
  await expect(names(page)).toHaveCount(3);
  const stops: string[] = [];
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute("aria-label") ?? (element?.id || element?.textContent) ?? "";
    });
    if (stops.includes(stop)) break;
    stops.push(stop);
  }
  for (const stop of [
    "import",
    "export",
    "new",
    "query",
    "Select all clients on this page",
    "Select Cleo",
    "Cleo",
    "Next page",
    "page",
    "size",
  ]) {
    expect(stops).toContain(stop);
  }
  expect(stops).not.toContain("Bea");
});
