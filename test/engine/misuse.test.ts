// What an untyped or careless caller does: odd arguments of compiled functions, values of the wrong kind, results that
// leave scopes by side doors, and a pool that must give memory back while commands wait. Each failed once.

import { inspect } from "node:util";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Device, withDevice } from "../../src/gpu/device.ts";
import { ErrorSink } from "../../src/gpu/error_sink.ts";
import { DeviceError, DTypeError, OptionError, ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { BufferPool } from "../../src/gpu/pool.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { Linear, ReLU, Sequential } from "../../src/layers/index.ts";
import { AdamW } from "../../src/optim/index.ts";
import { argumentKey } from "../../src/tensor/argument_key.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { ones, rand, tensor, zeros } from "../../src/tensor/create.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { add } from "../../src/tensor/primitives.ts";
import { defaultGenerator } from "../../src/tensor/random.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

describe("arguments of a compiled function", () => {
  test("numbers that JSON writes alike are told apart", async () => {
    const f = compile((x: Tensor, k: number) => mul(x, k));
    const x = ones([1]);
    for (const k of [Infinity, Number.NaN, -Infinity, 0, -0]) expect(await f(x, k).item()).toBe(k);
  });

  test("functions, maps and modules count as themselves, plain objects and arrays by value", async () => {
    const times = (k: number) => (x: Tensor) => mul(x, k); // two closures of one text
    const f = compile((x: Tensor, g: (x: Tensor) => Tensor) => g(x));
    const x = ones([1]);
    expect([await f(x, times(2)).item(), await f(x, times(3)).item()]).toEqual([2, 3]);
    const h = compile((x: Tensor, m: Map<string, number>) => mul(x, m.get("k")!));
    expect([await h(x, new Map([["k", 2]])).item(), await h(x, new Map([["k", 3]])).item()]).toEqual([2, 3]);
    const run = compile((m: Linear, x: Tensor) => m.forward(x));
    const [a, b] = [new Linear(2, 1), new Linear(2, 1)];
    const y = ones([1, 2]);
    for (const m of [a, b]) expect(await run(m, y).item()).toBe(await m.forward(y).item());
    expect(argumentKey({ a: [1, "1", null, undefined, 1n] })).toBe(
      argumentKey({ a: [1, "1", null, undefined, 1n] }),
    );
    const keys = [1, "1", 1n, true, "true", null, "null", [1], { 0: 1 }, undefined, [[1], 2], [1, [2]]].map(
      argumentKey,
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("a released tensor, or one of another device, is refused before the host state moves", async () => {
    const w = parameter([2], new Float32Array(2));
    const optimizer = new AdamW([w]);
    const f = compile((x: Tensor, y: Tensor) => optimizer.minimize(sum(mul(mul(w, add(x, y)), rand([2])))));
    f(ones([2]), ones([2]));
    const offset = defaultGenerator.offset;
    const gone = ones([2]);
    gone.release("hand");
    expect(() => f(ones([2]), gone)).toThrow(UsageError);
    const other = await requestDevice();
    expect(() => f(ones([2]), ones([2], { device: other }))).toThrow(DeviceError);
    other.destroy();
    expect(optimizer.state().steps).toEqual([1]);
    expect(defaultGenerator.offset).toBe(offset);
    await device.settle();
  });

  test("check finds a parameter that was put in place of another", () => {
    const model = { weight: parameter([2], new Float32Array([1, 2])) };
    const f = compile((x: Tensor) => mul(x, model.weight), { check: true });
    f(ones([2]));
    f(ones([2]));
    model.weight = parameter([2], new Float32Array([3, 4]));
    expect(() => f(ones([2]))).toThrow(/no longer does what was recorded/);
  });

  test("a recording that finds no room leaves nothing behind", async () => {
    const own = await requestDevice({ memoryBudgetBytes: 1_000_000 });
    withDevice(own, () => {
      const optimizer = new AdamW([parameter([2], new Float32Array(2))]);
      const live = own.memory().liveBytes;
      const f = compile(() => {
        optimizer.step();
        return add(ones([150_000]), ones([150_000]));
      });
      for (let i = 0; i < 2; i++) expect(() => f()).toThrow(/out of GPU memory/);
      expect(own.memory().liveBytes - live).toBeLessThanOrEqual(512); // what optional bindings point at
      expect(optimizer.state().steps).toEqual([0]);
    });
    own.destroy();
  });
});

describe("values of the wrong kind", () => {
  test("typed arrays of other elements are refused, or converted where a dtype is given", async () => {
    for (const odd of [new Uint8Array(4), new Float64Array(4), new BigInt64Array(4)])
      expect(() => tensor(odd as never)).toThrow(DTypeError);
    expect(Array.from(await tensor(new Uint8Array([1, 255]) as never, { dtype: "f32" }).data())).toEqual([
      1, 255,
    ]);
    expect(Array.from(await tensor(new Float64Array([1, 0.5]) as never, { dtype: "f32" }).data())).toEqual([
      1, 0.5,
    ]);
    const f = compile((x: Tensor) => mul(x, 2));
    expect(() => f({ data: new Uint8Array(2), shape: [2] } as never)).toThrow();
  });

  test("neither numbers nor booleans; shapes that are no arrays; unknown dtypes; layers in an array", () => {
    for (const odd of ["abc", undefined, [1, null], [new Float32Array(2)]])
      expect(() => tensor(odd as never)).toThrow(/numbers or booleans/);
    expect(() => zeros(3 as never)).toThrow(ShapeError);
    expect(() => tensor([1], { dtype: "float32" as never })).toThrow(DTypeError);
    expect(() => new Sequential([new ReLU()] as never)).toThrow(OptionError);
    expect(() => new Linear(1, 1).loadStateDict({ weight: [1] as never, bias: [1] as never })).toThrow(
      /weight: no tensor/,
    );
  });

  test("console.log of tensors and modules is short", () => {
    expect(inspect(ones([2, 3]))).toBe("tensor f32[2,3]");
    expect(inspect(new ReLU())).toBe(String(new ReLU()));
  });

  test("an adapter kind that there is not", () =>
    expect(requestDevice({ adapter: "cuda" as never })).rejects.toThrow(/must be one of auto/));
});

describe("memory", () => {
  test("a gradient returned from the scope that made its leaf stays, and goes with the next scope", async () => {
    let inner: Tensor | null = null;
    const g = scope(() => {
      inner = scope(() => {
        const x = tensor([1, 2], { requiresGrad: true });
        backward(sum(mul(x, x)));
        return x.grad!;
      });
      return add(inner, inner);
    });
    expect(Array.from(await g.data())).toEqual([4, 8]);
    expect(inner!.released).toBe(true);
  });

  test("grad through what a scope has released throws: never a gradient with a path missing", () => {
    const x = tensor([2], { requiresGrad: true });
    const y = scope(() => mul(mul(x, x), 2));
    expect(() => grad(sum(y), [x])).toThrow(/after its release by scope/);
    expect(() => grad(sum(add(y, x)), [x], { allowUnused: true })).toThrow(/after its release by scope/);
    expect(() => backward(sum(add(y, x)))).toThrow(/after its release by scope/);
  });

  test("memory given back under a budget is not needed any more by commands that wait", async () => {
    const own = await requestDevice({ memoryBudgetBytes: 1_500_000 });
    const totals = withDevice(own, () =>
      [40_000, 50_001, 60_002, 70_003, 80_004, 90_005].map((n) => scope(() => sum(mul(ones([n]), 2)))),
    );
    expect(await Promise.all(totals.map((t) => t.item()))).toEqual([
      80_000, 100_002, 120_004, 140_006, 160_008, 180_010,
    ]);
    own.destroy();
  });

  test("a profile ends with its query set destroyed, also when it throws; two at once are refused", async () => {
    const boom = () => {
      throw new Error("boom");
    };
    await expect(device.profile(boom)).rejects.toThrow("boom");
    const nested = device.profile(() => device.profile(() => 1));
    await expect(nested).rejects.toThrow(UsageError);
    const { rows } = await device.profile(() => add(ones([4]), ones([4])));
    expect(rows.map((r) => r.label)).toEqual(["fill", "fill", "add"]);
  });
});

describe("pool on an adapter that is not like this one", () => {
  const made = (over: object = {}) => {
    const sizes: number[] = [];
    const popErrorScope = vi.fn(async (): Promise<GPUError | null> => null);
    const gpu = {
      limits: { maxStorageBufferBindingSize: 2 ** 32 - 4, maxBufferSize: 2 ** 32 - 4 },
      pushErrorScope: () => {},
      popErrorScope,
      createBuffer: ({ size }: GPUBufferDescriptor) => {
        sizes.push(size);
        return { destroy: () => {} };
      },
      ...over,
    } as unknown as GPUDevice;
    const errors = new ErrorSink();
    return { pool: new BufferPool(gpu, errors, undefined, () => {}), sizes, popErrorScope, errors };
  };

  test("limits that are no multiple of 16: classes and bindings stay below them", () => {
    const { pool, sizes } = made();
    pool.allocate(2 ** 32 - 16, "a");
    expect(sizes).toEqual([2 ** 32 - 16]); // its class, 2^32, would be refused
    expect(() => pool.allocate(2 ** 32 - 8, "a")).toThrow(/exceeds/);
  });

  test("a buffer the device had no room for is not handed out again, in use or idle", async () => {
    const { pool, sizes, popErrorScope, errors } = made();
    popErrorScope
      .mockResolvedValueOnce({ message: "oom" } as GPUError)
      .mockResolvedValueOnce({ message: "oom" } as GPUError);
    const [inUse, idle] = [pool.allocate(1024, "a"), pool.allocate(1024, "b")];
    for (const s of [inUse, idle]) s.retain();
    idle.release("hand");
    await expect(errors.settle()).rejects.toThrow(/out of GPU memory/);
    inUse.release("hand");
    expect(pool.report()).toMatchObject({ liveBytes: 0, pooledBytes: 0, buffers: 0 });
    pool.allocate(1024, "c");
    expect(sizes).toEqual([1024, 1024, 1024]);
  });
});
