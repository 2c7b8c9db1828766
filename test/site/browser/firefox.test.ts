// The site in Firefox: Home, Train and the microscope load and train some steps; without WebGPU the page says so. A second browser
// engine, wgpu with Naga, on lavapipe: pipelines compile slowly there.
import { afterAll, beforeAll, expect, test } from "vitest";
import { findFirefox, launchFirefox } from "../../browser/firefox.ts";
import { openSite, type Site } from "./open_site.ts";
import { noGpuMessage, stepOf, until } from "./state.ts";

const START_MS = 240_000;
const TEST_MS = 300_000;
const COMPILE_MS = 200_000;
const SMALL = "layers=conv+4+k5+p2%2C+relu%2C+maxpool+4%2C+flatten%2C+linear+10&batch=32";

const found = findFirefox();
const missing = typeof found === "string";
const named = (text: string) => (missing ? `${text}: skipped, ${found}` : text);

let site: Site | undefined;
beforeAll(async () => {
  if (!missing) site = await openSite(launchFirefox(found));
}, START_MS);
afterAll(() => site?.close());

test.skipIf(missing)(
  named("Home, Train and the microscope train"),
  async () => {
    const { page, errors } = await site!.open(`#/?v=1&${SMALL}`, { search: "?test" });
    await until(page, "Home trains", (s) => stepOf(s) > 3, COMPILE_MS);
    let before = 0;
    for (const name of ["train", "microscope"]) {
      await page.evaluate((to) => {
        location.hash = location.hash.replace(/^#\/\w*/, `#/${to}`);
      }, name);
      await page.waitForFunction((to) => document.title.toLowerCase().startsWith(to), {}, name);
      const state = await until(page, `${name} trains on`, (s) => stepOf(s) > before + 10, COMPILE_MS);
      before = stepOf(state);
    }
    const text = await page.evaluate(() => document.querySelector("main")!.textContent);
    expect(text).not.toMatch(/could not be loaded/);
    expect(errors).toEqual([]);
  },
  TEST_MS,
);

test.skipIf(missing)(
  named("without WebGPU"),
  async () => {
    const { extraPrefsFirefox, ...options } = launchFirefox(found as Exclude<typeof found, string>);
    const own = await openSite({
      ...options,
      extraPrefsFirefox: { ...extraPrefsFirefox, "dom.webgpu.enabled": false },
    });
    try {
      const { page } = await own.open("#/");
      expect(await noGpuMessage(page)).toEqual({
        why: "no-webgpu",
        text: expect.stringMatching(/no WebGPU/),
      });
    } finally {
      await own.close();
    }
  },
  TEST_MS,
);
