// wgrad in headless Chrome: THE op table, and 50 training steps. No Chrome, no pass: the message says what to install.
import { afterAll, beforeAll, expect, test } from "vitest";
import { failuresOf, summary } from "../../src/selftest/index.ts";
import { records } from "../../src/selftest/tables/index.ts";
import { openChrome } from "./chrome.ts";
import type { OpenPage } from "./serve.ts";

const START_MS = 300_000; // a browser may have to be installed
const TABLE_MS = 600_000;
const STEPS = 50;

let open: OpenPage;
beforeAll(async () => {
  open = await openChrome("test/browser/page.html");
}, START_MS);
afterAll(() => open?.close());

test(
  "every row of the op table",
  async () => {
    const report = await open.page.evaluate(() => window.wgradTests!.selftest());
    console.log(`Chrome, ${summary(report)}`);
    expect(failuresOf(report)).toEqual([]);
    expect(report.ops.length).toBe(records.length);
    expect(open.errors).toEqual([]);
  },
  TABLE_MS,
);

test("what autotune measured stands in IndexedDB", async () => {
  const first = await open.page.evaluate(() => window.wgradTests!.tuned());
  expect(first.measured).toBe(true);
  expect(Object.keys(first.entries.reduce!)).toEqual(["rows 64 of 512"]);
  const second = await open.page.evaluate(() => window.wgradTests!.tuned());
  expect(second).toEqual({ entries: first.entries, measured: false });
  expect(open.errors).toEqual([]);
});

test(`${STEPS} compiled training steps`, async () => {
  const losses = await open.page.evaluate((steps) => window.wgradTests!.trainDigits(steps), STEPS);
  const mean = (list: readonly number[]) => list.reduce((s, v) => s + v, 0) / list.length;
  expect(losses.length).toBe(STEPS);
  expect(mean(losses.slice(0, 5))).toBeGreaterThan(1.5); // ln 10 = 2.3 at the start
  expect(mean(losses.slice(-5))).toBeLessThan(0.5);
  expect(open.errors).toEqual([]);
});
