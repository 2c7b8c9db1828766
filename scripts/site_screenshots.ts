// `npx tsx scripts/site_screenshots.ts`: pictures of every page for the README, light and dark, 320 and 1280 pixels wide, into
// docs/site/. The pages show a run that trains in the browser meanwhile.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { Page } from "puppeteer-core";
import { chrome, openSite, type Site } from "../test/site/browser/open_site.ts";
import { stepOf, until } from "../test/site/browser/state.ts";

const FOLDER = fileURLToPath(new URL("../docs/site/", import.meta.url));
const WIDTHS = [
  { width: 320, height: 900 },
  { width: 1280, height: 900 },
];
/** Narrow pages are long: their beginning. */
const MOST_HEIGHT: Readonly<Record<number, number>> = { 320: 1600, 1280: 2000 };
const RUN_STEPS = 120;
const SETTLE_MS = 2500;
const BENCH_MS = 240_000;

const settled = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

const HASHES: Readonly<Record<string, string>> = {
  home: "#/",
  bench: "#/bench?auto=1",
  inspector: "#/microscope",
};
/** What is pressed before. */
const OPEN: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  train: (page) => page.locator("aria/Judge the test pictures").click(),
  inspector: async (page) => {
    await page.locator("aria/Open in the Inspector").click();
    await page.locator("aria/Why[role='tab']").click();
  },
};

async function take(page: Page, name: string): Promise<void> {
  for (const size of WIDTHS) {
    await page.setViewport({ ...size, deviceScaleFactor: 1 });
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await settled();
      const path = `${FOLDER}${name}-${size.width}-${scheme}.png` as const;
      await page.evaluate(() => scrollTo(0, 0));
      const whole = await page.evaluate(() => document.documentElement.scrollHeight);
      const height = Math.min(whole, MOST_HEIGHT[size.width]!);
      if (name === "inspector")
        await page.screenshot({ path }); // it stays in the window
      else
        await page.screenshot({
          path,
          captureBeyondViewport: true,
          clip: { x: 0, y: 0, width: size.width, height },
        });
      console.log(path);
    }
  }
}

/** Home shows a run of its own, the other pages one of Train. */
async function openRun(site: Site, name: string): Promise<Page> {
  const { page } = await site.open(name === "home" ? "#/" : "#/train", { search: "?test" });
  if (name !== "home") {
    await until(page, "the device is open", (s) => s.opened?.ok === true);
    await page.locator("aria/Run").click();
  }
  await until(page, "a run to show", (s) => stepOf(s) >= RUN_STEPS, BENCH_MS);
  return page;
}

async function main(names: readonly string[]): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const site = await openSite(await chrome());
  try {
    for (const name of names) {
      const page = await openRun(site, name);
      await page.evaluate((to) => {
        location.hash = to;
      }, HASHES[name] ?? `#/${name}`);
      await page.waitForSelector("main h1");
      await settled();
      await OPEN[name]?.(page);
      if (name === "bench") await page.waitForSelector("#bench-json", { timeout: BENCH_MS });
      else if (name !== "home") await page.evaluate(() => window.wgradSite!.call("pause"));
      await settled();
      await take(page, name);
      await page.browserContext().close();
    }
  } finally {
    await site.close();
  }
}

new Command("site_screenshots")
  .argument("[pages...]", "which pages", ["home", "train", "microscope", "inspector", "bench"])
  .action(main)
  .parse();
