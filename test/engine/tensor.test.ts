// Lifetimes, the tape, and errors of the engine itself. Ops have their own tables.

import { beforeAll, describe, expect, test } from "vitest";
import { type Device, withDevice } from "../../src/gpu/device.ts";
import {
  DeviceLostError,
  LimitError,
  OutOfMemoryError,
  ShaderError,
  UsageError,
} from "../../src/gpu/errors.ts";
import { kernel } from "../../src/gpu/kernel.ts";
import { addPair } from "../../src/gpu/shaders.gen.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { arange, full, ones, rand, randn, tensor, zeros } from "../../src/tensor/create.ts";
import { enableGrad, noGrad } from "../../src/tensor/mode.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { add, addInto, copyInto } from "../../src/tensor/primitives.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import { keep, scope } from "../../src/tensor/scope.ts";
import { empty, type Tensor } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

const list = async (t: Tensor) => Array.from(await t.data());

describe("creation", () => {
  test("nested values, dtypes and shapes", async () => {
    const t = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([t.shape, t.dtype, await list(t)]).toEqual([[2, 3], "f32", [1, 2, 3, 4, 5, 6]]);
    expect(tensor([true, false]).dtype).toBe("bool");
    expect(tensor(new Int32Array([1])).dtype).toBe("i32");
    expect(await list(arange(2, 8, 2))).toEqual([2, 4, 6]);
    expect(await list(full([3], -7, { dtype: "i32" }))).toEqual([-7, -7, -7]);
    expect(await list(full([1], 2 ** 31 - 1, { dtype: "i32" }))).toEqual([2 ** 31 - 1]);
    expect(await list(zeros([0, 3]))).toEqual([]);
  });

  test("errors name the rule", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/tensor: ragged nest, \[2\] beside \[1\]/);
    expect(() => tensor([1, 2], { shape: [3] })).toThrow(/tensor: 2 values do not fit \[3\]/);
    expect(() => empty([2, -1])).toThrow(/sizes must be non-negative integers, got \[2,-1\]/);
    expect(() => rand([2], { dtype: "i32" })).toThrow(/only f32/);
  });

  test("draws on the GPU are those of the CPU generator", async () => {
    const generator = new Generator(2024);
    const onGpu = await rand([1003], { generator });
    expect(generator.offset).toBe(251);
    expect(await list(onGpu)).toEqual(Array.from(new Generator(2024).uniform(1003)));
    const normal = await list(randn([1000], { generator: new Generator(5) }));
    const reference = new Generator(5).normal(1000);
    normal.forEach((v, i) => {
      expect(Math.abs(v - reference[i])).toBeLessThan(1e-6 * Math.max(1, Math.abs(reference[i])));
    });
    manualSeed(1);
    const first = await list(rand([5]));
    manualSeed(1);
    expect(await list(rand([5]))).toEqual(first);
  });
});

describe("scope", () => {
  test("releases all but the result, and names itself in a later use", async () => {
    await device.settle();
    const before = device.memory().liveBytes;
    let inner: Tensor | null = null;
    const out = scope(() => {
      inner = add(ones([1000]), ones([1000]));
      return { nested: [add(inner, inner)] };
    }, "my scope");
    expect(device.memory().liveBytes - before).toBe(4096);
    expect(await out.nested[0].item().catch((e) => e.message)).toMatch(/one element/);
    expect(() => add(inner!, inner!)).toThrow(/used after its release by my scope/);
    out.nested[0].release("test");
    expect(device.memory().liveBytes).toBe(before);
  });

  test("keep exempts, a throw frees, a promise is refused", () => {
    const before = device.memory().liveBytes;
    const kept = scope(() => {
      keep(ones([4]));
      return keep(ones([8]));
    });
    expect(device.memory().liveBytes).toBeGreaterThan(before);
    expect(kept.released).toBe(false);
    const at = device.memory().liveBytes;
    expect(() =>
      scope(() => {
        ones([1000]);
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(device.memory().liveBytes).toBe(at);
    expect(() => scope(async () => 1)).toThrow(TypeError);
    expect(() => noGrad(async () => 1)).toThrow(/must be synchronous/);
  });

  test("an inner scope hands its result to the outer", () => {
    const before = device.memory().liveBytes;
    scope(() => {
      scope(() => ones([1000]));
    });
    expect(device.memory().liveBytes).toBe(before);
  });
});

describe("autograd", () => {
  test("accumulates over uses and calls", async () => {
    const a = tensor([1, 2, 3], { requiresGrad: true });
    backward(sum(add(a, mul(a, a))));
    expect(await list(a.grad!)).toEqual([3, 5, 7]);
    backward(sum(a));
    expect(await list(a.grad!)).toEqual([4, 6, 8]);
    a.grad = null;
    expect(a.grad).toBeNull();
    backward(sum(a));
    expect(await list(a.grad!)).toEqual([1, 1, 1]);
  });

  test("third derivative of x^4", async () => {
    const x = tensor([2], { requiresGrad: true });
    const y = sum(mul(mul(x, x), mul(x, x)));
    const [d1] = grad(y, [x], { createGraph: true });
    const [d2] = grad(sum(d1), [x], { createGraph: true });
    const [d3] = grad(sum(d2), [x]);
    expect([await d1.item(), await d2.item(), await d3.item()]).toEqual([32, 48, 48]);
  });

  test("noGrad, enableGrad, detach by a fresh tensor, leaves", () => {
    const x = tensor([1], { requiresGrad: true });
    expect(noGrad(() => mul(x, x)).requiresGrad).toBe(false);
    expect(noGrad(() => enableGrad(() => mul(x, x))).requiresGrad).toBe(true);
    expect(mul(x, x).isLeaf).toBe(false);
    expect(() => {
      tensor([1], { dtype: "i32" }).requiresGrad = true;
    }).toThrow(/only f32 and f16 tensors have gradients/);
  });

  test("a gradient of an inner tensor, by retainGrad and by grad", async () => {
    const x = tensor([3], { requiresGrad: true });
    const h = mul(x, x).retainGrad();
    const y = sum(mul(h, h));
    const [dh] = grad(y, [h], { retainGraph: true });
    expect(await dh.item()).toBe(18);
    backward(y);
    expect(await h.grad!.item()).toBe(18);
    expect(await x.grad!.item()).toBe(108);
  });

  test("unused inputs, released tapes, shapes of cotangents", async () => {
    const [x, z] = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })];
    const y = sum(mul(x, x));
    expect(() => grad(y, [z], { retainGraph: true })).toThrow(/do not depend on input 0/);
    expect(grad(y, [z], { allowUnused: true, retainGraph: true })).toEqual([null]);
    backward(y);
    expect(() => backward(y)).toThrow(/tape was released/);
    expect(() => backward(mul(x, tensor([1, 2])))).toThrow(/shape \[2\] needs a cotangent/);
    expect(() => backward(mul(x, x), ones([2]))).toThrow(/\[2\] and \[1\]/);
    expect(() => backward(ones([1]))).toThrow(/does not require a gradient/);
  });

  test("a saved tensor changed in place is noticed, one that is not needed is not", async () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const w = tensor([3, 4]);
    const y = sum(mul(x, w));
    addInto(w, ones([2]));
    expect(() => backward(y)).toThrow(
      /backward of mul: .* needs tensor f32\[2\], which accumulate has changed in place/,
    );
    const u = tensor([3, 4]);
    const z = sum(add(x, u));
    copyInto(u, ones([2]));
    backward(z);
    expect(await list(x.grad!)).toEqual([1, 1]);
  });

  test("backward frees what it makes", async () => {
    const x = tensor(new Float32Array(1000), { requiresGrad: true });
    backward(sum(mul(x, x)));
    await device.settle();
    const before = device.memory().liveBytes;
    scope(() => backward(sum(mul(x, mul(x, x)))));
    expect(device.memory().liveBytes).toBe(before);
  });
});

