// Reductions over axes: sum, mean, sumTo, broadcastTo, max, min, argmax, variance, any ... against float64 loops, in all
// layouts of kept and folded axes, with gradients of both orders, ties, NaN, zero-size, errors; golden values of variance.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { all, any } from "../../src/kernels/any_all.ts";
import { argmax, argmin } from "../../src/kernels/arg_reduce.ts";
import { broadcastTo } from "../../src/kernels/broadcast.ts";
import { mean, sum, sumTo } from "../../src/kernels/reduce.ts";
import { max, maxWithIndices, min, minWithIndices } from "../../src/kernels/reduce_max.ts";
import { std, type VarianceOptions, variance } from "../../src/kernels/variance.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "./golden_case.ts";
import { checkGradients } from "./gradient_check.ts";
import { build, checkLinear, expectNd, integers, type Nd, put } from "./nd.ts";
import { planAs } from "./plan_as.ts";
import { alongAxes, normal, squeezed } from "./reduce_reference.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const total = (row: readonly number[]) => row.reduce((s, v) => s + v, 0);
const folded = (x: Nd, axes: readonly number[], fn: (row: number[]) => number) =>
  alongAxes(x, axes, (row) => [fn(row)]);
const nan = Number.NaN;

/** Shapes and axes that take every path: teams, vectors, splits, two levels, more runs than the kernel takes. */
const LAYOUTS: readonly (readonly [number[], number[]])[] = [
  [[7], [0]],
  [[1], [0]],
  [[100003], [0]],
  [[65536], [0]],
  [[64, 10], [0]],
  [[64, 12], [0]],
  [[5000, 10], [0]],
  [[3000, 64], [0]],
  [[64, 1024], [1]],
  [[33, 515], [1]],
  [
    [8, 6, 28, 28],
    [0, 2, 3],
  ],
  [
    [8, 6, 7, 5],
    [0, 2, 3],
  ],
  [
    [3, 4, 5, 6],
    [0, 2],
  ],
  [
    [3, 4, 5, 8],
    [1, 3],
  ],
  [[5, 1, 3], [1]],
  [
    [60, 3, 600],
    [0, 2],
  ],
  [
    [2, 3, 2, 3, 2, 3, 4],
    [0, 2, 4, 6],
  ],
  [
    [2, 3, 2, 3, 2, 3, 4],
    [1, 3, 5],
  ],
];

