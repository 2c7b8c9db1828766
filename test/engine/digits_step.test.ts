// The digits step: LeNet with batch norm, dropout, AdamW and a schedule on real images. Captured against eager over 50
// steps; two runs bit for bit; what a step costs, counted on GPUDevice.

import { gunzipSync } from "fflate";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { DataLoader } from "../../src/data/loader.ts";
import { dataReader, MNIST_SOURCE } from "../../src/data/sets/files.ts";
import { digitDataset, loadMnist, type Mnist } from "../../src/data/sets/mnist.ts";
import { standardize } from "../../src/data/transforms/standardize.ts";
import { type Device, setDefaultDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { LeNet } from "../../src/models/lenet.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { WarmupCosineLR } from "../../src/optim/schedule.ts";
import { compile, type HostArray } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { weightsSha256 } from "../../src/train/checkpoint.ts";
import { countCalls, since } from "./counting.ts";

let mnist: Mnist;
let device: Device;
beforeAll(async () => {
  mnist = await loadMnist(dataReader(MNIST_SOURCE), { inflate: gunzipSync });
});
afterEach(() => device.destroy());

interface Run {
  readonly model: LeNet;
  readonly next: () => Tensor;
}

/** A fresh device, model and step; `next()` does one step on the next batch and returns its loss. */
async function start(compiled: boolean, batch: number): Promise<Run> {
  device = await requestDevice();
  setDefaultDevice(device, true);
  manualSeed(7);
  const transform = standardize<"x" | "y">({ ...mnist, field: "x" });
  const loader = new DataLoader<"x" | "y">(digitDataset(mnist.train), {
    batchSize: batch,
    shuffle: true,
    seed: 7,
    transform,
  });
  const model = new LeNet({ batchNorm: true, dropout: 0.25 });
  const optimizer = new AdamW(model.parameters(), { lr: 3e-3 });
  const schedule = new WarmupCosineLR(optimizer, { warmupSteps: 10, totalSteps: 100 });
  const body = (x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.minimize(loss);
    schedule.step();
    return { loss };
  };
  const upload = (a: HostArray) => tensor(a.data, { shape: a.shape });
  const step = compiled ? compile(body) : (x: HostArray, y: HostArray) => body(upload(x), upload(y));
  let index = 0;
  const next = () =>
    scope(() => {
      const { x, y } = loader.at(0, index++) as unknown as { x: HostArray; y: HostArray };
      return step(x, y).loss;
    });
  return { model, next };
}

async function losses(run: Run, steps: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = run.next();
    found.push(await loss.item());
    loss.release("test");
  }
  return found;
}

describe("the digits step", () => {
  test("captured and eager agree over 50 steps, and two captured runs are bit-identical", async () => {
    const eagerRun = await start(false, 16);
    const eager = await losses(eagerRun, 50);
    device.destroy();
    const firstRun = await start(true, 16);
    const first = await losses(firstRun, 50);
    const firstHash = await weightsSha256(firstRun.model);
    device.destroy();
    const secondRun = await start(true, 16);
    const second = await losses(secondRun, 50);
    eager.forEach((loss, i) => {
      expect(Math.abs(first[i] - loss)).toBeLessThanOrEqual(1e-5 * Math.abs(loss));
    });
    expect(second).toEqual(first);
    expect(await weightsSha256(secondRun.model)).toBe(firstHash);
    expect(first.slice(-10).reduce((a, b) => a + b) / 10).toBeLessThan(0.6 * first[0]);
  });

  test("captured: one submit, no buffer, no bind group, no pipeline a step", async () => {
    const run = await start(true, 8);
    for (let i = 0; i < 3; i++) run.next().release("test");
    await device.settle();
    const counts = countCalls(device.gpu);
    const before = { ...counts };
    for (let i = 0; i < 20; i++) {
      run.next().release("test");
      await device.pace();
    }
    const used = since(counts, before);
    expect(used).toMatchObject({ submits: 20, passes: 20, buffers: 0, bindGroups: 0, pipelines: 0, maps: 0 });
    expect(used.writes).toBe(60); // images, labels, host scalars
  });

  test("eager: no buffer after the tenth step, at most one submit per 16 dispatches", async () => {
    const run = await start(false, 8);
    for (let i = 0; i < 10; i++) {
      run.next().release("test");
      await device.pace();
    }
    await device.settle();
    const counts = countCalls(device.gpu);
    const before = { ...counts };
    for (let i = 0; i < 20; i++) {
      run.next().release("test");
      await device.pace();
    }
    await device.settle();
    const used = since(counts, before);
    expect(used.buffers).toBe(0);
    expect(used.submits).toBeLessThanOrEqual(used.dispatches / 16);
  });

  test.each([
    ["captured", true],
    ["eager", false],
  ] as const)("%s: GPU bytes flat over 500 steps", async (_, compiled) => {
    const counts = await countFromBirth(async () => start(compiled, 4));
    for (let i = 0; i < 20; i++) counts.run.next().release("test");
    await device.settle();
    const live = counts.live();
    const held = device.memory().liveBytes;
    for (let i = 0; i < 500; i++) {
      counts.run.next().release("test");
      await device.pace();
    }
    await device.settle();
    expect(counts.live()).toBe(live);
    expect(device.memory().liveBytes).toBe(held);
  });
});

async function countFromBirth(make: () => Promise<Run>): Promise<{ run: Run; live: () => number }> {
  const run = await make();
  const counts = countCalls(device.gpu);
  return { run, live: () => counts.liveBytes };
}
