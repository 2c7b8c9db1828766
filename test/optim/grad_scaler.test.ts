// GradScaler: steps with Inf or NaN are as if they had never been, for every optimizer; scale, tracker and step counts are the
// GPU's; the schedule is PyTorch's. The references: plain f64, and the optimizer itself without scaler on the good steps alone.

import { beforeAll, describe, expect, test } from "vitest";
import { FormatError, OptionError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { sum } from "../../src/kernels/reduce.ts";
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  clipGradNorm,
  GradScaler,
  LBFGS,
  Lion,
  Muon,
  NAdam,
  type Optimizer,
  RAdam,
  RMSprop,
  SGD,
} from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { flatten } from "../../src/tensor/flatten.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { add } from "../../src/tensor/primitives.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice();
});

// biome-ignore lint/suspicious/noExplicitAny: any optimizer
type AnyOptimizer = Optimizer<any>;
const OPTIMIZERS: Readonly<Record<string, (p: Tensor[]) => AnyOptimizer>> = {
  sgd: (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5, weightDecay: 0.01 }),
  "sgd, plain": (p) => new SGD(p, { lr: 0.1 }),
  adam: (p) => new Adam(p, { lr: 0.01, amsgrad: true }),
  adamW: (p) => new AdamW(p, { lr: 0.01 }),
  nadam: (p) => new NAdam(p, { lr: 0.01 }),
  radam: (p) => new RAdam(p, { lr: 0.01 }),
  rmsprop: (p) => new RMSprop(p, { centered: true, momentum: 0.9, eps: 1e-4 }),
  adagrad: (p) => new Adagrad(p, { lr: 0.1, lrDecay: 0.1 }),
  adadelta: (p) => new Adadelta(p),
  adamax: (p) => new Adamax(p),
  lion: (p) => new Lion(p, { weightDecay: 0.1 }),
  muon: (p) => new Muon(p, { lr: 0.01 }),
};

const SHAPES = [[5], [6, 12], [3, 4]];
const wave = (n: number, t: number, k: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(1 + i * 1.7 + t * 0.9 + k * 2.3));
const size = (shape: readonly number[]) => shape.reduce((n, s) => n * s, 1);
const fresh = () => SHAPES.map((s, k) => parameter(s, wave(size(s), -1, k)));
/** The gradients of step t; a bad one has an Inf or a NaN somewhere. */
const gradients = (t: number, bad: boolean) =>
  SHAPES.map((s, k) => {
    const g = wave(size(s), t, k);
    if (bad && k === t % 3) g[g.length - 1] = [Infinity, NaN, -Infinity][t % 3];
    return tensor(g, { shape: s });
  });
const all = (of: readonly Tensor[]) => Promise.all(of.map((p) => p.data())).then((a) => a.map((x) => [...x]));
const slabs = (of: readonly Tensor[]) => all(flatten(of).map((run) => run.values));
const product = (p: readonly Tensor[], g: readonly Tensor[]) =>
  p.map((x, i) => sum(mul(x, g[i]))).reduce((a, b) => add(a, b));

function expectNear(found: readonly number[][], wanted: readonly number[][], bound: number): void {
  const largest = Math.max(...wanted.flat().map(Math.abs));
  found.forEach((f, k) => {
    f.forEach((v, i) => {
      expect(Math.abs(v - wanted[k][i]), `${k}[${i}]: ${v}, ${wanted[k][i]}`).toBeLessThan(bound * largest);
    });
  });
}

const STEPS = 14;
const BAD = new Set([0, 4, 5, 12]);

