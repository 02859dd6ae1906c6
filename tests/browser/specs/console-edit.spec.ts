// The console's form: create, change, and what happens if somebody else is at the same client.

import { type Page } from "@playwright/test";
import { expect, expectAccessible, test } from "../fixtures/test.ts";

test.use({ demo: 0 });

test.beforeEach(async ({ server }) => server.clear());

const names = (page: Page) => page.locator("#clients tbody th a");
const panel = (page: Page) => page.locator("#panel");
const field = (page: Page, label: string) => panel(page).getByLabel(label, { exact: true });
const save = (page: Page) => panel(page).getByRole("button", { name: "Save changes" }).click();
/** As if the tab had been looked at again, which asks for others' changes at once. */
const look = (page: Page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

async function open(page: Page, id: string) {
  await page.goto(`/console?client=${id}`);
  await expect(page.locator("#panel-facts code")).toHaveText(id);
}

test("creates a client", async ({ page, server }) => {
  await page.goto("/console");
  await page.getByRole("button", { name: "New client" }).first().click();
  await expect(page).toHaveURL(/client=new$/);
  await expect(field(page, "Name")).toBeFocused();
  await expectAccessible(page);
  await panel(page).getByRole("button", { name: "Create client" }).click();
  await expect(panel(page).getByText("A client needs a name.")).toBeVisible();
  await field(page, "Name").fill("Ada Lovelace");
  await field(page, "Phone").fill("+44 20 7946 0000");
  await field(page, "Notes").fill("First\nSecond");
  await panel(page).getByRole("button", { name: "Create client" }).click();
  await expect(panel(page)).toBeHidden();
  await expect(page).toHaveURL(/\/console$/);
  await expect(names(page)).toHaveText(["Ada Lovelace"]);
  await expect(names(page)).toBeFocused();
  const { data } = await server.send("GET", "/clients");
  expect(data).toMatchObject([
    { name: "Ada Lovelace", phone: "+44 20 7946 0000", status: "active", notes: "First\nSecond" },
  ]);
});

test("a create whose answer is lost makes one client, even if the form is changed before it is sent again", async ({
  page,
  server,
}) => {
  await page.goto("/console?client=new");
  let lost = 0;
  await page.route("**/api/v1/clients", async (route) => {
    if (route.request().method() !== "POST" || lost > 0) return route.fallback();
    lost += 1;
    await route.fetch();
    await route.abort();
  });
  await field(page, "Name").fill("Lost Answer");
  await panel(page).getByRole("button", { name: "Create client" }).click();
  await panel(page).getByRole("button", { name: "Stop" }).click();
  await field(page, "Name").fill("Found Answer");
  await panel(page).getByRole("button", { name: "Create client" }).click();
  await expect(names(page)).toHaveText(["Found Answer"]);
  expect((await server.send("GET", "/clients")).total).toBe(1);
});

test("shows the API's errors at their fields", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann" });
  await open(page, id);
  const problem = {
    code: "invalid_input",
    detail: "No.",
    requestId: "r",
    errors: [{ field: "phone", message: "must be a phone number" }],
  };
  await page.route(`**/clients/${id}`, (route) =>
    route.request().method() === "PATCH" ? route.fulfill({ status: 400, json: problem }) : route.fallback(),
  );
  await field(page, "Phone").fill("x");
  await save(page);
  await expect(panel(page).getByText("Must be a phone number")).toBeVisible();
  await expect(field(page, "Phone")).toBeFocused();
  await expectAccessible(page);
});

test("saves only what was changed, and only over what was read; and takes it back", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann", phone: "1", notes: "n" });
  await open(page, id);
  await field(page, "Name").fill("Anna");
  const [request] = await Promise.all([page.waitForRequest((request) => request.method() === "PATCH"), save(page)]);
  expect(request.postDataJSON()).toEqual({ name: "Anna" });
  expect(request.headers()["if-match"]).toBe('"1"');
  await expect(names(page)).toHaveText(["Anna"]);
  await page.keyboard.press("u");
  await expect(names(page)).toHaveText(["Ann"]);
});

test("a lost update is shown side by side, and decided field by field", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann", phone: "1", notes: "old" });
  await open(page, id);
  await field(page, "Name").fill("Mine");
  await field(page, "Notes").fill("my notes");
  await field(page, "Status").selectOption("inactive");
  await server.send("PATCH", `/clients/${id}`, { name: "Theirs", notes: "their notes", phone: "2" });
  await save(page);
  await expect(panel(page).getByText("Somebody else has changed this client")).toBeFocused();
  const current = async () => (await server.send("GET", `/clients/${id}`)).data;
  expect(await current()).toMatchObject({ name: "Theirs", notes: "their notes", phone: "2", status: "active" });
  await expectAccessible(page);

  const group = (name: string) => panel(page).getByRole("group", { name });
  await expect(group("Name").locator(".value")).toHaveText(["Ann", "Theirs", "Mine"]);
  await expect(group("Phone").getByRole("radio", { name: /^Theirs/ })).toBeChecked();
  await expect(group("Status").getByRole("radio", { name: /^Yours/ })).toBeChecked();
  const saveChosen = panel(page).getByRole("button", { name: "Save the chosen values" });
  await saveChosen.click();
  await expect(panel(page).getByText("Choose theirs or yours for the name.")).toBeVisible();
  await group("Name")
    .getByRole("radio", { name: /^Theirs/ })
    .check();
  await group("Notes")
    .getByRole("radio", { name: /^Yours/ })
    .check();
  // They are at it again.
  await server.send("PATCH", `/clients/${id}`, { name: "Theirs again" });
  await saveChosen.click();
  await expect(group("Name").locator(".value").nth(1)).toHaveText("Theirs again");
  await saveChosen.click();
  await expect(panel(page)).toBeHidden();
  expect(await current()).toMatchObject({ name: "Theirs again", notes: "my notes", phone: "2", status: "inactive" });
});

