// Importing a CSV file in the console: the preview, what becomes of each record, and what happens if the API is slow,
// busy or away.

import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { expectNoSidewaysScroll, tabTo } from "../fixtures/page.ts";
import { expect, expectAccessible, test } from "../fixtures/test.ts";

// These tests change clients: they have a server of their own.
test.use({ demo: 0 });
test.beforeEach(async ({ server }) => server.clear());

/** The one beside the heading: an empty list has another. */
const importButton = (page: Page) => page.locator("#import");
const csv = (text: string, name = "clients.csv") => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
const many = (count: number) =>
  csv(`name,phone\n${Array.from({ length: count }, (_, at) => `client ${at},${at}`).join("\n")}\n`);

/** Opens the console and its import, and chooses a file. */
async function chooseFile(page: Page, file: ReturnType<typeof csv>): Promise<Locator> {
  await page.goto("/console");
  await importButton(page).click();
  const dialog = page.getByRole("dialog", { name: "Import clients" });
  await dialog.getByLabel("File").setInputFiles(file);
  return dialog;
}

test("a file is previewed, and what can be imported is imported", async ({ page, server }) => {
  const file = csv(
    "\ufeffFull name;Mobile;Fax;Status;Notes\r\nJosé Núñez;+1 555-0100;1;Aktiv;tea, no milk\r\n" +
      'Ann;4.47E+11;;;\r\n"Bob;1;;;\r\nEve;\'0123;;inactive;"two\r\nlines"\r\n',
    "Kunden.csv",
  );
  const dialog = await chooseFile(page, file);
  await expect(dialog.getByText("2 clients can be imported; 2 records cannot.")).toBeVisible();
  const preview = dialog.getByRole("region", { name: "Clients as they would be imported" });
  await expect(preview.getByRole("row", { name: "José Núñez +1 555-0100 active tea, no milk" })).toBeVisible();
  await expect(preview.getByRole("row", { name: "Eve 0123 inactive" })).toBeVisible();
  const rejects = dialog.getByRole("region", { name: "Records that cannot be imported" });
  await expect(rejects.getByRole("row", { name: /^3 Phone was damaged by a spreadsheet/ })).toBeVisible();
  await expect(rejects.getByRole("row", { name: /^4 A quotation mark/ })).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  // The preview has written nothing.
  expect((await server.send("GET", "/clients")).total).toBe(0);

  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download these records" }).click();
  const text = readFileSync(await (await download).path(), "utf8");
  expect(text).toContain(
    '"line","reason","record","Full name","Mobile","Fax","Status","Notes"\r\n"3","`phone` was damaged',
  );

  await dialog.getByRole("button", { name: "Import 2 clients" }).click();
  await expect(dialog.getByText("2 clients: 2 created.")).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(importButton(page)).toBeFocused();
  await expect(page.getByRole("table", { name: "Clients" })).toContainText("José Núñez");
  const { data } = await server.send("GET", "/clients?sortBy=name");
  expect(data.map(({ name, phone, status, notes }: Record<string, string>) => [name, phone, status, notes])).toEqual([
    ["Eve", "0123", "inactive", "two\r\nlines"],
    ["José Núñez", "+1 555-0100", "active", "tea, no milk"],
  ]);

  // The same file again makes nothing twice.
  await importButton(page).click();
  await dialog.getByLabel("File").setInputFiles(file);
  await dialog.getByRole("button", { name: "Import 2 clients" }).click();
  await expect(dialog.getByText("2 clients: 2 there already and left as they are.")).toBeVisible();
  expect((await server.send("GET", "/clients")).total).toBe(2);
});

test("columns that are not known are chosen", async ({ page, server }) => {
  const dialog = await chooseFile(page, csv("Wer,Wo,Phone\nAnn,hier,1\n"));
  await expect(dialog.getByRole("alert")).toContainText("No column is known to have names.");
  await expect(dialog.getByRole("button", { name: "Import" })).toBeDisabled();
  await dialog.getByLabel("Import Wer as").selectOption("Name");
  await dialog.getByLabel("Import Wo as").selectOption("Notes");
  await dialog.getByLabel("Import Phone as").selectOption("Not imported");
  await expect(dialog.getByRole("row", { name: "Ann active hier" })).toBeVisible();
  await dialog.getByRole("button", { name: "Import 1 client" }).click();
  await expect(dialog.getByText("1 client: 1 created.")).toBeVisible();
  expect((await server.send("GET", "/clients")).data[0]).toMatchObject({ name: "Ann", phone: null, notes: "hier" });
});