describe("steps with Inf or NaN are as if they had never been", () => {
  test.each(Object.keys(OPTIMIZERS))("%s", async (name) => {
    const make = OPTIMIZERS[name];
    const run = async (compiled: boolean) => {
      const params = fresh();
      const optimizer = make(params);
      const scaler = new GradScaler({ initScale: 1024, growthInterval: 3 });
      const body = (...g: Tensor[]) => optimizer.minimize(product(params, g), { scaler });
      const step = compiled ? compile(body) : body;
      for (let t = 0; t < STEPS; t++) {
        const before = BAD.has(t) ? await all([...params, ...momentsOf(optimizer)]) : null;
        scope(() => step(...gradients(t, BAD.has(t))));
        if (before) expect(await all([...params, ...momentsOf(optimizer)])).toEqual(before);
      }
      return { values: await all(params), slabs: await slabs(params), state: await scaler.stateDict() };
    };
    const eager = await run(false);
    expect(await run(true)).toEqual(eager);

    const params = fresh();
    const optimizer = make(params);
    for (let t = 0; t < STEPS; t++) {
      if (BAD.has(t)) continue;
      scope(() => {
        const g = gradients(t, false);
        params.forEach((p, i) => {
          p.grad = g[i];
        });
        optimizer.step();
      });
    }
    // Bias corrections are the GPU's with a scaler; Muon's iteration magnifies what they leave.
    expectNear(eager.values, await all(params), name === "rmsprop" ? 2e-6 : 1e-6);
  });

  test("AdamW against float64", async () => {
    const params = fresh();
    const optimizer = new AdamW(params, { lr: 0.01 });
    const scaler = new GradScaler();
    const values = params.map((_, k) => [...wave(size(SHAPES[k]), -1, k)]);
    const [m, v] = [0, 1].map(() => values.map((x) => x.map(() => 0)));
    let count = 0;
    for (let t = 0; t < 40; t++) {
      const bad = t % 3 === 1;
      scope(() => optimizer.minimize(product(params, gradients(t, bad)), { scaler }));
      if (bad) continue;
      count++;
      values.forEach((x, k) => {
        const g = wave(x.length, t, k);
        for (let i = 0; i < x.length; i++) {
          m[k][i] = 0.9 * m[k][i] + 0.1 * g[i];
          v[k][i] = 0.999 * v[k][i] + 0.001 * g[i] ** 2;
          const root = Math.sqrt(v[k][i] / (1 - 0.999 ** count)) + 1e-8;
          x[i] = x[i] * (1 - 0.01 * 0.01) - (0.01 * m[k][i]) / (1 - 0.9 ** count) / root;
        }
      });
    }
    expectNear(await all(params), values, 1e-6);
  });

  test.each(["nadam", "radam", "adam"])("%s: the numbers of late steps too", async (name) => {
    const run = async (scaler: GradScaler | null, at: number) => {
      const params = [parameter([3], new Float32Array(3))];
      const optimizer = OPTIMIZERS[name](params);
      const state = { ...optimizer.state(), steps: [at] };
      optimizer.loadState(state, optimizer.stateTensors());
      params[0].grad = tensor([0.5, -0.25, 2]);
      if (scaler) scaler.step(optimizer);
      else optimizer.step();
      return all(params);
    };
    for (const at of [0, 1, 5, 6, 30, 200, 1000, 1001, 5000, 100_000]) {
      const scaler = new GradScaler({ initScale: 1 });
      const [[...found], [...wanted]] = [(await run(scaler, at))[0], (await run(null, at))[0]];
      found.forEach((f, i) => {
        expect(Math.abs(f / wanted[i] - 1), `after ${at} steps`).toBeLessThan(2e-6);
      });
    }
  });
});

const momentsOf = (optimizer: AnyOptimizer) =>
  [...optimizer.stateTensors()].filter(([name]) => name !== "skipped").map(([, t]) => t);

