// The console's list: search, order, filter, pages, and all of it in the address bar.

import { type Page } from "@playwright/test";
import { expect, expectAccessible, test } from "../fixtures/test.ts";

test.use({ demo: 260 });

const names = (page: Page) => page.locator("#clients tbody th a");
const isPhone = (page: Page) => (page.viewportSize()?.width ?? 0) < 640;

async function search(page: Page, query: string) {
  await page.getByRole("searchbox").fill(query);
  await expect(page).toHaveURL((url) => (url.searchParams.get("q") ?? "") === query);
  await expect(page.locator("#sheet")).toHaveAttribute("aria-busy", "false");
}

/** Sorts by the header, or by the list that phones have instead of the creation's column. */
async function sort(page: Page, header: string, value: string) {
  const button = page.getByRole("button", { name: header, exact: true });
  await (isPhone(page) && header === "Created" ? page.locator("#sorting").selectOption(value) : button.click());
}

test("shows the clients, the newest first, with their number", async ({ page, server }) => {
  await page.goto("/console");
  const { data, total } = await server.send("GET", "/clients?limit=50&sortOrder=desc");
  await expect(names(page)).toHaveText(data.map(({ name }: { name: string }) => name));
  await expect(page.locator("#total")).toHaveText(String(total));
  await expect(page.locator("#range")).toHaveText(`1–50 of ${total}`);
  await expectAccessible(page);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
});

test("marks what a search has found, in names and phone numbers", async ({ page, server }) => {
  await server.create({ name: "Zoë Marksøn", phone: "+1 (444) 321-98" });
  await page.goto("/console");
  await search(page, "markson, zoe");
  await expect(page.locator("#clients tbody mark")).toHaveText(["Zoë", "Marksøn"]);
  await search(page, "444.32198");
  await expect(page.locator("#clients tbody .phone mark")).toHaveText("444) 321-98");
  await expectAccessible(page);
});

test("names are text, whatever they contain", async ({ page, server }) => {
  const name = `<img src=x onerror="document.title='hacked'"> <b>Bold</b>`;
  await server.create({ name, notes: "<script>document.title='hacked'</script>", phone: "<i>1</i>" });
  await page.goto("/console?q=onerror");
  await expect(names(page)).toHaveText([name]);
  await names(page).click();
  await expect(page.locator("#panel-title")).toHaveText(name);
  await expect(page.locator("#panel-facts code")).toBeVisible();
  expect(await page.locator("img, #clients b, #clients script").count()).toBe(0);
  await expect(page).toHaveTitle("Clients – Console");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Shortcuts" }).or(page.locator("h1")).first().focus();
});

test("an earlier answer never replaces a later one", async ({ page, server }) => {
  await server.create({ name: "Late Answer" });
  await page.goto("/console");
  await expect(names(page).first()).toBeVisible();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(/query=late(&|$)/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await page.getByRole("searchbox").fill("late");
  await expect(page).toHaveURL(/q=late$/);
  await search(page, "jose");
  const found = await names(page).allTextContents();
  release();
  await page.evaluate(() => fetch("/openapi.json"));
  expect(await names(page).allTextContents()).toEqual(found);
  expect(found.join()).not.toContain("Late Answer");
});

test("sorts by the headers", async ({ page, server }) => {
  await page.goto("/console");
  for (const [header, sortBy, value] of [
    ["Name", "name", "name asc"],
    ["Phone", "phone", "phone asc"],
    ["Status", "status", "status asc"],
  ] as const) {
    await sort(page, header, value);
    await expect(page.getByRole("columnheader", { name: header, exact: true })).toHaveAttribute(
      "aria-sort",
      "ascending",
    );
    const { data } = await server.send("GET", `/clients?limit=50&sortBy=${sortBy}`);
    await expect(names(page)).toHaveText(data.map(({ name }: { name: string }) => name));
  }
  await sort(page, "Status", "status desc");
  await expect(page).toHaveURL(/sort=status&order=desc/);
  await sort(page, "Created", "createdAt desc");
  await expect(page).toHaveURL(/\/console$/);
});

test("turns the pages, by buttons and by number", async ({ page, server }) => {
  const { total } = await server.send("GET", "/clients?limit=1");
  const last = Math.ceil(total / 50);
  await page.goto("/console");
  await page.getByRole("button", { name: "Next page" }).click();
  await expect(page.locator("#range")).toHaveText(`51–100 of ${total}`);
  await page.getByRole("button", { name: "Last page" }).click();
  await expect(page.locator("#range")).toHaveText(`${(last - 1) * 50 + 1}–${total} of ${total}`);
  await expect(page.getByRole("button", { name: "Next page" })).toHaveAttribute("aria-disabled", "true");
  await page.locator("#page").fill("3");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/page=3$/);
  await expect(page.locator("#range")).toHaveText(`101–150 of ${total}`);
  await page.getByLabel("per page").selectOption("100");
  await expect(page).toHaveURL(/page=2&size=100$/);
  await expect(page.locator("#range")).toHaveText(`101–200 of ${total}`);
  await page.goto("/console?page=999");
  await expect(page).toHaveURL(new RegExp(`page=${last}$`));
});

test("everything is in the address bar, and back and forward lead through it", async ({ page, context }) => {
  await page.goto("/console");
  await search(page, "a");
  await page.getByText("Inactive", { exact: true }).first().click();
  await sort(page, "Name", "name asc");
  await expect(page).toHaveURL(/\?q=a&status=inactive&sort=name&order=asc$/);
  await expect(page.locator("#sheet")).toHaveAttribute("aria-busy", "false");
  const shown = await names(page).allTextContents();
  await expect(page.locator("#clients tbody .badge.active")).toHaveCount(0);
  await names(page).first().click();
  await expect(page).toHaveURL(/client=/);
  await expect(page.locator("#panel-facts code")).toBeVisible();

  const colleague = await context.newPage();
  await colleague.goto(page.url());
  await expect(colleague.locator("#panel")).toBeVisible();
  await expect(colleague.locator("#panel-title")).toHaveText(shown[0]!);
  await expect(names(colleague)).toHaveText(shown);
  await colleague.close();

  await page.goBack();
  await expect(page.locator("#panel")).toBeHidden();
  await page.goBack();
  await expect(page).toHaveURL(/\?q=a&status=inactive$/);
  await page.goBack();
  await expect(page).toHaveURL(/\?q=a$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/console$/);
  await expect(page.getByRole("searchbox")).toHaveValue("");
  await page.goForward();
  await expect(page.getByRole("searchbox")).toHaveValue("a");
});

test("the key is kept in the tab alone", async ({ page, context, server }) => {
  await page.goto("/console");
  await page.getByRole("button", { name: "Sign out" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in" });
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  const key = dialog.getByLabel("API key");
  await key.fill("ba_123");
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("not a whole key")).toBeVisible();
  await key.fill("ba_0123456789abcdef0123456789abcdef458177ba");
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("does not know this key")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();
  await key.fill(` ${server.key} `);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(names(page).first()).toBeVisible();
  await page.reload();
  await expect(names(page).first()).toBeVisible();
  expect(page.url()).not.toContain("ba_");
  expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, ""]);
  const stored = JSON.stringify(await context.storageState({ indexedDB: true }));
  expect(stored).not.toContain(server.key);
});
