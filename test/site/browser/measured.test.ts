// What Home and Bench find out about the device: the self-test and the report, and the bench that a program runs and reads.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BenchReport } from "../../../site/engine/protocol.ts";
import { chrome, openSite, type Site } from "./open_site.ts";
import { stepOf, until } from "./state.ts";

const START_MS = 240_000;
const TEST_MS = 240_000;

let site: Site;
beforeAll(async () => {
  site = await openSite(await chrome());
}, START_MS);
afterAll(() => site?.close());

test(
  "Home: the self-test by itself, a run that can be paused, a report of all of it",
  async () => {
    const { page, errors, close } = await site.open("#/", { search: "?test" });
    await until(page, "a run goes on by itself", (s) => stepOf(s) > 2);
    const text = await page.evaluate(() => document.querySelector("main")!.textContent);
    expect(text).toMatch(/All \d+ are right/);
    await page.waitForSelector('canvas[aria-label^="Feature maps"]');
    await page.locator("aria/Pause").click();
    const { progress } = await until(page, "the run is paused", (s) => s.progress?.state === "paused");
    await page.locator("aria/Show it as of now").click();
    const report = await page.$eval("textarea", (field) => field.value);
    expect(report).toMatch(/^wgrad report, \d{4}-/);
    expect(report).toContain(await page.evaluate(() => navigator.userAgent));
    expect(report).toMatch(/swiftshader.*software/);
    expect(report).toMatch(/maxBufferSize \d+/);
    expect(report).toMatch(/self-test: (\d+) of \1 right/);
    expect(report).toContain("run: #/train");
    expect(report).not.toContain("WRONG");
    expect(progress!.step).toBeGreaterThan(2);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "Bench: #/bench?auto=1 measures by itself and leaves JSON",
  async () => {
    const { page, errors, close } = await site.open("#/bench?auto=1");
    await page.waitForSelector("#bench-json", { timeout: TEST_MS });
    const json = await page.$eval("#bench-json", (e) => e.textContent ?? "");
    const report = JSON.parse(json) as BenchReport & { readonly format: string };
    expect(report.format).toBe("wgrad-bench");
    expect(report.adapter.software).toBe(true);
    expect(report.rows.length).toBeGreaterThan(5);
    for (const row of report.rows) {
      expect(row.ok, row.name).toBe(true);
      expect(row.lowUs).toBeLessThanOrEqual(row.medianUs);
      expect(row.highUs).toBeGreaterThanOrEqual(row.medianUs);
    }
    expect(report.roofs.gflops).toBeGreaterThan(0);
    expect(report.roofs.gbs).toBeGreaterThan(0);
    expect(await page.$$eval(".bench-plot circle", (marks) => marks.length)).toBe(report.rows.length);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);
