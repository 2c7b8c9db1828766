// What optimizers share: groups, skipped parameters, step counts, slabs and their padding, dispatch counts, state, options.

import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { FormatError, OptionError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { Adam, AdamW, clipGradNorm, type Optimizer, SGD } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { flatten } from "../../src/tensor/flatten.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { add } from "../../src/tensor/primitives.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});
afterEach(async () => {
  await device.settle();
});

const list = async (t: Tensor) => Array.from(await t.data());
const param = (...values: number[]) => parameter([values.length], Float32Array.from(values));
/** Parameters of these sizes, all ones. */
const params = (...sizes: number[]) => sizes.map((n) => parameter([n], new Float32Array(n).fill(1)));
const total = (of: readonly Tensor[]) => of.map((p) => sum(mul(p, p))).reduce((a, b) => add(a, b));

/** All of the storages that hold these parameters, their padding included, and their gradients'. */
async function slabs(of: readonly Tensor[]): Promise<{ values: number[]; grads: number[] }[]> {
  return Promise.all(
    flatten(of).map(async (run) => ({ values: await list(run.values), grads: await list(run.grads) })),
  );
}

async function expectPaddingZero(of: readonly Tensor[]): Promise<void> {
  for (const run of flatten(of)) {
    const used = new Set(run.segments.flatMap((s) => Array.from({ length: s.size }, (_, i) => s.offset + i)));
    for (const t of [run.values, run.grads])
      (await list(t)).forEach((v, i) => {
        if (!used.has(i)) expect(Object.is(v, 0), `padding at ${i} is ${v}`).toBe(true);
      });
  }
}

describe("which parameters are updated", () => {
  test("those without gradient are skipped, with step counts of their own", async () => {
    const [a, b] = [param(1), param(1)];
    const optimizer = new Adam([a, b], { lr: 0.1 });
    const give = (x: Tensor, g: number) => {
      x.grad = tensor([g]);
    };
    give(a, 1);
    optimizer.step();
    give(b, 1);
    optimizer.step();
    expect(optimizer.state().steps).toEqual([2, 1]);
    // Bias correction by each one's own count: every step is lr.
    expect((await a.item()).toFixed(5)).toBe("0.80000");
    expect((await b.item()).toFixed(5)).toBe("0.90000");
    optimizer.zeroGrad();
    expect([a.grad, b.grad]).toEqual([null, null]);
    optimizer.step();
    expect(optimizer.state().steps).toEqual([2, 1]);
    expect((await b.item()).toFixed(5)).toBe("0.90000");
  });

  test("a compiled step records again when other gradients are present", async () => {
    const [a, b] = params(1, 1);
    const optimizer = new SGD([a, b], { lr: 1 });
    const step = compile(() => optimizer.step());
    step();
    expect([await a.item(), await b.item()]).toEqual([1, 1]);
    a.grad = tensor([0.25]);
    step();
    b.grad = tensor([0.5]);
    step();
    a.grad = tensor([4]); // another tensor: its values, not the first one's
    step();
    expect([await a.item(), await b.item()]).toEqual([1 - 0.25 - 0.25 - 4, 1 - 0.5 - 0.5]);
    expect(optimizer.state().steps).toEqual([3, 2]);
  });

  test("gradients of createGraph reach the step", async () => {
    const p = param(3);
    const optimizer = new SGD([p], { lr: 0.5 });
    backward(sum(mul(p, p)), undefined, { createGraph: true });
    optimizer.step();
    expect(await p.item()).toBe(0);
  });

  test("groups have options of their own, to change at any time, also between replays", async () => {
    const [a, b] = params(1, 1);
    const optimizer = new SGD([{ params: [a] }, { params: [b], lr: 0.5 }], { lr: 0.25 });
    expect(optimizer.groups.map((g) => g.lr)).toEqual([0.25, 0.5]);
    const step = compile((g: Tensor) => {
      a.grad = g;
      b.grad = g;
      optimizer.step();
    });
    const one = tensor([1]);
    step(one);
    optimizer.groups[1].lr = 2;
    step(one);
    expect([await a.item(), await b.item()]).toEqual([0.5, -1.5]);
    expect(step.programs.length).toBe(1);
    optimizer.groups[0].lr = 0;
    step(one);
    expect(await a.item()).toBe(0.5);
  });

  test("two optimizers over one model, in another order and over a part", async () => {
    const all = [param(1), param(2), param(3)];
    const [a, b, c] = all;
    const first = new SGD(all, { lr: 1 });
    const second = new SGD([c, a], { lr: 10, momentum: 0.5 });
    for (const p of all) p.grad = tensor([0.125]);
    first.step();
    second.step();
    expect(await Promise.all(all.map((p) => p.item()))).toEqual([
      1 - 0.125 - 1.25,
      2 - 0.125,
      3 - 0.125 - 1.25,
    ]);
    expect(flatten([a, b, c]).length).toBe(1);
    await expectPaddingZero(all);
  });
});

