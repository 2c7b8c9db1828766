// f16 storage with f32 arithmetic, on lavapipe, which has shader-f16: values, rounding, promotion, accumulation, gradients,
// parameters, optimizers, files, programs. Every op in f16: the f16 column of the op table (src/selftest/half.ts).
import { beforeAll, describe, expect, it } from "vitest";
import { type Device, withDevice } from "../../src/gpu/device.ts";
import { DTypeError, UsageError } from "../../src/gpu/errors.ts";
import { findAdapter } from "../../src/hosts/dawn.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import * as w from "../../src/node.ts";
import { promote } from "../../src/tensor/dtype.ts";
import { f16ToF32, f32ToF16 } from "../../src/tensor/half.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/train/checkpoint.ts";

const has = (adapter: "lavapipe" | "swiftshader") =>
  findAdapter({ adapter }).then(
    () => true,
    () => false,
  );
const [lavapipe, swiftshader] = [await has("lavapipe"), await has("swiftshader")];
const f16 = { dtype: "f16" } as const;
const rounded = (values: ArrayLike<number>) => f16ToF32(f32ToF16(values));

describe.skipIf(!swiftshader)("without shader-f16", () => {
  it("refuses f16 with a message that says why", async () => {
    const device = await w.requestDevice({ adapter: "swiftshader" });
    withDevice(device, () => {
      expect(() => w.tensor([1], f16)).toThrow(DTypeError);
      expect(() => w.zeros([2], f16)).toThrow(
        /f16 needs shader-f16, which this adapter lacks \(.*SwiftShader/,
      );
      expect(() => w.tensor([1, 2]).half()).toThrow(/shader-f16/);
      expect(() => new w.nn.Linear(2, 2).half()).toThrow(/shader-f16/);
    });
  });
});

describe("promotion", () => {
  it("is bool < i32 < f16 < f32, u32 apart", () => {
    expect(promote("bool", "f16")).toBe("f16");
    expect(promote("f16", "i32")).toBe("f16");
    expect(promote("f16", "f32")).toBe("f32");
    expect(promote("f16", "f16")).toBe("f16");
    expect(promote("u32", "f16")).toBe(null);
  });
});

describe.skipIf(!lavapipe)(
  `f16${lavapipe ? "" : ", skipped: no lavapipe that Dawn can use (npm run setup)"}`,
  () => {
    let device: Device;
    beforeAll(async () => {
      device = await w.requestDevice({ adapter: "lavapipe", debug: true });
    });
    const on = <R>(fn: () => R): R => withDevice(device, fn);

    it("takes numbers and typed arrays, gives Float32Array, in half the bytes", async () => {
      const values = [1, 0.1, -3, 65504, 1e9, -1e9, NaN, -0, 1e-7];
      const t = on(() => w.tensor(values, f16));
      expect(t.dtype).toBe("f16");
      expect(t.byteLength).toBe(20); // whole words
      expect(await t.data()).toEqual(rounded(values));
      const odd = on(() => w.tensor(Float32Array.of(1, 2, 3), { ...f16, shape: [3] }));
      expect(Array.from(await odd.data())).toEqual([1, 2, 3]);
      expect(await on(() => w.tensor(7, f16)).item()).toBe(7);
      expect(Array.from(await on(() => w.full([5], 0.1, f16)).data())).toEqual(
        new Array(5).fill(rounded([0.1])[0]),
      );
      expect(Array.from(await on(() => w.arange(0, 3, 1, f16)).data())).toEqual([0, 1, 2]);
      const eye = on(() => w.eye(2, 3, f16));
      expect([eye.dtype, ...(await eye.data())]).toEqual(["f16", 1, 0, 0, 0, 1, 0]);
      const ids = on(() => w.tensor([2, 0], { dtype: "i32" }));
      const hot = on(() => w.F.oneHot(ids, 3, f16));
      expect([hot.dtype, ...(await hot.data())]).toEqual(["f16", 0, 0, 1, 1, 0, 0]);
    });

    it("rounds on the GPU as on the host: to nearest even, 65520 to infinity, NaN kept", async () => {
      const bits = new Generator(3).integers(4096, 0, 65536);
      const halves = f16ToF32(Uint16Array.from(bits));
      const between = halves.map((v, i) => v * (1 + ((i % 7) - 3) * 2 ** -12));
      const edges = [
        65504,
        65519.996,
        65520,
        65535,
        65536,
        1e38,
        2049,
        2051,
        2 ** -14,
        2 ** -24,
        1.5 * 2 ** -24,
        2 ** -26,
      ];
      const values = Float32Array.from([
        ...halves,
        ...between,
        ...edges,
        ...edges.map((v) => -v),
        Infinity,
        -Infinity,
        NaN,
      ]);
      const y = on(() => w.tensor(values).half());
      expect(await y.data()).toEqual(rounded(values));
      expect(await on(() => w.tensor(rounded(values), f16).float()).data()).toEqual(rounded(values));
    });

    it("promotes and keeps the dtype of f16", async () => {
      const [h, f, i, b] = on(() => [
        w.tensor([1.5, 2], f16),
        w.tensor([1, 2]),
        w.tensor([1, 2], { dtype: "i32" }),
        w.tensor([true, false]),
      ]);
      const dtypes = on(() =>
        [
          w.add(h, h),
          w.add(h, f),
          w.add(h, i),
          w.mul(b, h),
          w.add(h, 0.1),
          w.div(h, h),
          w.div(i, h),
          w.exp(h),
          w.sum(h),
          w.mean(h),
          w.F.softmax(h),
          w.where(b, h, 0),
          w.F.relu(h),
          w.matmul(h, h),
          w.matmul(h, f),
          w.eq(h, h),
        ].map((t) => t.dtype),
      );
      expect(dtypes).toEqual([
        "f16",
        "f32",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f16",
        "f32",
        "bool",
      ]);
      expect(Array.from(await on(() => w.add(h, f)).data())).toEqual([2.5, 4]);
      expect(() => on(() => w.add(h, w.tensor([1], { dtype: "u32" })))).toThrow(DTypeError);
    });

    it("accumulates in f32: sums and products beyond what f16 counts", async () => {
      const ones = on(() => w.ones([5000], f16));
      expect(await on(() => w.sum(ones)).item()).toBe(5000); // in f16 it would stop at 2048
      expect(await on(() => w.sum(w.ones([3, 40000], f16), 1)).data()).toEqual(
        Float32Array.of(40000, 40000, 40000),
      );
      expect(await on(() => w.mean(w.full([100000], 2, f16))).item()).toBe(2);
      const into = on(() => w.scatterAdd(w.zeros([1], f16), 0, w.zeros([5000], { dtype: "i32" }), ones));
      expect(await into.item()).toBe(5000);
      // Thirds, in chunks whose sums f16 would round.
      const thirds = on(() =>
        w.scatterAdd(w.zeros([1], f16), 0, w.zeros([4097], { dtype: "i32" }), w.full([4097], 1 / 3, f16)),
      );
      expect(await thirds.item()).toBe(rounded([4097 * rounded([1 / 3])[0]])[0]);
      const [a, b] = on(() => [w.ones([3, 4100], f16), w.ones([4100, 5], f16)]);
      expect(new Set(await on(() => w.matmul(a, b)).data())).toEqual(new Set([4100]));
      expect(await on(() => w.variance(w.tensor([1000, 1001, 1002, 1003], f16))).item()).toBeCloseTo(
        5 / 3,
        2,
      );
      expect(await on(() => w.sum(w.full([2], 40000, f16))).item()).toBe(Infinity);
    });

    it("differentiates, and twice; gradients have the dtype of their tensor", async () => {
      const x = on(() => w.tensor([1, 2, 3], { ...f16, requiresGrad: true }));
      const s = on(() => w.tensor([0.5], { requiresGrad: true }));
      const y = on(() => w.mul(w.mul(x, w.mul(x, x)), s)); // x^3 s, f32
      const [dx, ds] = on(() => w.grad(w.sum(y), [x, s], { createGraph: true }));
      expect([y.dtype, dx.dtype, ds.dtype]).toEqual(["f32", "f16", "f32"]);
      expect(Array.from(await dx.data())).toEqual([1.5, 6, 13.5]);
      expect(Array.from(await ds.data())).toEqual([36]);
      const [ddx] = on(() => w.grad(w.sum(dx), [x]));
      expect(ddx.dtype).toBe("f16");
      expect(Array.from(await ddx.data())).toEqual([3, 6, 9]);
      on(() => w.backward(w.sum(w.mul(x, x))));
      on(() => w.backward(w.sum(w.mul(x, x))));
      expect(x.grad?.dtype).toBe("f16");
      expect(Array.from(await x.grad!.data())).toEqual([4, 8, 12]);
    });

    it("refuses an f16 tensor where a kernel reads integers", () => {
      const copy = w.defineKernel(
        `@group(0) @binding(0) var<storage, read> x: array<i32>;
       @group(0) @binding(1) var<storage, read_write> y: array<i32>;
       @compute @workgroup_size(1) fn main() { y[0] = x[0]; }`,
        { file: "copy" },
      );
      const [x, y] = on(() => [w.ones([1], f16), w.zeros([1], { dtype: "i32" })]);
      expect(() => copy({ x, y }, {}, { grid: [1] })).toThrow(DTypeError);
      expect(() => copy({ x, y }, {}, { grid: [1] })).toThrow(
        /x holds i32 elements, a tensor of f16 was given/,
      );
      expect(() => on(() => w.gather(x, 0, x))).toThrow(/indices must be i32, got f16/);
    });

    it("draws within the interval and moves elements as they are", async () => {
      const u = await on(() => w.rand([20000], f16)).data();
      expect(Math.max(...u)).toBeLessThan(1);
      expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
      const x = on(() =>
        w.tensor(
          [
            [1, NaN, -0],
            [Infinity, 5, 6],
          ],
          f16,
        ),
      );
      expect(await on(() => w.permute(x, [1, 0])).data()).toEqual(
        Float32Array.of(1, Infinity, NaN, 5, -0, 6),
      );
      expect(await on(() => w.cat([x, x], 1)).data()).toEqual(
        Float32Array.of(1, NaN, -0, 1, NaN, -0, Infinity, 5, 6, Infinity, 5, 6),
      );
    });

    it("trains a half model with f32 moments, eagerly and compiled", async () => {
      for (const how of ["eager", "compiled", "fused"]) {
        const model = on(() => {
          w.manualSeed(1);
          return new w.nn.Sequential(new w.nn.Linear(3, 9), new w.nn.ReLU(), new w.nn.Linear(9, 1)).half();
        });
        expect(model.parameters().map((p) => p.dtype)).toEqual(["f16", "f16", "f16", "f16"]);
        const optimizer = new w.optim.AdamW(model.parameters(), { lr: 0.02 });
        expect(new Set([...optimizer.stateTensors().values()].map((t) => t.dtype))).toEqual(new Set(["f32"]));
        expect(() => model.float()).toThrow(UsageError);
        const plain = (x: w.Tensor, y: w.Tensor) => {
          const loss = w.F.mseLoss(model.forward(x), y);
          optimizer.minimize(loss);
          return { loss };
        };
        const step = how === "eager" ? plain : w.compile(plain, { fuse: how === "fused" });
        const x = on(() => w.randn([33, 3], f16));
        const y = on(() => w.sum(x, 1, true));
        const losses: number[] = [];
        for (let i = 0; i < 40; i++) losses.push(await on(() => step(x, y)).loss.item());
        expect(losses.at(-1)!).toBeLessThan(0.3 * losses[0]);
      }
    });

    it("writes F16 into checkpoints and loads either float dtype", async () => {
      const model = on(() => new w.nn.Linear(3, 2).half());
      const bytes = await saveCheckpoint({ model }, { step: 1, config: {}, history: [] });
      expect(readSafetensors(bytes).tensors.get("weight")!.dtype).toBe("F16");
      const [again, wide] = on(() => [new w.nn.Linear(3, 2).half(), new w.nn.Linear(3, 2)]);
      for (const other of [again, wide]) {
        loadCheckpoint(bytes, { model: other });
        expect(await other.weight.data()).toEqual(await model.weight.data());
      }
      wide.loadStateDict(model.stateDict());
      expect(wide.weight.dtype).toBe("f32");
      expect(on(() => model.float()).weight.dtype).toBe("f32");
    });
  },
);
