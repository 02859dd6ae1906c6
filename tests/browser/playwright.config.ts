// The browser, its sizes, and how the tests run.

import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";
import type { ServerOptions } from "./fixtures/server.ts";

const browsers = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
const executablePath = process.env.CHROMIUM ?? browsers.find((path) => existsSync(path));
if (!executablePath) throw new Error("there is no Chromium: install it, or name it in CHROMIUM");

const desktop = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
// Chromium's sandbox does not work for root.
const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

export default defineConfig<object, ServerOptions>({
  outputDir: "../../target/ci/browser",
  reporter: [["line"]],
  forbidOnly: !!process.env.CI,
  // A retry would hide a race.
  retries: 0,
  workers: 2,
  fullyParallel: true,
  // Long enough for a busy machine: a test that passes waits for nothing.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    launchOptions: { executablePath, args },
    locale: "en-GB",
    timezoneId: "UTC",
    // Without motion, nothing has to be waited for.
    contextOptions: { reducedMotion: "reduce" },
    // A trace of every test costs more than the tests: `--trace on` when one is needed.
    trace: "off",
    screenshot: "only-on-failure",
  },
  projects: process.env.SCREENSHOTS
    ? [{ name: "screenshots", testDir: "screenshots", use: { ...desktop, deviceScaleFactor: 1 }, workers: 1 }]
    : [
        { name: "desktop", testDir: "specs", use: desktop },
        { name: "phone", testDir: "specs", use: phone },
      ],
});