describe("one dispatch for all", () => {
  test.each([
    ["SGD", (p: Tensor[]) => new SGD(p, { lr: 0.1, momentum: 0.9 })],
    ["Adam", (p: Tensor[]) => new Adam(p, { amsgrad: true })],
    ["AdamW", (p: Tensor[]) => new AdamW(p)],
  ])("%s: 40 parameters", async (_, make) => {
    const all = params(...Array.from({ length: 40 }, (_, i) => 1 + ((i * 37) % 150)));
    const optimizer = make(all);
    backward(total(all));
    const step = compile(() => optimizer.step());
    step();
    expect(step.programs[0].dispatches.length).toBe(1);
    const clip = compile(() => {
      clipGradNorm(all, 1);
    });
    clip();
    expect(clip.programs[0].dispatches.length).toBe(2);
    await expectPaddingZero(all);
  });

  test("a slab above the binding limit becomes several", async () => {
    const limits = { maxStorageBufferBindingSize: 2 * 64 * 4, maxBufferSize: 2 ** 20 };
    Object.defineProperty(device, "limits", { value: limits, configurable: true });
    const sizes = [3, 64, 1, 65, 5]; // padded: 64 64 | 64 | 128 | 64
    const all = params(...sizes);
    try {
      const optimizer = new AdamW(all, { lr: 0.5, weightDecay: 0 });
      backward(total(all));
      const norm = clipGradNorm(all, 1e9);
      const step = compile(() => optimizer.step());
      step();
      expect(step.programs[0].dispatches.length).toBe(4);
      expect((await norm.item()).toFixed(3)).toBe((2 * Math.sqrt(3 + 64 + 1 + 65 + 5)).toFixed(3));
      for (const p of all)
        for (const v of await p.data()) expect(Math.abs(v - 0.5), `${v}`).toBeLessThan(1e-6);
      for (const run of flatten(all)) expect(run.values.byteLength).toBeLessThanOrEqual(512);
      await expectPaddingZero(all);
    } finally {
      Reflect.deleteProperty(device, "limits");
    }
  });
});

describe("NaN, and the padding of slabs", () => {
  test("NaN gradients stay NaN through clipping and every optimizer", async () => {
    for (const make of [
      (p: Tensor[]) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
      (p: Tensor[]) => new Adam(p, { amsgrad: true }),
      (p: Tensor[]) => new AdamW(p),
    ]) {
      const all = params(3, 5);
      const optimizer = make(all);
      all[0].grad = tensor([1, Number.NaN, 2]);
      all[1].grad = tensor([1, 1, 1, 1, 1]);
      optimizer.step();
      const isNan = async (p: Tensor) => (await list(p)).map(Number.isNaN);
      expect(await isNan(all[0])).toEqual([false, true, false]);
      expect(await isNan(all[1])).toEqual([false, false, false, false, false]);
      all[0].grad = tensor([1, 0, 2]);
      optimizer.step();
      expect(await isNan(all[0]), "a NaN in the state, the largest moment too").toEqual([false, true, false]);
    }
  });

  test.each([2, Number.POSITIVE_INFINITY])(
    "a NaN norm does not outlive its gradients, norm %d",
    async (normType) => {
      const all = params(3, 5);
      clipGradNorm(all, 1, { normType });
      all[0].grad = tensor([1, Number.NaN, 2]);
      all[1].grad = tensor([1, 1, 1, 1, 1]);
      expect(await clipGradNorm(all, 1, { normType }).item()).toBeNaN();
      for (const p of all) for (const g of await p.grad!.data()) expect(g).toBeNaN();
      await expectPaddingZero(all);
      all[0].grad = tensor([3, 0, 0]);
      all[1].grad = tensor([0, 0, 4, 0, 0]);
      expect(await clipGradNorm(all, 1, { normType }).item()).toBe(normType === 2 ? 5 : 4);
    },
  );

  test("padding stays zero over steps of every optimizer, with eps 0 too", async () => {
    for (const make of [
      (p: Tensor[]) => new SGD(p, { lr: 0.1, momentum: 0.9, weightDecay: 0.1 }),
      (p: Tensor[]) => new Adam(p, { eps: 0, weightDecay: 0.1 }),
      (p: Tensor[]) => new AdamW(p, { eps: 0, amsgrad: true }),
    ]) {
      const all = params(1, 63, 66, 7);
      const optimizer = make(all);
      for (let i = 0; i < 3; i++) optimizer.minimize(total(all));
      await expectPaddingZero(all);
      for (const p of all) for (const v of await p.data()) expect(v).toBeLessThan(1);
    }
  });

  test("parameters and gradients keep their values when they move into a slab", async () => {
    const [a, b] = [param(1, 2, 3), param(4)];
    a.grad = tensor([7, 8, 9]);
    new SGD([a, b], { lr: 1 });
    expect([await list(a), await list(b), await list(a.grad!)]).toEqual([[1, 2, 3], [4], [7, 8, 9]]);
    expect((await slabs([a, b]))[0].grads.slice(0, 4)).toEqual([7, 8, 9, 0]);
  });
});