describe.each(["software", "hardware"] as const)("sum, threads as for a %s adapter", (kind) => {
  planAs(kind);
  test.each(LAYOUTS)("of %j over %j: |error| <= 2e-6 sum |x|, twice the same bits", async (shape, axes) => {
    const x = normal(shape, 3);
    const want = folded(x, axes, total);
    const sizes = folded(x, axes, (row) => total(row.map(Math.abs)));
    const t = put(x);
    const y = sum(t, axes, true);
    expect(y.shape).toEqual(want.shape);
    const got = await y.data();
    for (const [i, v] of want.data.entries())
      expect(Math.abs(got[i]! - v)).toBeLessThanOrEqual(2e-6 * sizes.data[i]!);
    expect(await sum(t, axes, true).data()).toEqual(got);
  });

  test("a million equal terms keep their digits", async () => {
    expect(Math.abs((await sum(tensor(new Float32Array(1e6).fill(0.1))).item()) / 1e5 - 1)).toBeLessThan(
      2e-6,
    );
  });

  test.each([
    [
      [2, 3, 4],
      [0, 2],
    ],
    [[2, 3, 4], [1]],
    [[2, 3, 4], [-1]],
    [[4, 1], [1]],
    [
      [2, 2, 2, 2, 2],
      [0, 2, 4],
    ],
    [[0, 3], [0]],
  ])("of %j over %j is linear, with gradients of every order", async (shape, axes) => {
    const positive = axes.map((a) => (a < 0 ? a + shape.length : a));
    const ref = (x: Nd) => folded(x, positive, total);
    await checkLinear((x) => sum(x, axes, true), ref, shape);
    await checkLinear(
      (x) => sum(x, axes),
      (x) => squeezed(ref(x), positive),
      shape,
    );
  });

  test("defaults: all axes, a single axis, scalars", async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(await sum(x).item()).toBe(10);
    expect(await sum(x, []).item()).toBe(10);
    expect(sum(x, undefined, true).shape).toEqual([1, 1]);
    expect([...(await sum(x, 0).data())]).toEqual([4, 6]);
    expect(await sum(tensor(5)).item()).toBe(5);
  });

  test("bool and i32 give i32, u32 stays", async () => {
    const truth = sum(tensor([true, false, true, true, true]));
    expect([truth.dtype, await truth.item()]).toEqual(["i32", 4]);
    const whole = sum(
      tensor(
        [
          [1, -7],
          [2 ** 30, 5],
        ],
        { dtype: "i32" },
      ),
      0,
    );
    expect([whole.dtype, ...(await whole.data())]).toEqual(["i32", 2 ** 30 + 1, -2]);
    const unsigned = sum(tensor([2 ** 31, 7], { dtype: "u32" }));
    expect([unsigned.dtype, await unsigned.item()]).toEqual(["u32", 2 ** 31 + 7]);
  });

  test("of nothing: 0; NaN and infinity pass", async () => {
    expect(await sum(zeros([0])).item()).toBe(0);
    expect([...(await sum(zeros([2, 0, 3]), 1).data())]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(sum(zeros([2, 0, 3]), 0).shape).toEqual([0, 3]);
    expect(await sum(tensor([1, nan, 2])).item()).toBeNaN();
    expect(await sum(tensor([1, Number.POSITIVE_INFINITY])).item()).toBe(Number.POSITIVE_INFINITY);
  });

  test("errors", () => {
    expect(() => sum(zeros([2, 3]), 2)).toThrow(/sum: axis 2 is out of range for 2 dimensions/);
    expect(() => sum(zeros([2, 3]), [0, -2])).toThrow(/sum: axis 0 appears twice/);
  });
});

describe("mean", () => {
  test.each([
    [
      [2, 3, 4],
      [0, 2],
    ],
    [[3, 5], [1]],
    [[7], [0]],
  ])("of %j over %j, with gradients", async (shape, axes) => {
    const ref = (x: Nd) => folded(x, axes, (row) => total(row) / row.length);
    await checkGradients((x) => mean(x, axes, true), ref, normal(shape, 4));
  });

  test("of nothing: NaN; errors", async () => {
    expect(await mean(zeros([0])).item()).toBeNaN();
    expect([...(await mean(zeros([0, 2]), 0).data())]).toEqual([nan, nan]);
    expect(() => mean(zeros([2], { dtype: "i32" }))).toThrow(/mean: needs f32 or f16, x i32\[2\]/);
    expect(() => mean(tensor([true]))).toThrow(/mean: needs f32 or f16, x bool\[1\]/);
  });
});

