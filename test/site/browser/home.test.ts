// Home learns from a recording, without the engine; the engine comes with what needs it and goes on where the run stands.
import { afterAll, beforeAll, expect, test } from "vitest";
import { chrome, openSite, type Site } from "./open_site.ts";
import { stepOf, until } from "./state.ts";

const START_MS = 240_000;
const TEST_MS = 120_000;

let site: Site;
beforeAll(async () => {
  site = await openSite(await chrome());
  site.server.withheld.add("offline_worker.js"); // it fetches everything
}, START_MS);
afterAll(() => site?.close());

const engineServed = (from: number) =>
  site.server.served.slice(from).some(({ path }) => /(^|\/)(engine-|shaders-)/.test(path));

/** The service worker is missing on purpose. */
const faults = (errors: readonly string[]) =>
  errors.filter((e) => !/offline_worker\.js|fetching the script/.test(e));

test(
  "the run of Home goes on in the microscope: same step, same curve; only then the engine comes",
  async () => {
    const from = site.server.served.length;
    const { page, errors, close } = await site.open("#/", { search: "?test" });
    await until(page, "Home learns", (s) => stepOf(s) > 12 && s.points.length > 3);
    await page.locator("aria/Pause").click();
    const paused = await until(page, "it is paused", (s) => s.progress?.state === "paused");
    await page.locator("aria/Test again").click();
    await page.waitForFunction(() => /All \d+ are right/.test(document.querySelector("main")!.textContent!));
    expect(engineServed(from)).toBe(false);

    await page.evaluate(() => (location.hash = "#/microscope"));
    await page.waitForFunction(() => document.title.startsWith("Microscope"));
    const history = await page.evaluate(() => window.wgradSite!.call("history"));
    expect(engineServed(from)).toBe(true);
    expect(history).toEqual([stepOf(paused)]);
    await page.evaluate(() => window.wgradSite!.call("step", 6));
    const later = await until(page, "six steps more", (s) => stepOf(s) === stepOf(paused) + 6);
    expect(later.points.slice(0, paused.points.length)).toEqual(paused.points);
    expect(later.points.length).toBeGreaterThan(paused.points.length);

    // The same steps by the engine alone, which has another device with further features: the same but for rounding.
    const whole = await site.open("#/train", { search: "?test" });
    await until(whole.page, "the device is open", (s) => s.opened?.ok === true);
    await whole.page.evaluate(() => document.querySelector<HTMLButtonElement>("button.primary")!.click());
    const { points } = await until(whole.page, "as far", (s) => s.points.length >= later.points.length);
    later.points.forEach(({ step, loss }, i) => {
      expect(points[i]!.step).toBe(step);
      expect(Math.abs(points[i]!.loss - loss)).toBeLessThan(1e-3 * (1 + loss));
    });
    expect(faults([...errors, ...whole.errors])).toEqual([]);
    await whole.close();
    await close();
  },
  TEST_MS,
);

test(
  "the device of Home's run is lost: the engine goes on from the last snapshot",
  async () => {
    const { page, errors, close } = await site.open("#/", { search: "?test" });
    const before = await until(page, "Home learns", (s) => stepOf(s) > 25);
    await page.evaluate(() => window.wgradSite!.call("destroyDevice"));
    const after = await until(page, "it goes on", (s) => stepOf(s) > stepOf(before) + 12);
    expect(after.progress!.message).toMatch(/the run went on at step \d+ on a new one/);
    const steps = after.points.map((p) => p.step);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    expect(faults(errors)).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "a link with another config brings the engine at once",
  async () => {
    const { page, errors, close } = await site.open("#/?v=1&layers=flatten,linear 10&seed=4", {
      search: "?test",
    });
    await until(page, "it learns", (s) => stepOf(s) > 3);
    expect(await page.evaluate(() => window.wgradSite!.call("history"))).toContain(0);
    expect(faults(errors)).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "without recordings Home waits for the engine, and learns",
  async () => {
    site.server.withheld.add("home-run-software.bin");
    const from = site.server.served.length;
    const { page, close } = await site.open("#/", { search: "?test" });
    await until(page, "it learns", (s) => stepOf(s) > 3);
    expect(engineServed(from)).toBe(true);
    site.server.withheld.delete("home-run-software.bin");
    await close();
  },
  TEST_MS,
);