test("a file without a header loses no client", async ({ page, server }) => {
  const dialog = await chooseFile(page, csv("Ann,1\nBob,2\n"));
  await dialog.getByLabel("The first row is a client, not a header.").check();
  await dialog.getByLabel("Import Column 1 as").selectOption("Name");
  await dialog.getByRole("button", { name: "Import 2 clients" }).click();
  await expect(dialog.getByText("2 clients: 2 created.")).toBeVisible();
  expect((await server.send("GET", "/clients")).total).toBe(2);
});

test("the encoding and the delimiter can be set", async ({ page }) => {
  const greek = {
    ...csv(""),
    buffer: Buffer.from([...Buffer.from("name!phone\n"), 0xc3, 0xe5, 0xfe, 0xf1, 0x21, 0x31, 0x0a]),
  };
  const dialog = await chooseFile(page, greek);
  await dialog.getByLabel("Encoding").selectOption("Greek (Windows-1253)");
  await expect(dialog.getByLabel("Encoding")).toHaveValue("Greek (Windows-1253)");
  await dialog.getByLabel("Columns are separated by").selectOption("Comma");
  await expect(dialog.getByLabel("Encoding")).toHaveValue("Greek (Windows-1253)");
});

test("a file that is no table is refused by name, and another can be chosen", async ({ page }) => {
  const dialog = await chooseFile(page, csv("%PDF-1.7\n%\xe2\xe3\n", "clients.csv"));
  await expect(dialog.getByRole("alert")).toHaveText(
    "clients.csv cannot be imported. It is a PDF. Ask for the data as CSV.",
  );
  await expectAccessible(page);
  await dialog.getByLabel("File").setInputFiles(csv("", "empty.csv"));
  await expect(dialog.getByRole("alert")).toHaveText("empty.csv cannot be imported. It is empty.");
  await dialog.getByLabel("File").setInputFiles(csv("name,phone\n"));
  await expect(dialog.getByRole("alert")).toHaveText("The file has no records: there is nothing to import.");
  await expect(dialog.getByRole("button", { name: "Import" })).toBeDisabled();
});

test("a file can be dropped", async ({ page }) => {
  await page.goto("/console");
  await importButton(page).click();
  const dialog = page.getByRole("dialog", { name: "Import clients" });
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["name\nAnn\n"], "dropped.csv", { type: "text/csv" }));
    return transfer;
  });
  await dialog.getByText("Drop a CSV file here").dispatchEvent("drop", { dataTransfer: data });
  await expect(dialog.getByRole("button", { name: "Import 1 client" })).toBeVisible();
});

test("clients that are there are replaced if that is chosen", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann", phone: "1" });
  const table = `"id","name","phone","status","notes","createdAt","updatedAt"\r\n"${id}","Ann Lee","'+1","active","","",""\r\n`;
  const dialog = await chooseFile(page, csv(table));
  await expect(dialog.getByText("It is an export of this API")).toBeVisible();
  await dialog.getByLabel(/Replace existing clients/).check();
  await dialog.getByRole("button", { name: "Import 1 client" }).click();
  await expect(dialog.getByText("1 client: 1 replaced.")).toBeVisible();
  expect((await server.send("GET", `/clients/${id}`)).data).toMatchObject({ name: "Ann Lee", phone: "+1" });
});

