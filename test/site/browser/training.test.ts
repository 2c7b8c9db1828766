// A run in the page: by keyboard alone, the same curve from the same seed, through a lost device, in a hidden tab, without a byte more.
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chrome, openSite, type Site, type SitePage } from "./open_site.ts";
import { stateOf, stepOf, until } from "./state.ts";

const START_MS = 240_000;
const TEST_MS = 150_000;
/** Puppeteer turns these throttles off; hidden tabs are to be as they are for people. */
const THROTTLES = [
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];
const BATCH = 32;
/** Small, so that steps are quick on a processor; 468 steps. */
const SMALL = `layers=conv+4+k5+p2%2C+relu%2C+maxpool+4%2C+flatten%2C+linear+10&batch=${BATCH}`;
const TABS = 60;

let site: Site;
beforeAll(async () => {
  site = await openSite({ ...(await chrome()), ignoreDefaultArgs: THROTTLES });
}, START_MS);
afterAll(() => site?.close());

async function openTrain(parameters = SMALL): Promise<SitePage> {
  const open = await site.open(`#/train?v=1&${parameters}`, { search: "?test" });
  await until(open.page, "the device is open", (s) => s.opened?.ok === true);
  return open;
}

/** Presses Tab until a button of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < TABS; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.textContent?.trim());
    if (focused === name) return;
  }
  throw new Error(`no button "${name}" within ${TABS} stops of the Tab key`);
}

test(
  "the keyboard alone: run, pause, step, go on",
  async () => {
    const { page, errors, close } = await openTrain();
    await tabTo(page, "Run");
    await page.keyboard.press("Enter");
    await until(page, "the run goes on", (s) => stepOf(s) > 5);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Pause");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("train-run");
    const paused = stepOf(await until(page, "the run is paused", (s) => s.progress?.state === "paused"));
    await tabTo(page, "Step");
    await page.keyboard.press("Space");
    const stepped = await until(
      page,
      "one step more",
      (s) => stepOf(s) > paused && s.progress?.state === "paused",
    );
    expect(stepOf(stepped)).toBe(paused + 1);
    // A button that is off for a while keeps the focus.
    await tabTo(page, "Reset");
    await page.keyboard.press("Enter");
    await until(page, "it stands at step 0", (s) => stepOf(s) === 0);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Reset");
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "the loss falls, and the same seed gives the same curve",
  async () => {
    const steps = 120;
    const curveOf = async (seed: number) => {
      const { page, errors, close } = await openTrain(`${SMALL}&seed=${seed}`);
      await page.locator("aria/Run").click();
      const { points } = await until(page, `${steps} steps`, (s) => (s.points.at(-1)?.step ?? 0) >= steps);
      expect(errors).toEqual([]);
      await close();
      return points.filter((p) => p.step <= steps);
    };
    const first = await curveOf(5);
    expect(first.length).toBeGreaterThan(10);
    expect(first.at(-1)!.loss).toBeLessThan(0.7 * first[0]!.loss);
    expect(await curveOf(5)).toEqual(first);
    expect((await curveOf(6))[0]!.loss).not.toBe(first[0]!.loss);
  },
  TEST_MS,
);

test(
  "a destroyed device: a message, a new device, and the steps go on",
  async () => {
    const { page, close } = await openTrain();
    await page.locator("aria/Run").click();
    const before = await until(page, "some steps", (s) => stepOf(s) >= 40);
    const lost = Date.now();
    await page.evaluate(() => window.wgradSite!.call("destroyDevice"));
    await until(page, "the page tells of it", (s) => /lost/.test(s.progress?.message ?? ""));
    const back = await until(
      page,
      "it runs again",
      (s) => s.progress?.state === "running" && / step \d/.test(s.progress.message ?? ""),
    );
    const seconds = (Date.now() - lost) / 1000;
    const text = await page.evaluate(() => document.querySelector("main")!.textContent);
    expect(text).toMatch(/the run went on at step \d+ on a new one/);
    const from = Number(/at step (\d+)/.exec(back.progress!.message!)![1]);
    console.log(
      `device destroyed at step ${stepOf(before)} or later, back at ${from} after ${seconds.toFixed(1)} s`,
    );
    const threeSeconds = (3 * before.progress!.imagesPerSecond) / BATCH;
    expect(stepOf(before) - from).toBeLessThanOrEqual(Math.max(10, threeSeconds));
    const after = await until(page, "the steps go on", (s) => stepOf(s) > stepOf(before) + 40);
    const steps = after.points.map((p) => p.step);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    await close();
  },
  TEST_MS,
);

test(
  "a hidden tab trains on, and the bytes on the GPU stay as they are",
  async () => {
    const { page, errors, close } = await openTrain(`${SMALL}&epochs=6`);
    await page.locator("aria/Run").click();
    // The first validation, after 157 steps, makes buffers of its own.
    await until(page, "the first epoch is over", (s) => s.validation.length > 0 && stepOf(s) >= 170);
    const front = await page.browserContext().newPage();
    await front.bringToFront();
    expect(await page.evaluate(() => document.visibilityState)).toBe("hidden");
    const hidden = await stateOf(page);
    const later = await until(page, "500 steps more", (s) => stepOf(s) >= stepOf(hidden) + 500);
    expect(await page.evaluate(() => document.visibilityState)).toBe("hidden");
    expect(later.progress!.gpuBytes).toBeGreaterThan(0);
    expect(later.progress!.gpuBytes).toBe(hidden.progress!.gpuBytes);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "behind the last step the Inspector says that its step is one more, and undone: it is",
  async () => {
    const { page, errors, close } = await site.open(`#/microscope?v=1&${SMALL}&epochs=1`, {
      search: "?test",
    });
    await page.waitForSelector('button[aria-disabled="false"].primary'); // there is a run
    const weights = () =>
      page.evaluate(async () => Array.from((await window.wgradSite!.call("weights")) as Uint8Array));
    await page.locator("aria/Run").click();
    const steps = stepOf(await until(page, "it has ended", (s) => s.progress?.state === "finished"));
    const before = await weights();
    await page.locator("aria/Open in the Inspector").click();
    const origin = await page.waitForSelector(".inspector .origin");
    expect(await origin!.evaluate((line) => line.textContent)).toMatch(
      new RegExp(`step ${steps + 1}, variant retained: one step more than the run has, undone afterwards`),
    );
    expect(stepOf(await stateOf(page))).toBe(steps);
    expect(await weights()).toEqual(before);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);
