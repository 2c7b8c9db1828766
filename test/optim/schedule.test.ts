// Learning-rate schedules against PyTorch: 60 rates each, stepped outside and inside a compiled function; save and resume.

import { beforeAll, describe, expect, test } from "vitest";
import { OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiStepLR,
  SGD,
  StepLR,
  WarmupCosineLR,
} from "../../src/optim/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadOptimizers } from "../golden/load.ts";
import { makeSchedule } from "./golden_optimizer.ts";

beforeAll(async () => {
  await requestDevice();
});

const rates = (...lr: number[]) => ({ groups: lr.map((rate) => ({ lr: rate })) });

function expectRate(got: number, want: number, t: number): void {
  // Where PyTorch's recursion leaves 1e-18, the formula gives 0.
  expect(Math.abs(got - want), `step ${t}: ${got}, ${want}`).toBeLessThanOrEqual(
    1e-12 * Math.abs(want) + 1e-16,
  );
}

const cases = loadOptimizers().schedules.map((c) => [c.name, c] as const);

test.each(cases)("%s: 60 rates", (_, c) => {
  const { lr, ...options } = c.options as { lr: number };
  const optimizer = rates(lr);
  const schedule = makeSchedule(optimizer, c.op, options);
  c.lr.forEach((want, t) => {
    expectRate(optimizer.groups[0].lr, want, t);
    schedule.step();
  });
});

test.each(cases)("%s: inside compile, the step takes the rate of its moment", async (_, c) => {
  const { lr, ...options } = c.options as { lr: number };
  const p = parameter([1], new Float32Array([0]));
  const optimizer = new SGD([p], { lr });
  const schedule = makeSchedule(optimizer, c.op, options);
  const step = compile((g: Tensor) => {
    p.grad = g;
    optimizer.step();
    schedule.step();
  });
  const one = tensor([-1]);
  const sums: Promise<number>[] = [];
  for (let t = 0; t < c.lr.length; t++) {
    step(one);
    sums.push(p.item());
  }
  let want = 0;
  for (const [t, got] of (await Promise.all(sums)).entries()) {
    want = Math.fround(want + Math.fround(c.lr[t]));
    expect(Math.abs(got - want), `step ${t}`).toBeLessThan(2e-6);
  }
  expect(step.programs.length).toBe(1);
});

test("groups keep their ratio; prepare takes no step; state resumes anywhere", async () => {
  const optimizer = rates(1, 0.1);
  const schedule = new ExponentialLR(optimizer, { gamma: 0.5 });
  schedule.step();
  schedule.step();
  expect(schedule.rates).toEqual([0.25, 0.025]);
  const later = rates(9, 9);
  const resumed = new ExponentialLR(later, { gamma: 0.5 });
  resumed.loadState(JSON.parse(JSON.stringify(schedule.state())));
  resumed.step();
  schedule.step();
  expect(later).toEqual(optimizer);
  await compile(() => schedule.step()).prepare();
  expect(schedule.rates).toEqual(resumed.rates);
});

test("a state that does not fit changes nothing", () => {
  const optimizer = rates(1);
  const schedule = new ExponentialLR(optimizer, { gamma: 0.5 });
  expect(() => schedule.loadState({ count: 2, baseRates: [1, 1] })).toThrow(
    /schedule: the state has 2 groups, the optimizer 1/,
  );
  expect(() => schedule.loadState({ count: -1, baseRates: [1] })).toThrow(/needs a count and base rates/);
  expect([schedule.state(), optimizer.groups[0].lr]).toEqual([{ count: 0, baseRates: [1] }, 1]);
});

describe("edges", () => {
  test("defaults are PyTorch's", () => {
    const of = (make: (o: ReturnType<typeof rates>) => { step(): void }, steps: number) => {
      const o = rates(1);
      const s = make(o);
      for (let i = 0; i < steps; i++) s.step();
      return o.groups[0].lr;
    };
    expect(of((o) => new StepLR(o, { stepSize: 2 }), 2)).toBeCloseTo(0.1, 12);
    expect(of((o) => new MultiStepLR(o, { milestones: [1, 2] }), 3)).toBeCloseTo(0.01, 12);
    expect(of((o) => new LinearLR(o), 0)).toBeCloseTo(1 / 3, 12);
    expect(of((o) => new LinearLR(o), 9)).toBe(1);
    expect(of((o) => new CosineAnnealingLR(o, { tMax: 4 }), 2)).toBeCloseTo(0.5, 12);
    expect(of((o) => new LambdaLR(o, (t) => t), 3)).toBe(3);
    expect(of((o) => new WarmupCosineLR(o, { warmupSteps: 0, totalSteps: 4 }), 0)).toBe(1);
    expect(of((o) => new WarmupCosineLR(o, { warmupSteps: 2, totalSteps: 4, minFactor: 0.2 }), 9)).toBe(0.2);
  });

  test.each([
    ["StepLR", () => new StepLR(rates(1), { stepSize: 0 }), /StepLR: stepSize must be positive, got 0/],
    [
      "Cosine",
      () => new CosineAnnealingLR(rates(1), { tMax: -1 }),
      /CosineAnnealingLR: tMax must be positive/,
    ],
    [
      "WarmupCosine",
      () => new WarmupCosineLR(rates(1), { warmupSteps: 1, totalSteps: Number.NaN }),
      /WarmupCosineLR: totalSteps must be positive, got NaN/,
    ],
  ])("%s refuses", (_, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });
});