describe("the scale", () => {
  test("grows after growthInterval good steps in a row, falls at a bad one (PyTorch's schedule)", async () => {
    const p = parameter([2], Float32Array.of(1, 1));
    const optimizer = new SGD([p], { lr: 0 });
    const scaler = new GradScaler({ initScale: 8, growthInterval: 2, growthFactor: 4, backoffFactor: 0.25 });
    const bad = [0, 0, 1, 0, 0, 0, 1, 1, 0, 0];
    const scales: number[] = [];
    const trackers: number[] = [];
    for (const b of bad) {
      optimizer.minimize(sum(mul(p, b ? Infinity : 1)), { scaler });
      const { scale, growthTracker } = await scaler.stateDict();
      scales.push(scale);
      trackers.push(growthTracker);
    }
    expect(scales).toEqual([8, 32, 8, 8, 32, 32, 8, 2, 2, 8]);
    expect(trackers).toEqual([1, 0, 0, 1, 0, 1, 0, 0, 1, 0]);
    expect(await scaler.getScale()).toBe(8);
  });

  test("neither grows to Inf nor falls to 0", async () => {
    const p = parameter([1], Float32Array.of(1));
    const optimizer = new SGD([p], { lr: 0 });
    const up = new GradScaler({ initScale: 2 ** 127, growthInterval: 1 });
    optimizer.minimize(mul(sum(p), 1e-3), { scaler: up });
    expect(await up.getScale()).toBe(2 ** 127);
    const down = new GradScaler({ initScale: 2 ** -125 });
    for (let i = 0; i < 4; i++) optimizer.minimize(mul(sum(p), NaN), { scaler: down });
    expect(await down.getScale()).toBe(2 ** -126);
  });

  test("one scaler for two optimizers: either's Inf lowers it, and only its own step is skipped", async () => {
    const [a, b] = [1, 1].map((v) => parameter([1], Float32Array.of(v)));
    const [first, second] = [new SGD([a], { lr: 1 }), new SGD([b], { lr: 1 })];
    const scaler = new GradScaler({ initScale: 4 });
    const step = compile((ga: Tensor, gb: Tensor) => {
      first.zeroGrad();
      second.zeroGrad();
      for (const loss of scaler.scale([sum(mul(a, ga)), sum(mul(b, gb))])) backward(loss);
      scaler.step(first);
      scaler.step(second);
      scaler.update();
    });
    step(tensor([Infinity]), tensor([0.25]));
    expect([await a.item(), await b.item(), await scaler.getScale()]).toEqual([1, 0.75, 2]);
    step(tensor([0.5]), tensor([NaN]));
    expect([await a.item(), await b.item(), await scaler.getScale()]).toEqual([0.5, 0.75, 1]);
    step(tensor([0.25]), tensor([0.25]));
    expect([await a.item(), await b.item(), await scaler.getScale()]).toEqual([0.25, 0.5, 1]);
  });

  test("unscale, then clip: the norm is the unscaled one's", async () => {
    const p = parameter([2], Float32Array.of(1, 1));
    const optimizer = new SGD([p], { lr: 1 });
    const scaler = new GradScaler({ initScale: 256 });
    backward(scaler.scale(sum(mul(p, tensor([3, 4])))));
    scaler.unscale(optimizer);
    expect([...(await p.grad!.data())]).toEqual([3, 4]);
    expect(await clipGradNorm([p], 1).item()).toBeCloseTo(5, 5);
    scaler.step(optimizer);
    scaler.update();
    const [x, y] = await p.data();
    expect([x, y].map((v) => v.toFixed(4))).toEqual(["0.4000", "0.2000"]);
  });

  test("gradients add up over several losses, with the scale of the round", async () => {
    const p = parameter([1], Float32Array.of(0));
    const optimizer = new SGD([p], { lr: 1 });
    const scaler = new GradScaler();
    for (const g of [1, 2, 4]) backward(scaler.scale(mul(sum(p), g)));
    scaler.step(optimizer);
    expect(await p.item()).toBe(-7);
  });
});

describe("step counts on the GPU", () => {
  test("parameters that skipped different steps have counts of their own, captured too", async () => {
    const run = async (compiled: boolean) => {
      const params = [1, 1, 1].map((v) => parameter([1], Float32Array.of(v)));
      const optimizer = new Adam(params, { lr: 0.1 });
      const scaler = new GradScaler({ initScale: 1 });
      // The first one alone at a step that is skipped, the second one alone at a good one: equal attempts, other counts.
      const plan: [number, number, number][] = [
        [Infinity, 0, 0],
        [0, 1, 0],
        [1, 1, 0],
        [2, 3, 1],
      ];
      const bodies = [0b001, 0b010, 0b011, 0b111].map((mask) => (g: Tensor) => {
        optimizer.zeroGrad();
        const used = params.filter((_, i) => mask & (1 << i));
        backward(scaler.scale(used.map((p) => sum(mul(p, g))).reduce((x, y) => add(x, y))));
        scaler.step(optimizer);
        scaler.update();
      });
      for (const [i, g] of plan.entries()) {
        const body = compiled ? compile(bodies[i]) : bodies[i];
        body(tensor([Math.max(...g)]));
      }
      const skipped = [...(await optimizer.stateTensors().get("skipped")!.data())];
      return { values: await all(params), skipped, steps: optimizer.state().steps };
    };
    const eager = await run(false);
    expect(eager.skipped).toEqual([1, 0, 0]);
    expect(eager.steps).toEqual([3, 3, 1]);
    expect(await run(true)).toEqual(eager);
    const alone = async (grads: readonly number[]) => {
      const p = parameter([1], Float32Array.of(1));
      const optimizer = new Adam([p], { lr: 0.1 });
      for (const g of grads) {
        p.grad = tensor([g]);
        optimizer.step();
      }
      return [await p.item()];
    };
    expectNear(eager.values, [await alone([1, 3]), await alone([1, 1, 3]), await alone([3])], 1e-6);
  });

  test("an unused parameter records a compiled step at most once more", async () => {
    const [a, b] = [1, 1].map((v) => parameter([1], Float32Array.of(v)));
    for (const scaler of [undefined, new GradScaler()]) {
      const optimizer = new Adam([a, b]);
      const step = compile((g: Tensor) => optimizer.minimize(sum(mul(a, g)), { scaler }));
      for (let i = 0; i < 5; i++) step(tensor([1]));
      expect(step.programs.length).toBeLessThanOrEqual(2);
    }
  });

  test("a checkpoint goes on bit by bit, also without scaler afterwards", async () => {
    const go = (
      params: Tensor[],
      optimizer: AnyOptimizer,
      scaler: GradScaler | undefined,
      steps: number[],
    ) => {
      for (const t of steps)
        scope(() => optimizer.minimize(product(params, gradients(t, BAD.has(t))), { scaler }));
    };
    const params = fresh();
    const optimizer = new NAdam(params);
    const scaler = new GradScaler({ initScale: 64, growthInterval: 2 });
    go(params, optimizer, scaler, [0, 1, 2, 3, 4, 5, 6]);
    const values = await all(params);
    const tensors = new Map(
      await Promise.all(
        [...optimizer.stateTensors()].map(async ([k, t]) => [k, tensor([...(await t.data())])] as const),
      ),
    );
    expect(tensors.has("skipped")).toBe(true);
    const saved = JSON.parse(
      JSON.stringify({ optimizer: optimizer.state(), scaler: await scaler.stateDict() }),
    );

    const params2 = values.map((v, k) => parameter(SHAPES[k], Float32Array.from(v)));
    const again = new NAdam(params2, { lr: 5 });
    const scaler2 = new GradScaler();
    again.loadState(saved.optimizer, tensors);
    scaler2.loadStateDict(saved.scaler);
    expect(await scaler2.stateDict()).toEqual(saved.scaler);
    go(params, optimizer, scaler, [7, 12, 9]);
    go(params2, again, scaler2, [7, 12, 9]);
    expect(await all(params2)).toEqual(await all(params));
    go(params, optimizer, undefined, [10, 11]);
    go(params2, again, undefined, [10, 11]);
    expect(await all(params2)).toEqual(await all(params));
    expect(await scaler2.stateDict()).toEqual(await scaler.stateDict());
  });
});