test("an update whose answer was lost is no conflict", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann" });
  await open(page, id);
  let lost = 0;
  await page.route(`**/clients/${id}`, async (route) => {
    if (route.request().method() !== "PATCH" || lost > 0) return route.fallback();
    lost += 1;
    await route.fetch();
    await route.fulfill({
      status: 503,
      headers: { "retry-after": "1" },
      json: { code: "unavailable", detail: "", requestId: "r" },
    });
  });
  await field(page, "Name").fill("Anna");
  await save(page);
  await panel(page).getByRole("button", { name: "Try now" }).click();
  await expect(names(page)).toHaveText(["Anna"]);
  await expect(panel(page)).toBeHidden();
});

test("a client that was deleted meanwhile is restored with the changes, if that is wanted", async ({
  page,
  server,
}) => {
  const { id } = await server.create({ name: "Ann" });
  await open(page, id);
  await field(page, "Name").fill("Anna");
  await server.send("DELETE", `/clients/${id}`);
  await save(page);
  await expect(panel(page).getByRole("heading", { name: "This client has been deleted" })).toBeVisible();
  await panel(page).getByRole("button", { name: "Restore it and save my changes" }).click();
  await expect(panel(page)).toBeHidden();
  await expect(names(page)).toHaveText(["Anna"]);
});

test("a client that was deleted for good can be made anew", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann" });
  await open(page, id);
  await field(page, "Name").fill("Anna");
  await server.send("DELETE", `/clients/${id}?permanently=true`);
  await save(page);
  await panel(page).getByRole("button", { name: "Restore it and save my changes" }).click();
  await panel(page).getByRole("button", { name: "Create a new client from what I typed" }).click();
  await panel(page).getByRole("button", { name: "Create client" }).click();
  await expect(names(page)).toHaveText(["Anna"]);
});

test("a link to a client that is gone says so", async ({ page }) => {
  await page.goto("/console?client=fa1696f5-ce78-8ff9-bc92-9003e1d6803a");
  await panel(page).getByRole("button", { name: "Restore it" }).click();
  await expect(panel(page).getByRole("heading", { name: "There is no such client" })).toBeVisible();
  await panel(page).getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(page).toHaveURL(/\/console$/);
});

test("others' changes reach an open form, and replace nothing that was typed", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann", phone: "1" });
  await open(page, id);
  await server.send("PATCH", `/clients/${id}`, { phone: "2" });
  await look(page);
  await expect(field(page, "Phone")).toHaveValue("2");
  await field(page, "Name").fill("Mine");
  await server.send("PATCH", `/clients/${id}`, { name: "Theirs" });
  await look(page);
  await panel(page).getByRole("button", { name: "Compare" }).click();
  await expect(panel(page).getByRole("group", { name: "Name" }).locator(".value")).toHaveText([
    "Ann",
    "Theirs",
    "Mine",
  ]);
  await panel(page).getByRole("button", { name: "Back to the form" }).click();
  await expect(field(page, "Name")).toHaveValue("Mine");
  await expect(field(page, "Phone")).toHaveValue("2");
});

test("what was typed is not lost without a question", async ({ page, server }) => {
  const { id } = await server.create({ name: "Ann" });
  await page.goto("/console");
  await names(page).click();
  await expect(page.locator("#panel-facts code")).toHaveText(id);
  await field(page, "Name").fill("Anna");
  const question = page.getByRole("alertdialog", { name: "Discard your changes?" });
  await page.keyboard.press("Escape");
  await question.getByRole("button", { name: "Keep editing" }).click();
  await expect(field(page, "Name")).toHaveValue("Anna");
  // Escape again and again answers with no, and loses nothing.
  for (const isAsked of [true, false, true, false, true, false]) {
    await page.keyboard.press("Escape");
    await expect(question).toBeVisible({ visible: isAsked });
  }
  await expect(field(page, "Name")).toHaveValue("Anna");
  await page.goBack();
  await question.getByRole("button", { name: "Keep editing" }).click();
  await expect(page).toHaveURL(/client=/);
  await expect(field(page, "Name")).toHaveValue("Anna");
  await page.goBack();
  await question.getByRole("button", { name: "Discard" }).click();
  await expect(panel(page)).toBeHidden();
  await expect(page).toHaveURL(/\/console$/);
  await expect(names(page)).toHaveText(["Ann"]);
  await expect(names(page)).toBeFocused();
});
