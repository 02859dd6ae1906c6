// The screenshots of the documentation, in `docs/images`. `.ci/browser --screenshots` makes them; look at each.

import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { acceptViewer } from "../fixtures/page.ts";
import { expect, test } from "../fixtures/test.ts";

const images = fileURLToPath(new URL("../../../docs/images", import.meta.url));
/** The largest image: the README loads all of them. */
const MOST_BYTES = 200 * 1024;

// The port is in some images: they stay the same if nothing else changes.
test.use({ demo: 2_000, port: 8080 });

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    const shoot = (page: Page, name: string) => save(page, `${name}-${colorScheme}`);

    test("the front page", async ({ page }) => {
      await page.goto("/");
      await shoot(page, "front");
    });

    test("the reference", async ({ page, faults }) => {
      await page.goto("/docs");
      await expect(page.locator("#reference").getByRole("heading", { level: 1 })).toBeVisible();
      await shoot(page, "reference");
      acceptViewer(faults);
    });

    test("the list of clients with a search", async ({ page }) => {
      await page.goto("/console?q=jose&sort=name");
      await expect(page.locator("#clients mark").first()).toBeVisible();
      await shoot(page, "console");
    });

    test("a conflict of two changes", async ({ page, server }) => {
      const { id } = await server.create({ name: "José Núñez", phone: "+1 555-1234", notes: "Prefers the telephone" });
      await page.goto(`/console?q=jose&sort=name&client=${id}`);
      const panel = page.locator("#panel");
      await panel.getByLabel("Phone", { exact: true }).fill("+1 555-9876");
      await server.send("PATCH", `/clients/${id}`, { phone: "+1 555-5678", notes: "Prefers e-mail" });
      await panel.getByRole("button", { name: "Save changes" }).click();
      await expect(page.locator("#panel-other")).toBeVisible();
      await shoot(page, "conflict");
      await server.send("DELETE", `/clients/${id}?permanently=true`);
    });

    test("the preview of an import", async ({ page }) => {
      await page.goto("/console?q=jose&sort=name");
      await page.locator("#import").click();
      const table =
        "Full name;Mobile;Fax;Status;Notes\r\nJosé Núñez;+1 555-0100;;active;Met at the fair\r\nAda Lovelace;'020 7946 0001;;active;\r\n" +
        "Müller & Söhne;4.47E+11;;active;Call after nine\r\nGrace Hopper;+1 555-0102;+1 555-0103;inactive;Moved, no new address\r\n" +
        '"Example Ltd;020 7946 0002;;active;\r\nZoë Exemple;01 99 00 00 01;;gone;\r\nŁukasz Wałęsa;+48 22 555 01 00;;active;\r\n';
      const dialog = page.getByRole("dialog", { name: "Import clients" });
      await dialog
        .getByLabel("File")
        .setInputFiles({ name: "customers.csv", mimeType: "text/csv", buffer: Buffer.from(table) });
      await expect(dialog.getByRole("button", { name: /^Import 4 clients/ })).toBeVisible();
      await shoot(page, "import");
    });
  });
}

/** Saves what is seen as `docs/images/NAME.png`. */
async function save(page: Page, name: string) {
  await page.evaluate(() => document.fonts.ready);
  const path = `${images}/${name}.png`;
  const image = await page.screenshot({ path, animations: "disabled", caret: "hide" });
  expect(image.length, `${name}.png`).toBeLessThan(MOST_BYTES);
}
