// compile: replay against eager, what causes another trace, what a replay costs, and its errors.

import { beforeAll, describe, expect, test } from "vitest";
import { checkpoint } from "../../src/functional/checkpoint.ts";
import { type Device, withDevice } from "../../src/gpu/device.ts";
import { DeviceLostError, UsageError } from "../../src/gpu/errors.ts";
import { HostState } from "../../src/gpu/trace.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { cumsum } from "../../src/kernels/cumulative.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { exp, tanh } from "../../src/kernels/unary.ts";
import { AdamW, CosineAnnealingLR } from "../../src/optim/index.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { ones, rand, tensor, zeros } from "../../src/tensor/create.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { add, addInto } from "../../src/tensor/primitives.ts";
import { defaultGenerator, manualSeed } from "../../src/tensor/random.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { countCalls, since } from "./counting.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

const list = async (t: Tensor) => Array.from(await t.data());

describe("signatures", () => {
  test("shapes, dtypes and plain values trace anew; the same ones do not", async () => {
    let traced = 0;
    const f = compile((x: Tensor, k: number) => {
      traced++;
      return mul(x, k);
    });
    expect(await list(f(tensor([1, 2]), 3))).toEqual([3, 6]);
    expect(await list(f(tensor([5, 6]), 3))).toEqual([15, 18]);
    expect(traced).toBe(1);
    expect(await list(f(tensor([1, 2]), 4))).toEqual([4, 8]);
    expect(await list(f(tensor([[1, 2]]), 3))).toEqual([3, 6]);
    expect(traced).toBe(3);
    expect(await list(f(tensor([7, 8]), 3))).toEqual([21, 24]);
    expect([traced, f.programs.length]).toEqual([3, 3]);
  });

  test("typed arrays and arrays with a shape are arguments too", async () => {
    const f = compile((x: Tensor) => ({ y: add(x, x), rank: x.rank }));
    const r = f(new Float32Array([1, 2]));
    expect([await list(r.y), r.rank]).toEqual([[2, 4], 1]);
    expect(f({ data: new Float32Array([1, 2]), shape: [2, 1] }).rank).toBe(2);
    expect(() => f({ data: new Float32Array(3), shape: [2] })).toThrow(/3 values do not fit \[2\]/);
  });

  test("consulted host state: another value, another trace; set inside, it replays", async () => {
    const mode = new HostState(true);
    let traced = 0;
    const f = compile((x: Tensor) => {
      traced++;
      return mode.get() ? add(x, x) : mul(x, x);
    });
    const x = tensor([3]);
    expect(await f(x).item()).toBe(6);
    mode.set(false);
    expect(await f(x).item()).toBe(9);
    mode.set(true);
    expect(await f(x).item()).toBe(6);
    expect(traced).toBe(2);

    const count = new HostState(0);
    const g = compile((t: Tensor) => {
      count.set(count.get() + 1);
      return add(t, t);
    });
    g(x);
    expect(count.get()).toBe(1);
  });

  test("check finds a number of the closure that changed", () => {
    let k = 2;
    const f = compile((x: Tensor) => add(mul(x, k), x), { check: true });
    f(tensor([1]));
    f(tensor([1]));
    k = 3;
    expect(() => f(tensor([1]))).toThrow(/no longer does what was recorded, first at dispatch 0 \(mul\)/);
  });
});

