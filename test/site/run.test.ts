// The worker's side of the site without a browser: what the Train page and the microscope ask of a run.

import { expect, test } from "vitest";
import { Engine } from "../../site/engine/engine.ts";
import { parseLayers } from "../../site/engine/layers.ts";
import type {
  CurvePoint,
  Events,
  MethodName,
  Methods,
  RunConfig,
  ValidationPoint,
} from "../../site/engine/protocol.ts";
import { Run } from "../../site/engine/run/run.ts";
import { takeSnapshot } from "../../site/engine/run/snapshot.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { blocks, CONFIG } from "./pictures.ts";

const PICTURES = blocks(3, 60); // 126 to train: 7 batches of 16 an epoch

/** An engine with own pictures and what it has told; `call` is typed as the page's. */
async function engineWith(config?: Partial<RunConfig>) {
  const told = {
    points: [] as CurvePoint[],
    validation: [] as ValidationPoint[],
    recovered: [] as number[],
    gpuBytes: 0,
  };
  const engine = new Engine({
    openDevice: () => requestDevice(),
    readDigits: () => Promise.reject(new Error("no digits here")),
    emit: <E extends keyof Events>(event: E, data: Events[E]) => {
      if (event === "recovered") told.recovered.push((data as Events["recovered"]).step);
      if (event !== "progress") return;
      const { points, validation, gpuBytes } = data as Events["progress"];
      const from = points[0]?.step ?? Number.POSITIVE_INFINITY;
      told.points = [...told.points.filter((p) => p.step < from), ...points];
      told.validation.push(...validation);
      told.gpuBytes = gpuBytes;
    },
  });
  const call = <M extends MethodName>(method: M, ...args: Parameters<Methods[M]>) =>
    engine.call(method, args) as Promise<Awaited<ReturnType<Methods[M]>>>;
  await call("own", PICTURES);
  if (config) await call("start", { ...CONFIG, ...config });
  /** Until the last message is out: they come ten a second. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 120));
  /** Runs to the end, or to where it stops by itself. */
  const finish = async () => {
    await call("play");
    await engine.run.idle();
    await settled();
  };
  return { engine, call, told, finish, settled };
}

const weightsOf = async ({ call }: Awaited<ReturnType<typeof engineWith>>) =>
  Buffer.from(await call("weights")).toString("base64");

test("the same seed gives the same curve, another seed another; the loss falls", async () => {
  const [a, b, c] = [await engineWith({}), await engineWith({}), await engineWith({ seed: 2 })];
  for (const engine of [a, b, c]) await engine.finish();
  expect(a.engine.run.state).toBe("finished");
  expect(a.told.points.map((p) => p.step)).toEqual(Array.from({ length: 42 }, (_, i) => i + 1));
  expect(a.told.points).toEqual(b.told.points);
  expect(a.told.points).not.toEqual(c.told.points);
  expect(a.told.validation.map((p) => p.step)).toEqual([7, 14, 21, 28, 35, 42]);
  expect(a.told.points.at(-1)!.loss).toBeLessThan(0.3 * a.told.points[0]!.loss);
  expect(a.told.validation.at(-1)!.accuracy).toBeGreaterThan(0.9);
  const info = await a.call("reset");
  expect(info).toMatchObject({
    stepsPerEpoch: 7,
    totalSteps: 42,
    counts: { train: 126, validation: 27, test: 27 },
  });
  expect(await a.call("history")).toEqual([0]);
  await a.finish();
  expect(await weightsOf(a)).toBe(await weightsOf(b));
});

test("steps are counted, a pause holds, a new rate counts from the next step", async () => {
  const e = await engineWith({ schedule: "constant" });
  await e.call("step", 3);
  expect([e.engine.run.step, e.engine.run.state]).toEqual([3, "paused"]);
  await e.call("play");
  await e.call("pause");
  const { step } = e.engine.run;
  await e.settled();
  expect([e.engine.run.step, e.engine.run.state]).toEqual([step, "paused"]);
  await e.call("setRate", 0);
  const before = readSafetensors(await e.call("weights")).tensors.get("0.weight")!.data;
  await e.call("step", 1);
  await e.settled();
  expect(readSafetensors(await e.call("weights")).tensors.get("0.weight")!.data).toEqual(before);
  expect(e.told.points.at(-1)).toMatchObject({ step: step + 1, lr: 0 });
  await expect(e.call("setRate", Number.NaN)).rejects.toThrow("learning rate");
});