describe("state", () => {
  const trained = (make: (p: Tensor[]) => Optimizer<never>, steps: number) => {
    const all = params(3, 70);
    const optimizer = make(all);
    for (let i = 0; i < steps; i++) optimizer.minimize(total(all));
    return { all, optimizer };
  };
  const copies = async (of: ReadonlyMap<string, Tensor>) =>
    new Map(await Promise.all([...of].map(async ([k, t]) => [k, tensor((await t.data()).slice())] as const)));

  test.each([
    ["SGD", (p: Tensor[]) => new SGD(p, { lr: 0.1, momentum: 0.9 })],
    ["Adam", (p: Tensor[]) => new Adam(p, { lr: 0.1, amsgrad: true })],
    ["AdamW", (p: Tensor[]) => new AdamW(p, { lr: 0.1 })],
  ])("%s: saved after three steps, loaded, goes on bit by bit", async (_, make) => {
    const one = trained(make as never, 3);
    const state = JSON.parse(JSON.stringify(one.optimizer.state()));
    const tensors = await copies(one.optimizer.stateTensors());
    const values = await Promise.all(one.all.map((p) => p.data()));
    const other = values.map((v) => parameter([v.length], v.slice() as Float32Array));
    const resumed = make(other);
    resumed.loadState(state, tensors);
    for (let i = 0; i < 3; i++) {
      one.optimizer.minimize(total(one.all));
      resumed.minimize(total(other));
    }
    for (const [i, p] of other.entries()) expect(await list(p)).toEqual(await list(one.all[i]));
    expect(resumed.state()).toEqual(one.optimizer.state());
    const own = await copies(one.optimizer.stateTensors());
    for (const [name, t] of resumed.stateTensors())
      expect(await list(t), name).toEqual(await list(own.get(name)!));
    one.optimizer.loadState(one.optimizer.state(), one.optimizer.stateTensors()); // its own: nothing to do
    expect(await list(one.optimizer.stateTensors().values().next().value!)).toEqual(
      await list(own.values().next().value!),
    );
  });

  test("hyperparameters and step counts come with it", () => {
    const { optimizer } = trained(
      ((p: Tensor[]) => new AdamW(p, { lr: 0.5, betas: [0.5, 0.6] })) as never,
      2,
    );
    const other = new AdamW(params(3, 70));
    other.loadState(optimizer.state(), optimizer.stateTensors());
    expect(other.groups[0].lr).toBe(0.5);
    expect(other.groups[0].betas).toEqual([0.5, 0.6]);
    expect(other.state().steps).toEqual([2, 2]);
  });

  test("a state of something else is refused and changes nothing", async () => {
    const { optimizer } = trained(((p: Tensor[]) => new Adam(p, { lr: 0.5 })) as never, 2);
    const [state, tensors] = [optimizer.state(), optimizer.stateTensors()];
    const target = new Adam(params(3, 70));
    const refuse = (
      s: unknown,
      t: ReadonlyMap<string, Tensor>,
      message: RegExp,
      into: Optimizer<never> = target as never,
    ) => {
      const before = JSON.stringify(into.state());
      expect(() => into.loadState(s as never, t)).toThrow(FormatError);
      expect(() => into.loadState(s as never, t)).toThrow(message);
      expect(JSON.stringify(into.state())).toBe(before);
    };
    const without = new Map([...tensors].filter(([k]) => k !== "1.exp_avg"));
    refuse(
      state,
      without,
      /optimizer: the state does not fit; missing or of another size: 1\.exp_avg; unexpected: none/,
    );
    refuse(state, new Map([...tensors, ["2.exp_avg", tensor([1])]]), /unexpected: 2\.exp_avg/);
    refuse(state, new Map([...tensors, ["0.exp_avg", tensor([1])]]), /another size: 0\.exp_avg;/);
    const sgd = new SGD(params(3, 70), { lr: 1, momentum: 0.5 });
    refuse(
      state,
      tensors,
      /missing or of another size: 0\.momentum_buffer, 1\.momentum_buffer/,
      sgd as never,
    );
    const grouped = { ...state, groups: [...state.groups, ...state.groups] };
    refuse(grouped, tensors, /groups of 2, 2 parameters given, 2 needed/);
    refuse({ ...state, steps: [1] }, tensors, /needs 2 step counts/);
    refuse({ ...state, steps: [1, "x"] }, tensors, /needs 2 step counts/);
    refuse({}, tensors, /groups of none parameters given/);
    refuse({ ...state, groups: [{ ...state.groups[0], lr: "0.1" }] }, tensors, /lr must be non-negative/);
    for (const [, t] of target.stateTensors()) expect(new Set(await list(t))).toEqual(new Set([0]));
  });
});