describe("use and misuse", () => {
  test("not enabled: as if it were not there", async () => {
    const p = parameter([1], Float32Array.of(1));
    const optimizer = new SGD([p], { lr: 1 });
    const scaler = new GradScaler({ enabled: false });
    const loss = mul(sum(p), 0.25);
    expect(scaler.scale(loss)).toBe(loss);
    optimizer.minimize(loss, { scaler });
    expect(await p.item()).toBe(0.75);
    expect(await scaler.getScale()).toBe(1);
    expect(await scaler.stateDict()).toEqual({});
    expect(optimizer.stateTensors().has("skipped")).toBe(false);
  });

  test("calls out of order", () => {
    const p = parameter([1], Float32Array.of(1));
    const optimizer = new SGD([p], { lr: 1 });
    const scaler = new GradScaler();
    expect(() => scaler.update()).toThrow(
      new UsageError("GradScaler.update: no optimizer was stepped before"),
    );
    p.grad = tensor([1]);
    scaler.unscale(optimizer);
    expect(() => scaler.unscale(optimizer)).toThrow("GradScaler.unscale: called after unscale");
    scaler.step(optimizer);
    expect(() => scaler.unscale(optimizer)).toThrow("GradScaler.unscale: called after step");
    expect(() => scaler.step(optimizer)).toThrow("GradScaler.step: called twice without update");
    scaler.update();
    scaler.step(optimizer);
  });

  test("LBFGS decides on the CPU", () => {
    const lbfgs = new LBFGS([parameter([1], Float32Array.of(1))]);
    // @ts-expect-error: it is no GatedOptimizer
    const step = () => new GradScaler().step(lbfgs);
    expect(step).toThrow(new UsageError("GradScaler.step: LBFGS decides on the CPU; it cannot be scaled"));
  });

  test("options and states out of range", () => {
    expect(() => new GradScaler({ growthFactor: 1 })).toThrow(
      new OptionError("GradScaler: growthFactor must exceed 1, got 1"),
    );
    expect(() => new GradScaler({ backoffFactor: 1 })).toThrow("backoffFactor must lie in (0, 1), got 1");
    expect(() => new GradScaler({ initScale: 1e39 })).toThrow("must be positive and finite, got 1e+39");
    expect(() => new GradScaler({ growthInterval: 0.5 })).toThrow(
      "growthInterval must be a positive integer",
    );
    expect(() => new GradScaler().loadStateDict({} as Record<string, never>)).toThrow(FormatError);
    const scaler = new GradScaler();
    const inside = compile(() => scaler.getScale());
    expect(inside).toThrow();
  });
});