test("a pause is on its way until the steps under way have ended; it can be taken back", async () => {
  const e = await engineWith({ epochs: 20 });
  const { run } = e.engine;
  run.play();
  while (run.step < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  const pausing = run.pause();
  const { step } = run;
  expect(run.state).toBe("pausing");
  await pausing;
  expect(run.state).toBe("paused");
  expect(run.step - step).toBeLessThanOrEqual(1);
  run.play();
  const taken = run.pause();
  run.play();
  expect(run.state).toBe("running");
  await e.call("step", 2);
  await taken;
  expect(run.state).toBe("paused");
  await run.close();
});

test("looking does not move the run: maps, matrix, kernels, an opened step behind the end", async () => {
  const e = await engineWith({ epochs: 1 });
  await e.call("step", 4);
  const before = await weightsOf(e);
  await e.call("kernels");
  const { layers, probabilities } = await e.call("maps", { part: "test", index: 0 });
  const confusion = await e.call("confusion");
  expect(await weightsOf(e)).toBe(before);
  expect(e.engine.run.step).toBe(4);
  expect(layers.map((l) => l.shape.join("x"))).toEqual(
    ["1x28x28", "4x14x14", "4x14x14", "4x14x14", "4x7x7", "196", "196", "3"], // biome-ignore format: a row
  );
  expect(layers[1]!.weight!.shape).toEqual([4, 1, 3, 3]);
  expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  expect(confusion.counts.reduce((a, b) => a + b)).toBe(27);
  const cells = await Promise.all(
    Array.from({ length: 9 }, (_, i) => e.call("cell", Math.floor(i / 3), i % 3)),
  );
  expect(cells.map((c) => c.length)).toEqual(confusion.counts);
  await e.finish();
  const end = await weightsOf(e);
  await e.call("inspect", { layer: 0, tensor: "output", index: [0, 0, 1, 1] }, false);
  expect([e.engine.run.step, e.engine.run.state, await weightsOf(e)]).toEqual([7, "finished", end]);
});

test("an opened step is the next step of the run", async () => {
  const [a, b] = [await engineWith({}), await engineWith({})];
  await a.call("step", 2);
  await a.call("inspect", { layer: 0, tensor: "weight", index: [0, 0, 1, 1] }, false);
  expect([a.engine.run.step, a.engine.run.retained?.step]).toEqual([3, 3]);
  await b.call("step", 3);
  expect(await weightsOf(a)).toBe(await weightsOf(b));
  await a.call("inspect", { layer: 0, tensor: "weight", index: [0, 0, 1, 0] }, true);
  expect(a.engine.run.step).toBe(3);
});

test("after the loss of the device the run goes on from its snapshot, bit by bit", async () => {
  const [a, b] = [await engineWith({}), await engineWith({})];
  await a.finish();
  await b.call("step", 20);
  await b.call("play");
  await b.call("destroyDevice");
  await b.engine.run.idle();
  await b.settled();
  expect(b.told.recovered).toHaveLength(1);
  expect(b.told.recovered[0]).toBeGreaterThanOrEqual(10);
  expect([b.engine.run.step, b.engine.run.state]).toEqual([42, "finished"]);
  expect(b.told.points).toEqual(a.told.points);
  expect(await weightsOf(b)).toBe(await weightsOf(a));
  for (let i = 0; i < 3; i++) {
    await b.call("destroyDevice");
    await b.call("weights").catch(() => {});
  }
  expect(b.engine.run.state).toBe("failed");
  await expect(b.call("play")).rejects.toThrow("lost 4 times within a minute");
});

test("a run from a snapshot goes on bit by bit, and still resets to the seed's weights", async () => {
  const e = await engineWith({});
  const seeds = await weightsOf(e);
  await e.call("step", 10);
  const { config, host, network } = e.engine.run;
  const at10 = await takeSnapshot(network, 10);
  const told: Events["progress"][] = [];
  const emit: typeof host.emit = (event, data) =>
    void (event === "progress" && told.push(data as Events["progress"]));
  const run = await Run.start(config, { ...host, emit }, at10);
  expect([run.step, run.state, run.history.steps()]).toEqual([10, "paused", [10]]);
  await e.call("step", 10);
  await run.steps(10);
  await e.settled();
  const weights = async ({ network }: Run) => (await takeSnapshot(network, 0)).tensors;
  expect(await weights(run)).toEqual(await weights(e.engine.run));
  const points = told.flatMap((t) => t.points);
  expect(points.map((p) => p.step)).toEqual(Array.from({ length: 10 }, (_, i) => i + 11));
  expect(points).toEqual(e.told.points.filter((p) => p.step > 10));
  await run.reset();
  await e.call("reset");
  expect([run.step, await weights(run)]).toEqual([0, await weights(e.engine.run)]);
  expect(await weightsOf(e)).toBe(seeds);
  await run.close();
});

test("GPU memory is flat over 100 steps", async () => {
  const e = await engineWith({ epochs: 20 });
  await e.call("step", 30);
  await e.settled();
  const before = e.told.gpuBytes;
  await e.call("step", 100);
  await e.settled();
  expect(e.told.gpuBytes).toBe(before);
});

test("an edited weight changes the maps and outlives a loss; earlier weights can be seen", async () => {
  const e = await engineWith({});
  await e.call("step", 2);
  const picture = { part: "test", index: 1 } as const;
  const before = await e.call("maps", picture);
  await e.call("edit", 0, "weight", [2, 0, 1, 1], 3);
  const after = await e.call("maps", picture);
  expect(after.layers[1]!.weight!.values[2 * 9 + 4]).toBe(3);
  expect(after.layers[1]!.values).not.toEqual(before.layers[1]!.values);
  expect(after.layers[1]!.values.subarray(0, 2 * 196)).toEqual(before.layers[1]!.values.subarray(0, 2 * 196));
  expect((await e.call("mapsAt", picture, 2)).probabilities).toEqual(before.probabilities);
  await e.engine.run.idle();
  await e.call("destroyDevice");
  expect((await e.call("maps", picture)).layers[1]!.weight!.values[2 * 9 + 4]).toBe(3);
  expect(await e.call("history")).toEqual([0, 1, 2]);
  await expect(e.call("edit", 2, "weight", [0], 1)).rejects.toThrow("layer 3 has no weight");
  await expect(e.call("edit", 0, "weight", [4, 0, 0, 0], 1)).rejects.toThrow("outside");
});

test("a run that learns nothing stops by itself; one that explodes says so", async () => {
  const idle = await engineWith({ lr: 0, patience: 2, epochs: 9, layers: parseLayers("flatten, linear 3") });
  await idle.finish();
  expect([idle.engine.run.step, idle.engine.run.state]).toEqual([21, "finished"]);
  const wild = await engineWith({
    optimizer: "sgd",
    lr: 100,
    layers: parseLayers("flatten, linear 64, linear 3"),
  });
  await wild.finish();
  expect(wild.engine.run.state).toBe("failed");
  await expect(wild.call("play")).rejects.toThrow("no number");
  await wild.call("reset");
  expect(wild.engine.run.state).toBe("paused");
});

const LISTS = [
  "conv 4 k5 s2 p2, gelu, avgpool 2, conv 3 k3, tanh, flatten, linear 8, sigmoid, linear 3",
  "conv 2, batchnorm, relu, maxpool 3, dropout 0.5, flatten, dropout 0.1, linear 3",
  "flatten, linear 3",
];

test.each(LISTS)("trains: %s", async (text) => {
  for (const optimizer of ["sgd", "rmsprop"] as const) {
    const e = await engineWith({ optimizer, lr: 1e-3, schedule: "warmup", layers: parseLayers(text) });
    await e.call("step", 2);
    await e.settled();
    expect(e.told.points).toHaveLength(2);
    expect(e.told.points.every((p) => Number.isFinite(p.loss))).toBe(true);
  }
});

test("what cannot be trained is refused in words", async () => {
  const e = await engineWith();
  const start = (config: Partial<RunConfig>) => e.call("start", { ...CONFIG, ...config });
  await expect(e.call("play")).rejects.toThrow("no run yet");
  await expect(start({ layers: parseLayers("linear 3") })).rejects.toThrow("put flatten in front");
  await expect(start({ layers: parseLayers("flatten, linear 4") })).rejects.toThrow("end with linear 3");
  await expect(start({ batch: 0 })).rejects.toThrow("batch must be a whole number");
  await expect(start({ optimizer: "lion" as never })).rejects.toThrow("no optimizer lion");
  await expect(start({ data: "mnist" })).rejects.toThrow("no digits here");
  await expect(e.engine.call("nonsense", [])).rejects.toThrow("no method nonsense");
  await expect(e.engine.call("toString", [])).rejects.toThrow("no method");
});

test("own pictures are checked before they are taken", async () => {
  const e = await engineWith();
  const own = (change: Partial<typeof PICTURES>) => e.call("own", { ...PICTURES, ...change });
  const none = new Uint8Array(0);
  await expect(own({ classes: ["one"], labels: new Uint8Array(180) })).rejects.toThrow("only one class");
  await expect(own({ classes: ["a", "b", "c", "d"] })).rejects.toThrow("class d has 0 pictures");
  await expect(own({ classes: Array.from({ length: 21 }, String) })).rejects.toThrow("21 classes are more");
  await expect(own({ classes: ["a", "b"] })).rejects.toThrow("no class");
  await expect(own({ images: PICTURES.images.subarray(1) })).rejects.toThrow("180 labels");
  await expect(own({ labels: none, images: none })).rejects.toThrow("no pictures");
  const many = new Uint8Array(20_001);
  await expect(own({ labels: many, images: new Uint8Array(20_001 * 784) })).rejects.toThrow(
    "20,001 pictures",
  );
});

test("the self-test passes", async () => {
  const e = await engineWith();
  const rows = await e.call("selfTest");
  expect(rows.filter((row) => !row.ok)).toEqual([]);
  expect(rows.length).toBe(10);
});