describe("errors", () => {
  test("a shader that does not compile names file, line and text", async () => {
    const broken = {
      ...addPair,
      file: "broken.wgsl",
      code: addPair.code.replace("a[i] + b[i]", "a[i] + nonsense"),
    };
    const run = kernel(broken as typeof addPair);
    const [a, y] = [ones([4]), empty([4])];
    run({ a, b: a, y }, { n: 4 }, { grid: [1] });
    const error = await y.data().catch((e) => e);
    expect(error).toBeInstanceOf(ShaderError);
    expect(error.message).toMatch(/broken\.wgsl:\d+: unresolved value 'nonsense'\n.*nonsense/);
    expect(() => run({ a, b: a, y }, { n: 4 }, { grid: [1] })).toThrow(ShaderError);
    expect(await list(add(a, a))).toEqual([2, 2, 2, 2]); // the engine goes on
  });

  test("WebGPU's refusals reach the next await; debug mode names the dispatch", async () => {
    const debug = await requestDevice({ debug: true });
    await withDevice(debug, async () => {
      const a = ones([4]);
      const run = kernel(addPair);
      run({ a, b: a, y: a }, { n: 4 }, { grid: [1], label: "aliased" }); // one buffer read and written
      const error = await a.data().catch((e) => e);
      expect(error.message).toMatch(/^aliased \(add_pair\.wgsl\): /);
      expect(error.message).toMatch(/tensor\.test\.ts/);
      expect(await list(ones([2]))).toEqual([1, 1]);
    });
    debug.destroy();
    const a = ones([4]);
    kernel(addPair)({ a, b: a, y: a }, { n: 4 }, { grid: [1] });
    await expect(a.data()).rejects.toThrow(/usage|writable/i);
  });

  test("too large, over budget", async () => {
    expect(() => empty([2 ** 40])).toThrow(LimitError);
    const small = await requestDevice({ memoryBudgetBytes: 1 << 20 });
    withDevice(small, () => {
      const held = ones([1 << 17]);
      const error = (() => {
        try {
          ones([1 << 18]);
        } catch (e) {
          return e as OutOfMemoryError;
        }
      })();
      expect(error).toBeInstanceOf(OutOfMemoryError);
      expect(error!.message).toMatch(/asked 1048576 bytes, live \d+, budget 1048576; largest: f32 524288/);
      expect(held.released).toBe(false);
      expect(ones([16]).size).toBe(16);
    });
    small.destroy();
  });

  test("a lost device: every use throws DeviceLostError", async () => {
    const doomed = await requestDevice();
    const t = withDevice(doomed, () => ones([4]));
    const pending = t.data().catch((e) => e);
    doomed.destroy();
    await doomed.lost;
    expect(await pending.then((r) => (r instanceof Error ? r.constructor.name : "data"))).toMatch(
      /DeviceLostError|data/,
    );
    await expect(t.data()).rejects.toThrow(DeviceLostError);
    expect(() => add(t, t)).toThrow(DeviceLostError);
    expect(() => add(t, ones([4]))).toThrow(/two devices/);
  });

  test("released tensors", () => {
    const t = ones([2]);
    t.release("hand");
    expect(() => add(t, t)).toThrow(UsageError);
    return expect(t.data()).rejects.toThrow(/after its release by hand/);
  });
});
