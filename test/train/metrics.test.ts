// Metrics that count on the device, against the same counted on the host; eager and compiled.

import { beforeAll, describe, expect, test } from "vitest";
import { currentDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Accuracy, ConfusionMatrix, MeanMetric } from "../../src/train/metrics/counting.ts";

beforeAll(async () => {
  await requestDevice();
});

const CLASSES = 4;

/** Batches of 7, 7 and 3 samples: logits [b, 4], targets [b]. */
function batches() {
  const generator = new Generator(5);
  return [7, 7, 3].map((b) => ({
    logits: generator.uniform(b * CLASSES),
    target: Int32Array.from(generator.uniform(b), (u) => Math.floor(u * CLASSES)),
    b,
  }));
}

function largest(row: Float32Array): number {
  return row.reduce((best, v, i) => (v > row[best] ? i : best), 0);
}

function onHost() {
  const confusion = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
  let hits = 0;
  let samples = 0;
  for (const { logits, target, b } of batches()) {
    for (let i = 0; i < b; i++) {
      const guess = largest(logits.subarray(i * CLASSES, (i + 1) * CLASSES));
      confusion[target[i]][guess]++;
      if (guess === target[i]) hits++;
    }
    samples += b;
  }
  return { confusion, accuracy: hits / samples };
}

describe.each([
  ["eager", false],
  ["compiled", true],
] as const)("%s", (_, compiled) => {
  test("accuracy, confusion matrix and weighted mean; again after reset", async () => {
    const device = currentDevice();
    const accuracy = new Accuracy(device);
    const confusion = new ConfusionMatrix(CLASSES, device);
    const mean = new MeanMetric(device);
    const update = (logits: Tensor, target: Tensor, value: Tensor) => {
      accuracy.update(logits, target);
      confusion.update(logits, target);
      mean.update(value, target.size);
    };
    const run = compiled ? compile(update) : update;
    const want = onHost();
    for (let round = 0; round < 2; round++) {
      for (const [k, { logits, target, b }] of batches().entries())
        run(tensor(logits, { shape: [b, CLASSES] }), tensor(target), tensor([k + 1], { shape: [] }));
      expect(await accuracy.compute()).toBeCloseTo(want.accuracy, 6);
      expect(await confusion.compute()).toEqual(want.confusion);
      expect(await mean.compute()).toBeCloseTo((7 * 1 + 7 * 2 + 3 * 3) / 17, 6);
      for (const metric of [accuracy, confusion, mean]) metric.reset();
      expect(await accuracy.compute()).toBeNaN();
      expect(await mean.compute()).toBeNaN();
    }
  });
});

test("preparing counts nothing; a reset inside compile is part of every replay", async () => {
  const mean = new MeanMetric(currentDevice());
  const step = compile((x: Tensor) => {
    mean.reset();
    mean.update(x, 2);
  });
  const two = tensor([2], { shape: [] });
  await step.prepare(two);
  expect(await mean.compute()).toBeNaN();
  for (let i = 0; i < 3; i++) step(two);
  expect(await mean.compute()).toBe(2);
});

test("a NaN loss is seen", async () => {
  const mean = new MeanMetric(currentDevice());
  mean.update(tensor([1], { shape: [] }), 3);
  mean.update(tensor([Number.NaN], { shape: [] }), 1);
  expect(await mean.compute()).toBeNaN();
});
