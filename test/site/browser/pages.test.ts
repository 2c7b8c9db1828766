// Every page, with and without a GPU, light and dark, 320 and 1280 pixels wide: no error, no request to another origin, nothing that
// axe finds, nothing wider than the window. And each cause of there being no GPU has its own message.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violations } from "./axe.ts";
import { chrome, openSite, type Site } from "./open_site.ts";
import { noGpuMessage, stepOf, until } from "./state.ts";

const START_MS = 240_000;
const PAGE_MS = 90_000;
/** Until what a page asks the engine for has come. */
const SETTLE_MS = 3000;
const PAGES = ["home", "train", "microscope", "bench"];
const SIZES = [
  { width: 320, height: 640 },
  { width: 1280, height: 800 },
];

describe.each([
  { name: "with a GPU", gpu: true },
  { name: "without a GPU", gpu: false },
])("$name", ({ gpu }) => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(await chrome({ gpu }));
  }, START_MS);
  afterAll(() => site?.close());

  test.each(PAGES)(
    "%s",
    async (name) => {
      const open = await site.open(name === "home" ? "#/" : `#/${name}`, { search: "?test" });
      const { page } = open;
      const { opened } = await until(page, "the device was asked for", (s) => s.opened !== null);
      expect(opened?.ok).toBe(gpu);
      if (!gpu)
        expect(await noGpuMessage(page)).toEqual({
          why: "no-adapter",
          text: expect.stringMatching(/found no GPU/),
        });
      if (gpu && name === "home") await until(page, "the run has begun", (s) => stepOf(s) > 3);
      for (const size of SIZES) {
        await page.setViewport(size);
        for (const scheme of ["light", "dark"]) {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          const where = `${name}, ${size.width} px, ${scheme}`;
          expect.soft(await violations(page), where).toEqual([]);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          expect.soft(width, `${where}: width of the page`).toBeLessThanOrEqual(size.width);
        }
      }
      expect(open.errors).toEqual([]);
      expect(open.foreign).toEqual([]);
      await open.close();
    },
    PAGE_MS,
  );
});

test(
  "every page with a run on",
  async () => {
    const site = await openSite(await chrome());
    try {
      const { page, errors, foreign } = await site.open("#/", { search: "?test" });
      await until(page, "the run has begun", (s) => stepOf(s) > 3);
      for (const name of PAGES.slice(1)) {
        await page.evaluate((to) => {
          location.hash = `#/${to}`;
        }, name);
        await page.waitForFunction((to) => document.title.toLowerCase().startsWith(to), {}, name);
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        for (const size of SIZES) {
          await page.setViewport(size);
          expect.soft(await violations(page), `${name}, ${size.width} px`).toEqual([]);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          expect.soft(width, `${name}: width of the page`).toBeLessThanOrEqual(size.width);
        }
      }
      expect(errors).toEqual([]);
      expect(foreign).toEqual([]);
    } finally {
      await site.close();
    }
  },
  PAGE_MS,
);

// No name server is asked: the name stands for this machine, but is none that counts as secure. The third cause, a browser without
// WebGPU: firefox.test.ts.
test(
  "a page that is not secure says so",
  async () => {
    const site = await openSite(await chrome({ args: ["--host-resolver-rules=MAP site.test 127.0.0.1"] }));
    try {
      const { page, errors } = await site.open("#/", { origin: "http://site.test" });
      expect(await noGpuMessage(page)).toEqual({
        why: "insecure",
        text: expect.stringMatching(/without https/),
      });
      expect(errors).toEqual([]);
    } finally {
      await site.close();
    }
  },
  PAGE_MS,
);
