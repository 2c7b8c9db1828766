// The op table in headless Firefox: a second browser engine, wgpu with Naga, on lavapipe. One pipeline at a time compiles
// there, and slowly: the first two ops of every family without attention; all of them with WGRAD_FIREFOX=all.
import { afterAll, beforeAll, expect, test } from "vitest";
import { failuresOf, summary } from "../../src/selftest/report.ts";
import { families } from "../../src/selftest/tables/index.ts";
import { findFirefox, openFirefox } from "./firefox.ts";
import type { OpenPage } from "./serve.ts";

const START_MS = 300_000;
const TABLE_MS = 900_000;

const A_FAMILY = 2;
const names = Object.entries(families).flatMap(([family, rows]) => {
  const all = process.env.WGRAD_FIREFOX === "all";
  return rows.slice(0, all ? undefined : family === "attention" ? 0 : A_FAMILY).map((r) => r.name);
});

const found = findFirefox();
const missing = typeof found === "string";

let open: OpenPage | undefined;
beforeAll(async () => {
  if (!missing) open = await openFirefox(found, "test/browser/page.html");
}, START_MS);
afterAll(() => open?.close());

test.skipIf(missing)(
  missing ? `ops of every family: skipped, ${found}` : "ops of every family",
  async () => {
    const report = await open!.page.evaluate((list) => window.wgradTests!.selftest(list), names);
    console.log(`Firefox, ${summary(report)}`);
    expect(failuresOf(report)).toEqual([]);
    expect(report.ops.length).toBe(names.length);
    expect(open!.errors).toEqual([]);
  },
  TABLE_MS,
);