describe("options", () => {
  const p = () => params(2);
  const nan = Number.NaN;
  test.each([
    ["lr", () => new SGD(p(), { lr: -1 }), /SGD: lr must be non-negative, got -1/],
    ["lr NaN", () => new Adam(p(), { lr: nan }), /Adam: lr must be non-negative, got NaN/],
    ["momentum", () => new SGD(p(), { lr: 1, momentum: -0.1 }), /SGD: momentum must be non-negative/],
    ["decay", () => new SGD(p(), { lr: 1, weightDecay: -1 }), /SGD: weightDecay must be non-negative/],
    ["nesterov", () => new SGD(p(), { lr: 1, nesterov: true }), /nesterov needs a momentum and no dampening/],
    [
      "dampening",
      () => new SGD(p(), { lr: 1, nesterov: true, momentum: 0.9, dampening: 0.1 }),
      /nesterov needs a momentum and no dampening/,
    ],
    ["beta1", () => new Adam(p(), { betas: [1, 0.9] }), /betas\[0\] must be in \[0, 1\), got 1/],
    ["beta2", () => new AdamW(p(), { betas: [0.9, -1] }), /betas\[1\] must be in \[0, 1\), got -1/],
    ["eps", () => new Adam(p(), { eps: -1e-8 }), /eps must be non-negative/],
    ["group", () => new SGD([{ params: p(), lr: -2 }], { lr: 1 }), /SGD: lr must be non-negative, got -2/],
    ["none", () => new SGD([], { lr: 1 }), /optimizer: no parameters given/],
    [
      "normType",
      () => clipGradNorm(p(), 1, { normType: 1 }),
      /clipGradNorm: normType must be 2 or Infinity, got 1/,
    ],
    ["maxNorm", () => clipGradNorm(p(), -1), /clipGradNorm: maxNorm must not be negative, got -1/],
    ["maxNorm NaN", () => clipGradNorm(p(), nan), /maxNorm must not be negative, got NaN/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });

  test("a parameter given twice; one that is not f32; a slab that would be made inside compile", async () => {
    const [a] = params(1);
    expect(() => new SGD([a, a], { lr: 1 })).toThrow(/flatten: tensor f32\[1\] is given twice/);
    expect(() => new SGD([{ params: [a] }, { params: [a] }], { lr: 1 })).toThrow(UsageError);
    expect(() => new SGD([tensor([1], { dtype: "i32" })], { lr: 1 })).toThrow(/is not f32/);
    const fresh = params(2);
    expect(() => compile(() => clipGradNorm(fresh, 1))()).toThrow(
      /is in no slab yet; make its optimizer outside compile/,
    );
    expect(await clipGradNorm(fresh, 1).item()).toBe(0);
    expect(fresh[0]).toBeInstanceOf(Tensor);
  });
});