describe("sumTo and broadcastTo", () => {
  test.each([
    [[3], [2, 3]],
    [
      [2, 1],
      [2, 5],
    ],
    [
      [2, 1],
      [2, 8],
    ],
    [
      [4, 1, 1],
      [2, 4, 3, 5],
    ],
    [
      [1, 8],
      [3, 8],
    ],
    [[], [2, 2]],
    [
      [1, 3, 1, 3, 1, 3, 1],
      [2, 3, 2, 3, 2, 3, 2],
    ],
    [
      [3, 1, 3, 1, 3],
      [3, 2, 3, 4, 3],
    ],
    [
      [1, 1],
      [3, 0],
    ],
    [
      [2, 3],
      [2, 3],
    ],
  ])("%j and %j", async (small, large) => {
    const lead = large.length - small.length;
    const repeated = large.flatMap((s, i) => (i < lead || (small[i - lead] === 1 && s !== 1) ? [i] : []));
    const down = (x: Nd): Nd => ({
      shape: small,
      data: repeated.length ? folded(x, repeated, total).data : x.data,
    });
    const up = (x: Nd): Nd =>
      build(large, (index) => {
        const at = index.slice(lead).map((k, i) => (small[i] === 1 ? 0 : k));
        return x.data[at.reduce((flat, k, i) => flat * small[i]! + k, 0)]!;
      });
    await checkLinear((x) => broadcastTo(x, large), up, small);
    await checkLinear((x) => sumTo(x, small), down, large);
  });

  test("dtypes, the same tensor for the same shape, errors", async () => {
    const x = tensor([1, 2, 3], { dtype: "i32" });
    expect([...(await broadcastTo(x, [2, 3]).data())]).toEqual([1, 2, 3, 1, 2, 3]);
    expect(broadcastTo(x, [3])).toBe(x);
    expect(sumTo(x, [3])).toBe(x);
    expect(() => broadcastTo(x, [2])).toThrow(/broadcastTo: \[3\] does not broadcast to \[2\]/);
    expect(() => broadcastTo(zeros([1, 3]), [3])).toThrow(/broadcastTo: \[1,3\] does not broadcast to \[3\]/);
    expect(() => sumTo(x, [2])).toThrow(/sumTo: \[2\] does not broadcast to \[3\]/);
  });
});

