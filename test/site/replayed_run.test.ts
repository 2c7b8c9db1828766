// Home's run from a recording: the same curve and the same weights as the engine's run, which can go on from it; the self-test too.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digits } from "../../site/build/digits.ts";
import { Devices } from "../../site/engine/device.ts";
import { mnistPictures, type Pictures } from "../../site/engine/pictures.ts";
import type { CurvePoint, Events, Progress, ValidationPoint } from "../../site/engine/protocol.ts";
import { type AboutRun, type Kind, nameOfRun, nameOfTest } from "../../site/engine/replay/recordings.ts";
import { ReplayedRun } from "../../site/engine/replay/replayed_run.ts";
import { Run } from "../../site/engine/run/run.ts";
import { takeSnapshot } from "../../site/engine/run/snapshot.ts";
import { judged, numbers } from "../../site/engine/self_test/self_test_cases.ts";
import { type Device, setDefaultDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { type HostTensor, openPrograms } from "../../src/replay/programs.ts";

const folder = mkdtempSync(join(tmpdir(), "wgrad-recorded-"));
let device: Device;
let pictures: Pictures;
beforeAll(async () => {
  execFileSync(process.execPath, ["--import", "tsx", "site/build/record.ts", folder]);
  device = await requestDevice({ features: "none" });
  pictures = mnistPictures(await digits());
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programsOf = async (name: string) =>
  openPrograms(readFileSync(join(folder, name)), (await requestDevice({ features: "none" })).gpu);

/** Listens to what a page would hear. */
function listener() {
  const points: CurvePoint[] = [];
  const validation: ValidationPoint[] = [];
  let last: Progress | null = null;
  const emit = <E extends keyof Events>(event: E, data: Events[E]) => {
    if (event !== "progress") return;
    last = data as Progress;
    points.push(...last.points);
    validation.push(...last.validation);
  };
  return { points, validation, emit, last: () => last };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function replayed(kind: Kind, gaveUp = () => {}) {
  const programs = await programsOf(nameOfRun(kind));
  const heard = listener();
  const about = programs.about as AboutRun;
  const run = new ReplayedRun({ programs, pictures, emit: heard.emit }, about, gaveUp);
  return { run, programs, about, ...heard };
}

/** Waits until the run has done so many steps, and stops it there or a little later. */
async function upTo(run: ReplayedRun, step: number) {
  run.play();
  while (run.step < step) await pause(5);
  await run.pause();
  await run.read;
  await pause(150);
}

async function engineRun(about: AboutRun, from?: Parameters<typeof Run.start>[2]) {
  const heard = listener();
  const devices = new Devices(async () => device);
  setDefaultDevice(device, true);
  const run = await Run.start(about.config, { devices, pictures, emit: heard.emit }, from);
  return { run, ...heard };
}

describe("a replayed run", () => {
  test("has the engine's curve and weights, and the engine goes on from it bit by bit", async () => {
    const { run, about, points, validation, last } = await replayed("software");
    await upTo(run, about.info.stepsPerEpoch + 3);
    expect(validation).toHaveLength(1);
    const { step } = run;
    const { from, goesOn } = await run.leave();
    expect([goesOn, from!.step]).toEqual([false, step]);

    const engine = await engineRun(about);
    await engine.run.steps(step);
    await pause(150);
    expect(points).toEqual(engine.points.filter((p) => p.step <= step));
    expect(points.length).toBeGreaterThan(10);
    expect(validation).toEqual(engine.validation);
    expect(run.info).toEqual(engine.run.info());
    expect(last()!.dispatches).toBe(engine.last()!.dispatches);

    const later = await engineRun(about, from!);
    for (const r of [engine.run, later.run]) await r.steps(5);
    const [a, b] = await Promise.all([engine.run, later.run].map((r) => takeSnapshot(r.network, r.step)));
    expect(b).toEqual(a);
    for (const r of [engine.run, later.run]) await r.close();
  }, 240_000);

  test("maps of its layers are the engine's; reset begins the same run again", async () => {
    const { run, about, points } = await replayed("software");
    await upTo(run, 6);
    const seen = await run.maps({ part: "test", index: 3 });
    expect(seen.step).toBe(run.step);
    const engine = await engineRun(about);
    await engine.run.steps(run.step);
    const { Views } = await import("../../site/engine/views.ts");
    expect(seen).toEqual(await new Views(engine.run).maps({ part: "test", index: 3 }));
    await engine.run.close();
    const first = points.slice();
    await run.reset();
    expect(run.step).toBe(0);
    points.length = 0;
    await upTo(run, 6);
    const both = Math.min(first.length, points.length);
    expect(points.slice(0, both)).toEqual(first.slice(0, both));
    expect(both).toBeGreaterThan(1);
    await expect(run.maps({ part: "test", index: 99_999 })).rejects.toThrow(/no picture/);
  }, 240_000);

  test("as recorded for a GPU it learns too", async () => {
    const { run, points } = await replayed("hardware");
    await upTo(run, 16);
    expect(points.at(-1)!.loss).toBeLessThan(0.8 * points[0]!.loss);
    await run.pause();
  }, 240_000);

  test("gives up where the device is lost, with its last snapshot", async () => {
    let calls = 0;
    const { run, programs } = await replayed("software", () => calls++);
    await upTo(run, 8);
    const { from } = await run.leave();
    run.play();
    programs.device.destroy();
    run.giveUp("lost");
    run.giveUp("lost again");
    await pause(300);
    const handed = await run.leave();
    expect(handed.goesOn).toBe(true);
    expect(handed.from!.step).toBeGreaterThanOrEqual(from!.step);
  }, 240_000);
});

test.each(["software", "hardware"] as const)(
  "the recorded self-test passes, twice: %s",
  async (kind) => {
    const programs = await programsOf(nameOfTest(kind));
    for (let i = 0; i < 2; i++) {
      programs.reset();
      const rows = await judged(numbers(), async (name) => ((await programs.call(name)) as HostTensor).data);
      expect(rows.filter((row) => !row.ok)).toEqual([]);
      expect(rows).toHaveLength(10);
    }
    // A device that computes something else is found.
    const [row] = await judged(numbers(), async (name) => {
      programs.reset();
      return ((await programs.call(name)) as HostTensor).data.map((v) => v * 1.001);
    });
    expect(row!.ok).toBe(false);
  },
  60_000,
);
