// Exporting the clients that match a filter from the console.

import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/test.ts";

test.use({ demo: 250 });

/** Without the question where the file goes, which only people can answer. */
const withoutPicker = (page: Page) => page.addInitScript(() => Reflect.deleteProperty(window, "showSaveFilePicker"));

async function exported(page: Page): Promise<{ name: string; rows: string[] }> {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const download = await waiting;
  const file = readFileSync(await download.path(), "utf8");
  return { name: download.suggestedFilename(), rows: file.split("\r\n").slice(0, -1) };
}

test("what is filtered is exported in its order", async ({ page, server }) => {
  await withoutPicker(page);
  await page.goto("/console?status=inactive&sort=name&order=asc");
  await expect(page.getByRole("table", { name: "Clients" }).getByRole("row").nth(1)).toBeVisible();
  const { data, total } = await server.send("GET", "/clients?status=inactive&sortBy=name&sortOrder=asc&limit=100");
  const { name, rows } = await exported(page);
  expect(name).toMatch(/^clients-\d{4}-\d\d-\d\d\.csv$/);
  expect(rows[0]).toBe('\ufeff"id","name","phone","status","notes","createdAt","updatedAt"');
  expect(rows.length).toBe(total + 1);
  expect(rows.slice(1).map((row) => row.slice(1, 37))).toEqual(data.map(({ id }: { id: string }) => id));
  await expect(page.getByText(`Exported ${total} clients to ${name}.`)).toBeVisible();
});

test("all pages are exported, and written to the disk as they come where the browser can", async ({ page, server }) => {
  await page.addInitScript(() => {
    const written: string[] = [];
    const file = {
      write: async (text: string) => void written.push(text),
      close: async () => void document.body.setAttribute("data-file", JSON.stringify(written)),
      abort: async () => {},
    };
    Object.assign(window, { showSaveFilePicker: async () => ({ name: "mine.csv", createWritable: async () => file }) });
  });
  await page.goto("/console");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const { total } = await server.send("GET", "/clients?limit=1");
  await expect(page.getByText(`Exported ${total} clients to mine.csv.`)).toBeVisible();
  const written: string[] = JSON.parse((await page.locator("body").getAttribute("data-file")) ?? "[]");
  expect(written.length).toBeGreaterThan(2);
  expect(written.join("").split("\r\n").length).toBe(total + 2);
});

test("an export can be cancelled, and leaves no file", async ({ page }) => {
  await withoutPicker(page);
  await page.goto("/console");
  await expect(page.getByRole("table", { name: "Clients" }).getByRole("row").nth(1)).toBeVisible();
  await page.route("**/clients?*offset=99*", () => {});
  page.on("download", () => expect.soft("a download").toBe("none"));
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Export clients" });
  await expect(dialog.getByText(/^Exported 100 of /)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByText("The export was cancelled.")).toBeVisible();
});

test("a cancelled export removes the empty file that was made for it", async ({ page }) => {
  await page.addInitScript(() => {
    const file = { write: async () => {}, abort: async () => {} };
    const handle = {
      name: "mine.csv",
      createWritable: async () => file,
      getFile: async () => new File([], "mine.csv"),
      remove: async () => void document.body.setAttribute("data-removed", "true"),
    };
    Object.assign(window, { showSaveFilePicker: async () => handle });
  });
  await page.goto("/console");
  await page.route("**/clients?*offset=99*", () => {});
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await expect(page.getByRole("dialog", { name: "Export clients" }).getByText(/^Exported 100 of /)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByText("The export was cancelled.")).toBeVisible();
  await expect(page.locator("body")).toHaveAttribute("data-removed", "true");
});

test("an export that fails says so, and leaves no file", async ({ page }) => {
  await withoutPicker(page);
  await page.goto("/console");
  await expect(page.getByRole("table", { name: "Clients" }).getByRole("row").nth(1)).toBeVisible();
  await page.route("**/clients?*offset=99*", (route) =>
    route.fulfill({
      status: 500,
      contentType: "application/problem+json",
      body: '{"code":"internal","detail":"A fault."}',
    }),
  );
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await expect(page.getByText("The export failed: A fault.")).toBeVisible();
});

test("an export of nothing makes no file", async ({ page }) => {
  await page.addInitScript(() =>
    Object.assign(window, { showSaveFilePicker: () => console.error("somebody was asked for a file") }),
  );
  page.on("download", () => expect.soft("a download").toBe("none"));
  await page.goto("/console?q=nobody+of+this+name");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await expect(page.getByText("There is nothing to export: no client matches.")).toBeVisible();
});