describe.each([
  ["max", "software", max, maxWithIndices, argmax, Math.max],
  ["max", "hardware", max, maxWithIndices, argmax, Math.max],
  ["min", "hardware", min, minWithIndices, argmin, Math.min],
] as const)("%s, threads as for a %s adapter", (name, kind, extreme, withIndices, arg, pick) => {
  planAs(kind);
  test.each(LAYOUTS)("of %j over %j", async (shape, axes) => {
    const x = normal(shape, 5);
    await expectNd(
      extreme(put(x), axes, true),
      folded(x, axes, (row) => row.reduce((a, b) => pick(a, b))),
    );
  });

  test.each([
    [[33, 515], 1],
    [[3, 70, 5], 1],
    [[100, 3], 0],
    [[4, 128], -1],
    [[1, 1], 0],
  ])("index in %j along %i", async (shape, axis) => {
    const x = integers(shape); // with ties: the first counts
    const want = alongAxes(x, [axis < 0 ? axis + shape.length : axis], (row) => [
      row.indexOf(row.reduce((a, b) => pick(a, b))),
    ]);
    const indices = arg(put(x), axis, true);
    expect(indices.dtype).toBe("i32");
    await expectNd(indices, want);
    await expectNd(arg(put(x, false, "i32"), axis, true), want);
    const found = withIndices(put(x), axis);
    expect(found.values.shape).toEqual(found.indices.shape);
    expect(await found.values.data()).toEqual(await extreme(put(x), axis).data());
  });

  test("gradients of both orders where there are no ties", async () => {
    for (const axes of [[0], [1], [0, 2]]) {
      const ref = (x: Nd) => folded(x, axes, (row) => row.reduce((a, b) => pick(a, b)));
      await checkGradients((x) => extreme(x, axes, true), ref, normal([3, 2, 4], 9), { step: 1e-4 });
    }
    const ref = (x: Nd) => folded(x, [1], (row) => row.reduce((a, b) => pick(a, b)));
    await checkGradients((x) => withIndices(x, 1, true).values, ref, normal([3, 5], 9), { step: 1e-4 });
  });

  test("ties share the gradient; with indices the first has it all", async () => {
    const x = tensor(
      [
        [2, 2, 2, 2],
        [0, 5, 5, 5],
      ],
      { requiresGrad: true },
    );
    const [shared] = grad(extreme(x, 1), [x], { gradOutputs: [tensor([1, 3])] });
    const quarter = [0.25, 0.25, 0.25, 0.25];
    expect([...(await shared!.data())]).toEqual([
      ...quarter,
      ...(name === "max" ? [0, 1, 1, 1] : [3, 0, 0, 0]),
    ]);
    const [first] = grad(withIndices(x, 1).values, [x], { gradOutputs: [tensor([1, 3])] });
    expect([...(await first!.data())]).toEqual([
      1,
      0,
      0,
      0,
      ...(name === "max" ? [0, 3, 0, 0] : [3, 0, 0, 0]),
    ]);
  });

  test("NaN wins, the first of them; infinities; signed zeros are equal", async () => {
    const inf = Number.POSITIVE_INFINITY;
    const x = tensor([
      [1, nan, inf, nan],
      [-inf, -inf, -inf, -inf],
      [inf, 1, 2, -inf],
      [-nan, 1, 2, 3],
    ]);
    const bits = new Float32Array(new Uint32Array([0xffc00000, 0x3f800000]).buffer); // a NaN with its sign set
    expect([...(await extreme(x, 1).data())]).toEqual([nan, -inf, name === "max" ? inf : -inf, nan]);
    expect([...(await arg(x, 1).data())]).toEqual([1, 0, name === "max" ? 0 : 3, 0]);
    expect(await extreme(tensor(bits)).item()).toBeNaN();
    expect(await arg(tensor(bits)).item()).toBe(0);
    expect(await arg(tensor([-0, 0, -0])).item()).toBe(0);
    expect(await extreme(zeros([100000])).item()).toBe(0);
  });

  test("whole numbers and truth values", async () => {
    const i = tensor(
      [
        [-(2 ** 31), 5, 2 ** 31 - 1],
        [3, -4, 7],
      ],
      { dtype: "i32" },
    );
    const want = name === "max" ? [2 ** 31 - 1, 7] : [-(2 ** 31), -4];
    expect([...(await extreme(i, 1).data())]).toEqual(want);
    expect([...(await arg(i, 1).data())]).toEqual(name === "max" ? [2, 2] : [0, 1]);
    const u = tensor([2 ** 32 - 1, 0, 2 ** 31], { dtype: "u32" });
    expect(await extreme(u).item()).toBe(name === "max" ? 2 ** 32 - 1 : 0);
    expect(await arg(u).item()).toBe(name === "max" ? 0 : 1);
    const b = extreme(tensor([true, false]));
    expect([b.dtype, await b.item()]).toEqual(["bool", Number(name === "max")]);
  });

  test("over everything, without an axis, on a scalar", async () => {
    const x = integers([300, 301]);
    const best = x.data.reduce((a, b) => pick(a, b));
    expect(await extreme(put(x)).item()).toBe(best);
    expect(await arg(put(x)).item()).toBe(x.data.indexOf(best));
    expect(arg(put(x), undefined, true).shape).toEqual([1, 1]);
    expect(await arg(tensor(3), 0).item()).toBe(0);
    expect(await withIndices(tensor(3), 0).values.item()).toBe(3);
  });

  test("errors; nothing along a kept axis is nothing", () => {
    expect(() => extreme(zeros([0]))).toThrow(new RegExp(`${name}: no values to choose from, x \\[0\\]`));
    expect(() => extreme(zeros([2, 0, 3]), 1)).toThrow(
      new RegExp(`${name}: no values to choose from, x \\[2,0,3\\]`),
    );
    expect(() => arg(zeros([2, 0]), 1)).toThrow(
      new RegExp(`arg${name}: no values to choose from, x \\[2,0\\]`),
    );
    expect(() => arg(zeros([2]), 1)).toThrow(new RegExp(`arg${name}: axis 1 is out of range`));
    expect(extreme(zeros([0, 3]), 1).shape).toEqual([0]);
    expect(arg(zeros([0, 3]), 1).shape).toEqual([0]);
  });
});

