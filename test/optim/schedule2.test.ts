// Further schedules against PyTorch's rates; momentum of one cycle; replay, state and errors.
import { beforeAll, describe, expect, test } from "vitest";
import { OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  AdamW,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LinearLR,
  OneCycleLR,
  type OneCycleOptions,
  type PlateauOptions,
  PolynomialLR,
  ReduceLROnPlateau,
  type Schedule,
  SequentialLR,
  SGD,
  StepLR,
} from "../../src/optim/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { goldenFile, loadOptimizers } from "../golden/load.ts";

beforeAll(async () => {
  await requestDevice();
});

type Rates = { groups: { lr: number }[] };
type Options = Record<string, never>;

const MAKE: Record<string, (o: Rates, options: Options) => Schedule> = {
  constantLR: (o, options) => new ConstantLR(o, options),
  polynomialLR: (o, options) => new PolynomialLR(o, options),
  cosineWarmRestarts: (o, options) =>
    new CosineAnnealingWarmRestarts(o, options as unknown as { t0: number }),
  oneCycleLR: (o, options) =>
    new OneCycleLR(o, { cycleMomentum: false, ...(options as unknown as OneCycleOptions) }),
  sequentialLR: (o, { milestones }) =>
    new SequentialLR(
      o,
      [
        new ConstantLR(o, { factor: 0.1, totalIters: 10 }),
        new ExponentialLR(o, { gamma: 0.9 }),
        new StepLR(o, { stepSize: 5, gamma: 0.5 }),
      ],
      milestones,
    ),
};

const cases = loadOptimizers("optim2.safetensors").schedules;
const optimizer = () => ({ groups: [{ lr: 0.1 }] });

describe("rates of PyTorch", () => {
  test.each(cases.filter((c) => c.op in MAKE).map((c) => [c.name, c] as const))("%s", (_, c) => {
    const o = optimizer();
    const schedule = MAKE[c.op](o, c.options as Options);
    const rates: number[] = [];
    for (let t = 0; t < 60; t++) {
      rates.push(o.groups[0].lr);
      schedule.step();
    }
    rates.forEach((r, t) => {
      expect(Math.abs(r - c.lr[t]), `step ${t}: ${r}, ${c.lr[t]}`).toBeLessThan(1e-12);
    });
  });

  const plateaus = cases.filter((c) => c.op === "reduceLROnPlateau");
  test.each(plateaus.map((c) => [c.name, c] as const))("%s", (_, c) => {
    const metric = goldenFile("optim2.safetensors").tensors.get(`${c.name}/metric`)!.data as Float64Array;
    const { lr: _lr, ...options } = c.options as unknown as PlateauOptions & { lr: number };
    const o = optimizer();
    let schedule = new ReduceLROnPlateau(o, options);
    for (let t = 0; t < 60; t++) {
      expect(o.groups[0].lr, `step ${t}`).toBeCloseTo(c.lr[t], 12);
      schedule.step(metric[t]);
      if (t === 20) {
        const state = JSON.parse(JSON.stringify(schedule.state()));
        o.groups[0].lr = 9;
        schedule = new ReduceLROnPlateau(o, options);
        schedule.loadState(state);
      }
    }
  });
});

test("one cycle moves the momentum against the rate, in replays too", async () => {
  const p = [parameter([1], new Float32Array(1))];
  const sgd = new SGD(p, { lr: 0.1, momentum: 0.5 });
  const schedule = new OneCycleLR(sgd, { totalSteps: 10, pctStart: 0.5 });
  const step = compile((g) => {
    p[0].grad = g;
    sgd.step();
    schedule.step();
  });
  const seen: number[] = [sgd.groups[0].momentum];
  for (let t = 1; t < 10; t++) {
    step(tensor([1]));
    seen.push(sgd.groups[0].momentum);
  }
  expect(step.programs.length).toBe(1);
  expect([seen[0], seen[4], seen[9]].map((m) => m.toFixed(6))).toEqual(["0.950000", "0.850000", "0.950000"]);
  expect(seen[2]).toBeCloseTo(0.9, 9); // halfway up
  const adam = new AdamW([parameter([1], new Float32Array(1))]);
  new OneCycleLR(adam, { totalSteps: 10, maxMomentum: 0.97 });
  expect(adam.groups[0].betas).toEqual([0.97, 0.999]);
});

test("a warm-up before a cosine starts from the group's own rate", () => {
  const o = optimizer();
  const schedule = new SequentialLR(o, [new LinearLR(o), new CosineAnnealingLR(o, { tMax: 10 })], [5]);
  const rates = [o.groups[0].lr];
  for (let t = 0; t < 15; t++) {
    schedule.step();
    rates.push(o.groups[0].lr);
  }
  expect(rates[0]).toBeCloseTo(0.1 / 3, 12);
  expect(rates[5]).toBeCloseTo(0.1, 12);
  expect(rates[10]).toBeCloseTo(0.05, 12);
  expect(rates[15]).toBeCloseTo(0, 12);
  const resumed = { groups: [{ lr: 0.1 }] };
  const again = new SequentialLR(
    resumed,
    [new LinearLR(resumed), new CosineAnnealingLR(resumed, { tMax: 10 })],
    [5],
  );
  again.loadState({ count: 10, baseRates: [0.1] });
  expect(resumed.groups[0].lr).toBeCloseTo(0.05, 12);
});

test.each([
  ["t0", () => new CosineAnnealingWarmRestarts(optimizer(), { t0: 0 }), /t0 must be positive, got 0/],
  [
    "tMult",
    () => new CosineAnnealingWarmRestarts(optimizer(), { t0: 1, tMult: 1.5 }),
    /tMult must be an integer/,
  ],
  [
    "pctStart",
    () => new OneCycleLR(optimizer(), { totalSteps: 5, pctStart: 2 }),
    /pctStart must lie in \[0, 1\], got 2/,
  ],
  [
    "momentum",
    () => new OneCycleLR(optimizer(), { totalSteps: 5 }),
    /no momentum; pass cycleMomentum: false/,
  ],
  ["totalIters", () => new PolynomialLR(optimizer(), { totalIters: 0 }), /totalIters must be positive/],
  [
    "milestones",
    () => new SequentialLR(optimizer(), [new ConstantLR(optimizer())], [3]),
    /one fewer than schedules, got 3 for 1/,
  ],
  ["factor", () => new ReduceLROnPlateau(optimizer(), { factor: 1 }), /factor must lie in \(0, 1\), got 1/],
])("names a wrong %s", (_, make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(OptionError);
});