test("an import that is stopped continues when the file is imported again", async ({ page, server }) => {
  const dialog = await chooseFile(page, many(250));
  // The second batch waits until the import was stopped.
  let batches = 0;
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  await page.route("**/clients/batch", async (route) => {
    batches += 1;
    if (batches === 2) await stopped;
    await route.continue();
  });
  await dialog.getByRole("button", { name: "Import 250 clients" }).click();
  await expect(dialog.getByText(/^Imported 100 of 250 clients/)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog.getByRole("button", { name: "Stopping…" })).toBeDisabled();
  // At a second Escape, a browser closes a dialog without asking.
  for (let presses = 0; presses < 4; presses += 1) {
    await page.keyboard.press("Escape");
    await expect(dialog.getByRole("button", { name: "Stopping…" })).toBeVisible();
  }
  stop();
  await expect(dialog.getByText("200 clients: 200 created.")).toBeVisible();
  await expect(dialog.getByText("Choose Continue, or import the same file later")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Continue" })).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).click();
  expect((await server.send("GET", "/clients?limit=1")).total).toBe(200);

  await importButton(page).click();
  await dialog.getByLabel("File").setInputFiles(many(250));
  await dialog.getByRole("button", { name: "Import 250 clients" }).click();
  await expect(dialog.getByText("250 clients: 50 created, 200 there already and left as they are.")).toBeVisible();
  expect((await server.send("GET", "/clients?limit=1")).total).toBe(250);
});

test("limits and a busy API are waited out", async ({ page, server }) => {
  const dialog = await chooseFile(page, many(3));
  const problem = (status: number, code: string) => ({
    status,
    headers: { "content-type": "application/problem+json", "retry-after": "1" },
    body: JSON.stringify({ status, code, title: code, detail: code, requestId: "test" }),
  });
  let attempts = 0;
  await page.route("**/clients/batch", async (route) => {
    attempts += 1;
    if (attempts === 1) return route.fulfill(problem(429, "rate_limited"));
    if (attempts === 2) return route.abort("connectionrefused");
    return route.continue();
  });
  await dialog.getByRole("button", { name: "Import 3 clients" }).click();
  await expect(dialog.getByText("The limit of requests a minute is reached. Continuing in 1 s.")).toBeVisible();
  await expect(dialog.getByText("The API cannot be reached. Continuing in 2 s.")).toBeVisible();
  await expect(dialog.getByText("3 clients: 3 created.")).toBeVisible();
  expect((await server.send("GET", "/clients")).total).toBe(3);
});

test("a fault of the API ends the import and says how to go on", async ({ page }) => {
  const dialog = await chooseFile(page, many(3));
  const detail = "Something went wrong on our side.";
  await page.route("**/clients/batch", (route) =>
    route.fulfill({
      status: 500,
      contentType: "application/problem+json",
      body: JSON.stringify({ code: "internal", detail }),
    }),
  );
  await dialog.getByRole("button", { name: "Import 3 clients" }).click();
  await expect(dialog.getByRole("alert")).toHaveText(`The import stopped. ${detail}`);
  await expect(dialog.getByText("Choose Continue, or import the same file later")).toBeVisible();
});

test("a record that the API could not take is tried again, and not corrected", async ({ page, server }) => {
  const dialog = await chooseFile(page, csv("Customer no,Name\n7,Ann\n8,Bob\n"));
  await expect(dialog.getByText("Clients are recognized by the column “Customer no”.")).toBeVisible();
  const results = [{ status: 201 }, { status: 500, problem: { detail: "Something went wrong on our side." } }];
  await page.route("**/clients/batch", (route) => route.fulfill({ json: { results } }), { times: 1 });
  await dialog.getByRole("button", { name: "Import 2 clients" }).click();
  await expect(dialog.getByRole("heading", { name: "1 record was not imported" })).toBeVisible();
  await expect(dialog.getByText("Correct what is wrong")).toBeHidden();
  await dialog.getByRole("button", { name: "Continue" }).click();
  await expect(dialog.getByText("2 clients: 2 created.")).toBeVisible();
  expect((await server.send("GET", "/clients")).total).toBe(2);
});

test("an import needs no mouse", async ({ page, server }) => {
  // From here on, so that the browser catches its dialog when Enter opens it.
  const chooser = page.waitForEvent("filechooser");
  await page.goto("/console");
  await expect(page.getByText("Import", { exact: true }).first()).toBeVisible();
  await tabTo(page, importButton(page));
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Import clients" });
  // The button that chooses a file has the focus; Enter opens the browser's own dialog.
  await expect(dialog.getByLabel("File")).toBeFocused();
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(csv("name,phone\nAnn,1\n"));
  const submit = dialog.getByRole("button", { name: "Import 1 client" });
  await expect(submit).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(importButton(page)).toBeFocused();
  expect((await server.send("GET", "/clients")).total).toBe(1);
});
