// Training steps of deep convolutional networks, captured: the memory plan stays near the bound of what is alive at one time,
// and the fused program gives the losses that the plain function gives.

import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { resnetStep, type TrainingStep, unetStep } from "../../src/train/recipes/steps.ts";

beforeAll(async () => {
  await requestDevice();
});

const STEPS = 5;

function fresh(make: () => TrainingStep): TrainingStep {
  manualSeed(3);
  return make();
}

async function losses(step: () => { item(): Promise<number> }): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < STEPS; i++) seen.push(await step().item());
  return seen;
}

describe.each([
  ["ResNet-18", resnetStep],
  ["U-Net", unetStep],
])("%s", (_, make) => {
  test("plans tightly, and fused losses are eager ones", async () => {
    const eager = fresh(make);
    const [x, y] = eager.inputs.map((a) => tensor(a.data, { shape: a.shape }));
    const expected = await losses(() => scope(() => eager.run(x, y) as Tensor));
    const captured = fresh(make);
    const step = compile((x: Tensor, y: Tensor) => captured.run(x, y) as Tensor);
    const found = await losses(() => scope(() => step(x, y)));
    found.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i]), `step ${i}`).toBeLessThanOrEqual(1e-5 * expected[i]);
    });
    expect(found.at(-1)).toBeLessThan(found[0]);
    const { memory, dispatches, recorded } = step.programs[0];
    expect(memory.plannedBytes).toBeLessThanOrEqual(1.15 * memory.boundBytes);
    expect(memory.plannedBytes).toBeGreaterThanOrEqual(memory.boundBytes);
    expect(dispatches.length).toBeLessThan(0.75 * recorded);
  });
});