describe("state", () => {
  test("a training step equals eager: gradients, AdamW, schedule", async () => {
    const run = async (compiled: boolean) => {
      const w = parameter([4], new Float32Array([1, -2, 3, 0.5]));
      const optimizer = new AdamW([w], { lr: 0.1 });
      const schedule = new CosineAnnealingLR(optimizer, { tMax: 20 });
      const body = (x: Tensor) => {
        const loss = sum(mul(mul(w, x), mul(w, x)));
        optimizer.minimize(loss);
        schedule.step();
        return { loss };
      };
      const step = compiled ? compile(body) : body;
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) losses.push(await step(tensor([1, 2, 3, i])).loss.item());
      return { losses, w: await list(w), lr: optimizer.groups[0].lr };
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test("a leaf made inside: its gradient is the recording's own, and the recording is found again", async () => {
    const w = parameter([3], new Float32Array([1, -2, 3]));
    let traced = 0;
    const body = (t: Tensor, read: boolean) => {
      const x = mul(t, 1);
      x.requiresGrad = true;
      const [dx] = grad(sum(mul(mul(x, x), w)), [x], { createGraph: true }); // 2 w x
      w.grad = null;
      backward(sum(mul(dx!, dx!))); // reaches w, and x
      return read ? { w: mul(w.grad!, 1), x: x.grad! } : { w: mul(w.grad!, 1), x: null };
    };
    const step = compile((t: Tensor, read: boolean) => {
      traced++;
      return body(t, read);
    });
    for (const read of [true, false]) {
      for (const k of [1, 2, 3]) {
        const t = tensor([k, 2, 0.5]);
        const [found, wanted] = [step(t, read), body(t, true)];
        expect(await list(found.w)).toEqual(await list(wanted.w)); // 8 w x^2
        if (read) expect(await list(found.x!)).toEqual(await list(wanted.x!)); // 8 w^2 x
      }
    }
    expect(traced).toBe(2);
    const [reading, not] = step.programs.map((p) => p.dispatches.length) as [number, number];
    expect(not).toBeLessThan(reading);
  });

  test("random numbers: one stream, eager or replayed; prepare draws none", async () => {
    const f = compile((x: Tensor) => add(x, rand([6])));
    const x = zeros([6]);
    manualSeed(9);
    await f.prepare(x);
    expect(defaultGenerator.offset).toBe(0);
    const replayed = [await list(f(x)), await list(f(x)), await list(rand([3]))];
    manualSeed(9);
    const eager = [await list(add(x, rand([6]))), await list(add(x, rand([6]))), await list(rand([3]))];
    expect(replayed).toEqual(eager);
    expect(replayed[0]).not.toEqual(replayed[1]);
  });

  test("results stay right after later calls, small and large", async () => {
    const f = compile((x: Tensor) => ({ small: sum(x), large: add(x, x) }));
    const results = [1, 2, 3, 4].map((v) => f(new Float32Array(3000).fill(v)));
    for (const [i, r] of results.entries()) {
      expect(await r.small.item()).toBe(3000 * (i + 1));
      expect((await r.large.data())[2999]).toBe(2 * (i + 1));
    }
  });

  test("tensors from outside are written in place; a parameter that moves is found again", async () => {
    const total = zeros([2]);
    const w = parameter([2], new Float32Array([1, 2]));
    let traced = 0;
    const f = compile((x: Tensor) => {
      traced++;
      addInto(total, mul(x, w));
    });
    f(tensor([1, 1]));
    f(tensor([1, 1]));
    expect(await list(total)).toEqual([2, 4]);
    new AdamW([w]); // moves w into a slab
    f(tensor([1, 1]));
    expect([await list(total), traced]).toEqual([[3, 6], 2]);
  });

  test("host values used inside: constant ones are uploaded once, changed ones at every run", async () => {
    const f = compile((x: Tensor) => {
      const c = tensor([10, 20]);
      const changing = tensor([1, 1]);
      addInto(changing, x);
      return { c: add(c, x), changing: add(changing, x) };
    });
    for (let i = 0; i < 3; i++) {
      const r = f(tensor([1, 2]));
      expect([await list(r.c), await list(r.changing)]).toEqual([
        [11, 22],
        [3, 5],
      ]);
    }
  });
});

describe("cost of a replay", () => {
  test("one pass, one submit, no buffer, bind group or pipeline; counted on GPUDevice", async () => {
    const own = await requestDevice();
    await withDevice(own, async () => {
      const w = parameter([64], new Float32Array(64).fill(0.1));
      const optimizer = new AdamW([w]);
      const step = compile((x: Tensor) => {
        const loss = sum(mul(mul(w, x), rand([64])));
        optimizer.minimize(loss);
        return { loss };
      });
      const x = { data: new Float32Array(64).fill(1), shape: [64] };
      const losses = [step(x).loss];
      await own.settle();
      const counts = countCalls(own.gpu);
      const before = { ...counts };
      for (let i = 0; i < 50; i++) losses.push(withDevice(own, () => step(x)).loss);
      const used = since(counts, before);
      expect(used).toMatchObject({
        submits: 50,
        passes: 50,
        buffers: 0,
        bindGroups: 0,
        pipelines: 0,
        maps: 0,
      });
      expect(used.writes).toBe(100); // the argument, and all host scalars in one
      expect(used.dispatches).toBe(50 * step.programs[0].dispatches.length);
      await own.settle();
    });
    own.destroy();
  });
});

describe("memory", () => {
  test("checkpoint in a captured step: a smaller plan, the same gradients", async () => {
    const values = () => Float32Array.from({ length: 64 * 64 }, (_, i) => 0.1 * Math.sin(i));
    const ws = Array.from({ length: 12 }, () => parameter([64, 64], values()));
    const block = (i: number) => (x: Tensor) => tanh(matmul(tanh(matmul(x, ws[i]!)), ws[i + 1]!)); // [256, 64]
    const steps = [false, true].map((spare) =>
      compile((x: Tensor) => {
        let h = x;
        for (let i = 0; i < ws.length; i += 2) h = spare ? checkpoint(block(i), h) : block(i)(h);
        return grad(sum(h), ws);
      }),
    );
    const x = rand([256, 64]);
    const [kept, again] = steps.map((step) => step(x));
    for (const [i, g] of kept!.entries()) expect(await list(again![i]!)).toEqual(await list(g!));
    const [most, less] = steps.map((step) => step.programs[0]!.memory);
    expect(less!.plannedBytes).toBeLessThan(0.8 * most!.plannedBytes);
    expect(less!.plannedBytes).toBeLessThanOrEqual(1.15 * less!.boundBytes);
  });
});

describe("errors", () => {
  test("values cannot be read inside, compiled functions do not nest, promises are refused", () => {
    // At once, not in a promise that nobody inside can await.
    for (const read of [(x: Tensor) => void x.data(), (x: Tensor) => void x.item()])
      expect(() => compile(read)(tensor([1]))).toThrow(/cannot be read inside compile/);
    expect(() => compile((async (x: Tensor) => x) as never)(tensor([1]))).toThrow(TypeError);
    const inner = compile((x: Tensor) => add(x, x));
    expect(() => compile((x: Tensor) => inner(x))(tensor([1]))).toThrow(/inside another/);
    // Also where the inner one is recorded already and would just run.
    const host = { data: new Float32Array([1]), shape: [1] };
    inner(host);
    expect(() => compile((x: Tensor) => add(x, inner(host)))(tensor([1]))).toThrow(/inside another/);
  });

  test("an exception inside leaves the engine usable, no buffer behind, host state as it was", async () => {
    await device.settle();
    const w = parameter([8], new Float32Array(8));
    const optimizer = new AdamW([w]);
    backward(sum(w));
    const before = device.memory().liveBytes;
    const offset = defaultGenerator.offset;
    const f = compile((x: Tensor) => {
      optimizer.minimize(sum(mul(add(w, x), rand([8]))));
      throw new Error("halfway");
    });
    expect(() => f(ones([8]))).toThrow("halfway");
    expect(w.grad).not.toBeNull();
    expect(optimizer.state().steps).toEqual([0]);
    expect(defaultGenerator.offset).toBe(offset);
    await device.settle();
    expect(device.memory().liveBytes - before).toBeLessThanOrEqual(256); // ones([8])
    expect(await list(add(ones([1]), ones([1])))).toEqual([2]);
  });

  test("a tensor of the recording has no value outside", () => {
    let leaked: Tensor | null = null;
    const f = compile((x: Tensor) => {
      leaked = add(x, x);
      return leaked;
    });
    f(tensor([1]));
    expect(() => add(leaked!, leaked!)).toThrow(/after its release by compile/);
  });

  test("a released tensor from outside", () => {
    const c = ones([1]);
    const f = compile((x: Tensor) => add(x, c));
    f(ones([1]));
    c.release("hand");
    expect(() => f(ones([1]))).toThrow(UsageError);
  });

  test("no room for the program: what would fill it is named, and the engine goes on", async () => {
    const small = await requestDevice({ memoryBudgetBytes: 4 << 20 });
    const x = withDevice(small, () => ones([1 << 18])); // 1 MB
    const step = compile((t: Tensor) => sum(cumsum(mul(cumsum(t, 0), cumsum(exp(t), 0)), 0)), {
      fuse: false,
    });
    const held = small.memory().live;
    expect(() => scope(() => void withDevice(small, () => step(x)))).toThrow(
      /^out of GPU memory: asked \d+ bytes, live \d+, budget 4194304; largest: (cumsum|exp|mul|f32) 1048576/,
    );
    expect(small.memory().live.filter((l) => l.label !== "nothing")).toEqual(held);
    expect(await withDevice(small, () => sum(x)).item()).toBe(1 << 18);
    small.destroy();
  });

  test("after the device is lost", async () => {
    const doomed = await requestDevice();
    const x = withDevice(doomed, () => ones([2]));
    const f = compile((t: Tensor) => add(t, t));
    f(x);
    doomed.destroy();
    await doomed.lost;
    expect(() => f(x)).toThrow(DeviceLostError);
  });

  test("a loop with a scope keeps memory flat", async () => {
    const f = compile((x: Tensor) => ({ y: add(x, x), s: sum(x) }));
    const x = ones([5000]);
    const once = () =>
      scope(() => {
        f(x);
      });
    once();
    await device.settle();
    const before = device.memory();
    for (let i = 0; i < 100; i++) once();
    await device.settle();
    // Not more; less, where the collector frees a program of an earlier test meanwhile.
    expect(device.memory().liveBytes).toBeLessThanOrEqual(before.liveBytes);
    expect(device.memory().buffers).toBe(before.buffers);
  });
});