describe("any and all", () => {
  test.each([
    [[4, 5], [1]],
    [[4, 8], [0]],
    [
      [300, 3],
      [0, 1],
    ],
    [
      [3, 2, 3, 2, 3],
      [0, 2, 4],
    ],
  ])("of %j over %j", async (shape, axes) => {
    for (const level of [-7, 0, 7]) {
      const x = build(shape, (index) =>
        Number(integers(shape).data[index.reduce((f, k, i) => f * shape[i]! + k, 0)]! > level),
      );
      const some = folded(x, axes, (row) => Number(row.some(Boolean)));
      const every = folded(x, axes, (row) => Number(row.every(Boolean)));
      for (const dtype of ["f32", "i32", "bool"] as const) {
        expect(any(put(x, false, dtype), axes).dtype).toBe("bool");
        await expectNd(any(put(x, false, dtype), axes, true), some);
        await expectNd(all(put(x, false, dtype), axes, true), every);
      }
    }
  });

  test("NaN counts as true, zeros of either sign as false, nothing as usual", async () => {
    expect(await all(tensor([nan, 1e-30, -3])).item()).toBe(1);
    expect(await any(tensor([0, -0])).item()).toBe(0);
    expect(await any(zeros([0])).item()).toBe(0);
    expect(await all(zeros([0])).item()).toBe(1);
    expect(() => any(zeros([2]), 1)).toThrow(/any: axis 1 is out of range/);
  });
});

describe("variance and std", () => {
  const OPS: Record<string, (x: Tensor, o: VarianceOptions) => Tensor> = { variance, std };
  type GoldenOptions = { axis?: number | number[]; correction: number; keepDims?: boolean };
  test.each(["variance", "std"].flatMap((op) => loadGolden<GoldenOptions>("misc", op)))(
    "$name",
    async (c) => {
      const { axis, correction, keepDims } = c.options;
      await checkGolden(c, ({ x }) => [OPS[c.op]!(x!, { axes: axis, correction, keepdim: keepDims })]);
    },
  );

  const spread = (row: readonly number[], correction: number) => {
    const m = total(row) / row.length;
    return total(row.map((v) => (v - m) ** 2)) / (row.length - correction);
  };

  test.each(LAYOUTS.filter(([shape]) => shape.length > 1))("of %j over %j", async (shape, axes) => {
    const x = normal(shape, 6);
    for (const correction of [0, 1]) {
      const want = folded(x, axes, (row) => spread(row, correction));
      expectClose(await variance(put(x), { axes, correction, keepdim: true }).data(), want.data, 3e-6);
    }
  });

  test.each([
    [[3, 4], [1]],
    [
      [3, 2, 2],
      [0, 2],
    ],
    [
      [2, 2, 2, 2, 2],
      [0, 2, 4],
    ],
  ])("gradients of both orders, %j over %j", async (shape, axes) => {
    const ref = (x: Nd) => folded(x, axes, (row) => spread(row, 1));
    await checkGradients((x) => variance(x, { axes, keepdim: true }), ref, normal(shape, 6));
    const root = (x: Nd) => folded(x, axes, (row) => Math.sqrt(spread(row, 1)));
    await checkGradients((x) => std(x, { axes, keepdim: true }), root, normal(shape, 6));
  });

  test("one value, no value, equal values, errors", async () => {
    expect(await variance(tensor([3])).item()).toBeNaN();
    expect(await variance(tensor([3]), { correction: 0 }).item()).toBe(0);
    expect(await variance(zeros([0])).item()).toBeNaN();
    const x = ones([4], { requiresGrad: true });
    const [g] = grad(std(x), [x]);
    expect([...(await g!.data())]).toEqual([0, 0, 0, 0]);
    expect(() => variance(zeros([2], { dtype: "i32" }))).toThrow(/variance: needs f32 or f16, x i32\[2\]/);
    expect(() => std(zeros([2]), { axes: 3 })).toThrow(/std: axis 3 is out of range/);
  });
});
