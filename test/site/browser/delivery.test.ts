// How the site comes and how it stays: the size of its scripts, links that are wrong, the use without a network, and a main thread
// that is free while a run goes on.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chrome, openSite, type Site } from "./open_site.ts";
import type { Served } from "./serve_files.ts";
import { stepOf, until } from "./state.ts";
import { longTasks } from "./trace.ts";

const START_MS = 240_000;
const TEST_MS = 120_000;
const LONGEST_TASK_MS = 50;
const SETTLE_MS = 2000;

/** Bytes of gzipped JavaScript before the first interaction, by who runs it. */
interface Sizes {
  readonly page: number;
  readonly worker: number;
}
/** Of both together, by page. */
const budgets: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(new URL("../../../site/budget.json", import.meta.url), "utf8"),
);

let site: Site;
beforeAll(async () => {
  site = await openSite(await chrome());
}, START_MS);
afterAll(() => site?.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A script belongs to the worker if it is its first, or one of its scripts asked for it. The first is imported from a blob. */
function scriptSizes(served: readonly Served[]): Sizes {
  const seen = new Map<string, "page" | "worker">();
  const sizes = { page: 0, worker: 0 };
  for (const { path, bytes, referrer, as } of served) {
    if (!path.endsWith(".js") || as === "serviceworker" || seen.has(path)) continue;
    const asker = [...seen].find(([script]) => referrer.endsWith(script))?.[1];
    const owner = /(^|\/)worker-[^/]*$/.test(path) ? "worker" : (asker ?? "page");
    seen.set(path, owner);
    sizes[owner] += gzipSync(bytes, { level: 9 }).length;
  }
  return sizes;
}

describe("scripts before the first interaction", () => {
  test.each(Object.keys(budgets))(
    "%s",
    async (name) => {
      site.server.withheld.add("offline_worker.js"); // it fetches everything, and would answer for the server
      const from = site.server.served.length;
      const { page, close } = await site.open(name === "home" ? "#/" : `#/${name}`, { search: "?test" });
      if (name === "home") await until(page, "the run goes on", (s) => stepOf(s) > 1);
      else await until(page, "the device is open", (s) => s.opened !== null);
      await pause(SETTLE_MS);
      await close();
      const hook = /test_hook/; // loaded for the tests alone
      const sizes = scriptSizes(site.server.served.slice(from).filter(({ path }) => !hook.test(path)));
      console.log(`${name}: page ${kB(sizes.page)}, worker ${kB(sizes.worker)} gzipped`);
      expect(sizes.worker).toBeGreaterThan(10_000);
      expect(sizes.page + sizes.worker).toBeLessThanOrEqual(budgets[name]!);
    },
    TEST_MS,
  );
});

const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

test.each([
  ["#/train?v=99&lr=0.1", /newer version of the site \(99; this is 1\)/],
  [
    "#/train?v=1&lr=quick&batch=-3",
    /lr: must be from .* the link says "quick".*batch: must be from 1 to 512/s,
  ],
  ["#/train?v=1&layers=conv+x,magic", /layers: "conv x" needs channels/],
  ["#/%F0%9F%A6%84?%00=%FF&&&v", /No such page|version/],
  ["#/constructor", /No such page/],
  ["#/microscope?picture=minus%20one", /./],
])(
  "the link %s: a message, and a page that lives",
  async (hash, message) => {
    site.server.withheld.delete("offline_worker.js");
    const { page, errors, close } = await site.open(hash);
    expect(await page.evaluate(() => document.querySelector("main")!.textContent)).toMatch(message);
    expect(errors).toEqual([]);
    await page.locator("header nav a").click();
    await page.waitForFunction(() => location.hash.startsWith("#/") && document.title.startsWith("Home"));
    await close();
  },
  TEST_MS,
);

// Tried again where it fails: beside other work on the same core a task takes twice its time. What the site causes is there each time.
test("the main thread is free while a run goes on", { retry: 2, timeout: TEST_MS }, async () => {
  const { page, close } = await site.open("#/train", { search: "?test" });
  await until(page, "the device is open", (s) => s.opened?.ok === true);
  const tasks = await longTasks(page, LONGEST_TASK_MS, async () => {
    await page.locator("aria/Run").click();
    await until(page, "the run goes on", (s) => stepOf(s) > 30);
    await page.select("header select", "dark");
    await page.setViewport({ width: 600, height: 800 });
    await pause(SETTLE_MS);
  });
  expect(tasks).toEqual([]);
  await close();
});

test(
  "without a network: everything is there after the first visit",
  async () => {
    site.server.withheld.delete("offline_worker.js");
    const own = await openSite(await chrome());
    try {
      const { page } = await own.open("#/", { search: "?test" });
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null, { polling: 200 });
      await own.server.close();
      await page.reload();
      await page.waitForSelector("main h1");
      await until(page, "a run goes on without a network", (s) => stepOf(s) > 3);
      for (const name of ["train", "microscope", "bench"]) {
        await page.evaluate((to) => (location.hash = `#/${to}`), name);
        await page.waitForFunction((to) => document.title.toLowerCase().startsWith(to), {}, name);
        await page.waitForFunction(() => document.querySelector("main h1") !== null);
        expect(await page.evaluate(() => document.querySelector("main")!.textContent)).not.toMatch(
          /could not be loaded/,
        );
      }
    } finally {
      await own.close();
    }
  },
  TEST_MS,
);
