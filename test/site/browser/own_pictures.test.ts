// Own pictures in the page: a folder of them trains by the field and by dropping it; what cannot be used gives a message beside the
// field, and the run goes on.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import type { ElementHandle, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CurvePoint } from "../../../site/engine/protocol.ts";
import { Generator } from "../../../src/tensor/philox.ts";
import { chrome, openSite, type Site } from "./open_site.ts";
import { stateOf, stepOf, until } from "./state.ts";

const START_MS = 240_000;
const TEST_MS = 150_000;
const WAIT_MS = 30_000;
const SETTINGS = "v=1&data=own&layers=conv+4+k5+p2%2C+relu%2C+maxpool+4%2C+flatten%2C+linear+2&batch=4";
const EACH = 40;
/** With 200 epochs of 70 steps the run goes on until the test has ended. */
const MANY = 200;
const SIDE = 32;

let site: Site;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wgrad-own-"));
  site = await openSite(await chrome());
}, START_MS);
afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Bright on one side, on noise: two classes that are easy to tell apart. */
function pictures(side: "left" | "right", count: number): Uint8Array[] {
  const noise = new Generator(side === "left" ? 1 : 2).u32(count * SIDE * SIDE);
  return Array.from({ length: count }, (_, i) => {
    const data = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
      const bright = at % SIDE < SIDE / 2 === (side === "left");
      return (bright ? 120 : 0) + (noise[i * SIDE * SIDE + at]! % 100);
    });
    return encode({ width: SIDE, height: SIDE, data, channels: 1 });
  });
}

/** A PNG that only says how large it is: it must be refused before anything is decoded. */
function huge(): Uint8Array {
  const [head] = pictures("left", 1);
  const bytes = Uint8Array.from(head!);
  new DataView(bytes.buffer).setUint32(16, 20_000);
  new DataView(bytes.buffer).setUint32(20, 20_000);
  return bytes;
}

/** Writes `name/class/0.png` and so on; the path. */
function made(
  name: string,
  classes: Readonly<Record<string, readonly Uint8Array[]>>,
  ending = "png",
): string {
  const root = join(folder, name);
  for (const [label, files] of Object.entries(classes)) {
    mkdirSync(join(root, label), { recursive: true });
    for (const [i, bytes] of files.entries()) writeFileSync(join(root, label, `${i}.${ending}`), bytes);
  }
  return root;
}

const texts = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new TextEncoder().encode(`no picture ${i}`));

async function choose(page: Page, path: string): Promise<void> {
  const field = (await page.waitForSelector("input[type=file]")) as ElementHandle<HTMLInputElement>;
  await field.uploadFile(path);
}

/** What a drop from the system's file manager gives. */
async function drop(page: Page, path: string): Promise<void> {
  const field = (await page.waitForSelector(".drop"))!;
  await field.scrollIntoView();
  const { x, y } = await field.clickablePoint();
  const session = await page.createCDPSession();
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x, y, data });
  await session.detach();
}

const said = (page: Page): Promise<string> =>
  page.$eval(".own", (panel) => panel.textContent ?? "").catch(() => "");

async function untilSaid(page: Page, what: RegExp): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!what.test(await said(page))) {
    if (Date.now() > end)
      throw new Error(`not said beside the field: ${what}; there stands: ${await said(page)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test(
  "a folder of pictures trains: the loss falls, by the field and by dropping",
  async () => {
    const good = made("good", { left: pictures("left", EACH), right: pictures("right", EACH) });
    const curves: (readonly CurvePoint[])[] = [];
    for (const give of [choose, drop]) {
      const { page, errors, foreign, close } = await site.open(`#/train?${SETTINGS}`, { search: "?test" });
      await until(page, "the device is open", (s) => s.opened?.ok === true);
      expect(await page.$eval("main", (main) => main.textContent)).toMatch(/drop them below/);
      await give(page, good);
      await untilSaid(page, /80 pictures in 2 classes.*left: 40.*right: 40/s);
      await page.locator("aria/Run").click();
      const { points } = await until(page, "it has learned", (s) => s.progress?.state === "finished");
      expect(points.at(-1)!.loss).toBeLessThan(0.3 * points[0]!.loss);
      expect(errors).toEqual([]);
      expect(foreign).toEqual([]);
      curves.push(points);
      await close();
    }
    expect(curves[1]).toEqual(curves[0]);
  },
  TEST_MS,
);

test(
  "what cannot be used: a message beside the field, and the run goes on",
  async () => {
    const left = pictures("left", 12);
    const cases: readonly [string, RegExp][] = [
      [made("none", { notes: texts(3) }, "txt"), /there is no picture among the files/],
      [made("single", { left }), /there is only one class, left/],
      [made("few", { left, right: pictures("right", 3) }), /the class right has only 3 pictures/],
      [
        made("text", { left, words: texts(12) }),
        /of the class words only 0 .*not a picture, whatever its name says/,
      ],
      [made("many", { left, right: Array(10_000).fill(left[0]) }), /more than 10,000 files/],
      [
        made("huge", { left, vast: Array.from({ length: 10 }, huge) }),
        /of the class vast only 0 .*20000x20000 are more than 64 megapixels/,
      ],
    ];
    const { page, errors, close } = await site.open(`#/train?${SETTINGS}&epochs=200`, { search: "?test" });
    await until(page, "the device is open", (s) => s.opened?.ok === true);
    const mixed = {
      left: [...pictures("left", MANY), ...texts(1)],
      right: [...pictures("right", MANY), huge()],
    };
    await choose(page, made("mixed", mixed));
    await untilSaid(page, /400 pictures in 2 classes.*2 files were skipped/s);
    await page.locator("aria/Run").click();
    await until(page, "the run goes on", (s) => stepOf(s) > 3);
    for (const [i, [path, message]] of cases.entries()) {
      await (i % 2 ? drop : choose)(page, path);
      await untilSaid(page, message);
      expect(await page.$eval(".own [role=alert]", (line) => line.textContent)).toMatch(message);
      const before = stepOf(await stateOf(page));
      const after = await until(page, `the run goes on after ${path}`, (s) => stepOf(s) > before);
      expect(after.progress!.state).toBe("running");
    }
    expect(await said(page)).toMatch(/400 pictures in 2 classes/);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);
