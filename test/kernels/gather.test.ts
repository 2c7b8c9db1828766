// Ops by index against loops: gather, scatterAdd, indexSelect, indexAdd, embedding, oneHot; the ways to scatter, in every
// dtype; indices out of range; gradients of every order; PyTorch's golden values; the same bits in every run; errors.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { embedding } from "../../src/kernels/embedding.ts";
import { gather, indexSelect, type Rows } from "../../src/kernels/gather.ts";
import { oneHot } from "../../src/kernels/one_hot.ts";
import { indexAdd, scatterAdd } from "../../src/kernels/scatter.ts";
import { runScatter, type ScatterPlan, scatterPlan } from "../../src/kernels/scatter_run.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { rand, tensor, zeros } from "../../src/tensor/create.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { numel, type Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";
import {
  at,
  build,
  checkDTypes,
  checkLinear,
  expectNd,
  integers,
  type Nd,
  put,
  ravel,
  unravel,
} from "./nd.ts";

beforeAll(async () => {
  await requestDevice(); // in debug mode indices out of range are errors: test/engine/index_check.test.ts
});

/** Whole numbers of [low, high): some outside an axis of size high - 1 where low is -1. */
function indices(shape: Shape, low: number, high: number, seed = 5): Nd {
  const source = integers(shape, seed);
  return {
    shape,
    data: source.data.map(
      (v, i) => low + (((((v + 8) * 7 + i * 3) % (high - low)) + (high - low)) % (high - low)),
    ),
  };
}

const i32 = (a: Nd) => put(a, false, "i32");

const inside = (v: number, n: number) => v >= 0 && v < n;

const gathered = (axis: number, index: Nd) => (x: Nd) =>
  build(index.shape, (i) => {
    const r = at(index, i);
    return inside(r, x.shape[axis] ?? 1) ? at(x, x.shape.length ? i.with(axis, r) : []) : 0;
  });

function scattered(x: Nd, axis: number, index: Nd, src: Nd): Nd {
  const data = [...x.data];
  for (let k = 0; k < numel(index.shape); k++) {
    const i = unravel(k, index.shape);
    const r = index.data[k]!;
    if (inside(r, x.shape[axis] ?? 1)) data[ravel(i.length ? i.with(axis, r) : [], x.shape)]! += at(src, i);
  }
  return { shape: x.shape, data };
}

const selected = (axis: number, index: readonly number[]) => (x: Nd) =>
  build(x.shape.with(axis, index.length), (i) => {
    const r = index[i[axis]!]!;
    return inside(r, x.shape[axis]!) ? at(x, i.with(axis, r)) : 0;
  });

describe("gather", () => {
  const rows: [x: Shape, axis: number, index: Shape][] = [
    [[3, 4], 0, [5, 4]],
    [[3, 4], 1, [3, 2]],
    [[3, 4], -1, [2, 7]],
    [[2, 3, 5], 1, [2, 4, 5]],
    [[2, 3, 5], 0, [1, 2, 3]],
    [[1, 1], 1, [1, 1]],
    [[6], 0, [9]],
    [[], 0, []],
    [[2, 3], 0, [0, 3]],
    [[0, 3], 0, [2, 3]],
  ];
  test.each(rows)("x %j, axis %i, index %j", async (shape, axis, indexShape) => {
    const a = axis < 0 ? shape.length - 1 : axis;
    const index = indices(indexShape, -1, (shape[a] ?? 1) + 1);
    const op = (x: Tensor) => gather(x, axis, i32(index));
    await checkLinear(op, gathered(a, index), shape);
    await checkDTypes(op, gathered(a, index), shape);
  });
});

describe("scatterAdd", () => {
  const rows: [x: Shape, axis: number, index: Shape, src: Shape][] = [
    [[3, 4], 0, [5, 4], [5, 4]],
    [[3, 4], 1, [2, 3], [3, 5]],
    [[2, 3, 5], -2, [2, 4, 5], [2, 4, 5]],
    [[2, 3], 0, [0, 3], [0, 3]],
    [[7], 0, [30], [31]],
    [[], 0, [], []],
  ];
  test.each(rows)("x %j, axis %i, index %j, src %j", async (shape, axis, indexShape, srcShape) => {
    const a = axis < 0 ? shape.length + axis : axis;
    const index = indices(indexShape, -1, (shape[a] ?? 1) + 1);
    const zero = build(shape, () => 0);
    const src = integers(srcShape, 8);
    await checkLinear(
      (x) => scatterAdd(x, axis, i32(index), put(build(srcShape, () => 0))),
      (x) => x,
      shape,
    );
    await checkLinear(
      (s) => scatterAdd(put(zero), axis, i32(index), s),
      (s) => scattered(zero, a, index, s),
      srcShape,
    );
    const x = integers(shape, 3);
    const whole = scatterAdd(i32(x), axis, i32(index), i32(src));
    expect(whole.dtype).toBe("i32");
    await expectNd(whole, scattered(x, a, index, src));
  });
});

describe("indexSelect and indexAdd", () => {
  const rows: [Shape, number, number[]][] = [
    [[5, 3], 0, [4, 0, 0, 2]],
    [[5, 8], 0, [1, 1, 9, -1]],
    [[2, 5, 4], 1, [3, 3, 0]],
    [[2, 5], -1, [0, 7, 4, 4, 1, 0]],
    [[3, 2], 0, []],
  ];
  test.each(rows)("x %j, axis %i, index %j", async (shape, axis, list) => {
    const a = axis < 0 ? shape.length + axis : axis;
    const index = () => tensor(Int32Array.from(list));
    const op = (x: Tensor) => indexSelect(x, axis, index());
    await checkLinear(op, selected(a, list), shape);
    await checkDTypes(op, selected(a, list), shape);
    const srcShape = shape.with(a, list.length);
    const wide = build(srcShape, (i) => list[i[a]!]!);
    const x = integers(shape, 6);
    const zero = build(srcShape, () => 0);
    await checkLinear(
      (s) => indexAdd(zeros(shape), axis, index(), s),
      (s) =>
        scattered(
          build(shape, () => 0),
          a,
          wide,
          s,
        ),
      srcShape,
    );
    await checkLinear(
      (t) => indexAdd(t, axis, index(), put(zero)),
      (t) => t,
      shape,
    );
    const src = integers(srcShape, 7);
    await expectNd(indexAdd(put(x), axis, index(), put(src)), scattered(x, a, wide, src));
  });
});

describe("the ways to scatter", () => {
  const PLANS: ScatterPlan[] = [
    { kind: "rows" },
    { kind: "chains" },
    { kind: "compare", chunks: 1 },
    { kind: "compare", chunks: 5 },
  ];
  const SIZES: [name: string, rows: Rows][] = [
    ["a row at a time", { outer: 2, rows: 9, n: 70, inner: 3, perElement: false, skip: -1 }],
    ["in vectors, a row skipped", { outer: 1, rows: 40, n: 130, inner: 8, perElement: false, skip: 4 }],
    ["an element at a time", { outer: 2, rows: 5, n: 33, inner: 4, perElement: true, skip: -1 }],
    ["one row for all", { outer: 1, rows: 1, n: 300, inner: 1, perElement: false, skip: -1 }],
  ];
  for (const [name, rows] of SIZES) {
    for (const dtype of ["f32", "i32", "u32"] as DType[]) {
      test(`${name}, ${dtype}`, async () => {
        const { outer, rows: r, n, inner, perElement, skip } = rows;
        const shape = [outer, r, inner];
        const index = indices(perElement ? [outer, n, inner] : [n], -1, r + 1);
        const wide = perElement ? index : build([outer, n, inner], ([, j]) => index.data[j!]!);
        const hidden = { shape: wide.shape, data: wide.data.map((v) => (v === skip ? -1 : v)) };
        const positive = (a: Nd) => ({ shape: a.shape, data: a.data.map((v) => v + 8) });
        const [x, src] = [positive(integers(shape, 1)), positive(integers([outer, n, inner], 2))];
        const zero = { shape, data: x.data.map(() => 0) };
        for (const plan of PLANS) {
          if (plan.kind === "rows" && perElement) continue;
          for (const base of [x, null]) {
            const y = runScatter(
              "test",
              base && put(base, false, dtype),
              i32(index),
              put(src, false, dtype),
              rows,
              shape,
              plan,
            );
            await expectNd(
              y,
              scattered(base ?? zero, 1, hidden, src),
              `${JSON.stringify(plan)} ${base ? "onto x" : ""}`,
            );
          }
        }
      });
    }
  }

  test("the plan follows the sizes", () => {
    const size = (rows: number, n: number, inner: number) => ({
      outer: 1,
      rows,
      n,
      inner,
      perElement: false,
      skip: -1,
    });
    expect(scatterPlan(size(50257, 1024, 768))).toEqual({ kind: "chains" });
    expect(scatterPlan(size(2000, 5000, 64))).toEqual({ kind: "chains" });
    expect(scatterPlan(size(65, 512, 64))).toEqual({ kind: "rows" });
    expect(scatterPlan(size(4000, 4, 16))).toEqual({ kind: "rows" });
    expect(scatterPlan(size(10, 3000, 4))).toEqual({ kind: "compare", chunks: 47 });
    expect(scatterPlan(size(2, 65536, 64)).kind).toBe("compare");
    expect(scatterPlan(size(0, 10, 4))).toEqual({ kind: "rows" });
  });

  test("the same bits in every run, which are those of the order of the index", async () => {
    const rows: Rows = { outer: 1, rows: 7, n: 3000, inner: 4, perElement: false, skip: -1 };
    const index = indices([3000], 0, 7);
    const src = rand([1, 3000, 4]);
    const run = async () => [
      ...(await runScatter("test", null, i32(index), src, rows, [1, 7, 4], { kind: "chains" }).data()),
    ];
    const first = await run();
    const values = await src.data();
    const want = new Float32Array(28);
    index.data.forEach((r, j) => {
      for (let i = 0; i < 4; i++) want[r * 4 + i]! += values[j * 4 + i]!;
    });
    expect(first).toEqual([...want]);
    for (let k = 0; k < 5; k++) expect(await run()).toEqual(first);
  });
});

describe("PyTorch's values", () => {
  const cases = [...loadGolden("misc", "gather"), ...loadGolden("misc", "embedding")];
  test.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
    const o = c.options as { axis: number; paddingIdx?: number };
    return checkGolden(c, ({ x, index, ids, weight }) => [
      c.op === "gather" ? gather(x, o.axis, index) : embedding(ids, weight, o),
    ]);
  });
});

describe("embedding", () => {
  test("ids of any shape, outside the table, none; a negative paddingIdx", async () => {
    const weight = integers([4, 3], 2);
    const ids = { shape: [2, 3], data: [0, 3, -1, 4, 2, 0] };
    const want = (w: Nd) => ({ shape: [2, 3, 3], data: selected(0, ids.data)(w).data });
    await checkLinear((w) => embedding(i32(ids), w), want, [4, 3]);
    await checkLinear(
      (w) => embedding(i32({ shape: [], data: [2] }), w),
      (w) => ({ shape: [3], data: w.data.slice(6, 9) }),
      [4, 3],
    );
    await checkLinear(
      (w) => embedding(i32({ shape: [0], data: [] }), w),
      () => ({ shape: [0, 3], data: [] }),
      [4, 3],
    );
    const w = put(weight, true);
    const y = embedding(i32(ids), w, { paddingIdx: -1 });
    await expectNd(y, want(weight));
    const [dw] = grad(y, [w], { gradOutputs: [put(build([2, 3, 3], () => 1))] });
    await expectNd(dw!, { shape: [4, 3], data: [2, 2, 2, 0, 0, 0, 1, 1, 1, 0, 0, 0] });
  });

  test("a large table, both gradients, as loops have them", async () => {
    const [rows, d, n] = [700, 8, 400];
    const ids = indices([n], 0, rows, 11);
    const weight = integers([rows, d], 3);
    const dy = integers([n, d], 4);
    const w = put(weight, true);
    const y = embedding(i32(ids), w);
    const [dw] = grad(mul(y, y), [w], { gradOutputs: [put(dy)], createGraph: true });
    const wide = build([n, d], ([j]) => ids.data[j!]!);
    const product = (a: Nd) => ({
      shape: [n, d],
      data: selected(0, ids.data)(a).data.map((v, i) => 2 * v * dy.data[i]!),
    });
    const zero = build([rows, d], () => 0);
    await expectNd(dw!, scattered(zero, 0, wide, product(weight)));
    const v = integers([rows, d], 5);
    const [gg] = grad(dw!, [w], { gradOutputs: [put(v)] });
    await expectNd(gg!, scattered(zero, 0, wide, product(v)));
  });
});

test("oneHot", async () => {
  const ids = { shape: [2, 2], data: [0, 2, -1, 3] };
  const want = build([2, 2, 3], ([a, b, c]) => Number(at(ids, [a!, b!]) === c));
  const y = oneHot(i32(ids), 3);
  expect(y.dtype).toBe("i32");
  await expectNd(y, want);
  const f = oneHot(i32(ids), 3, { dtype: "f32" });
  expect(f.dtype).toBe("f32");
  await expectNd(f, want);
  await expectNd(oneHot(i32({ shape: [0], data: [] }), 3), { shape: [0, 3], data: [] });
  await expectNd(oneHot(i32({ shape: [], data: [0] }), 1), { shape: [1], data: [1] });
});

describe("errors", () => {
  const x = () => zeros([2, 3]);
  const index = (shape: Shape) => zeros(shape, { dtype: "i32" });
  const rows: [string, () => unknown, RegExp][] = [
    ["gather, dtype", () => gather(x(), 0, x()), /^gather: indices must be i32, got f32\[2,3\]$/],
    [
      "gather, rank",
      () => gather(x(), 0, index([2])),
      /^gather: index must have the rank of x and fit in it beside axis 0, x \[2,3\], index \[2\]$/,
    ],
    ["gather, size", () => gather(x(), 0, index([2, 4])), /^gather: .*x \[2,3\], index \[2,4\]$/],
    ["gather, axis", () => gather(x(), 2, index([2, 3])), /^gather: axis 2 is out of range/],
    [
      "scatterAdd, src",
      () => scatterAdd(x(), 0, index([4, 3]), x()),
      /^scatterAdd: index must have the rank of src and fit in it, src \[2,3\], index \[4,3\]$/,
    ],
    [
      "scatterAdd, dtypes",
      () => scatterAdd(x(), 0, index([2, 3]), index([2, 3])),
      /^scatterAdd: x and src must have one dtype, not bool, got f32 and i32$/,
    ],
    [
      "indexSelect",
      () => indexSelect(x(), 0, index([1, 1])),
      /^indexSelect: needs an axis and an index of rank 1/,
    ],
    [
      "indexAdd",
      () => indexAdd(x(), 0, index([4]), x()),
      /^indexAdd: src must be x with index's length on axis 0, x \[2,3\], index \[4\], src \[2,3\]$/,
    ],
    [
      "embedding, rank",
      () => embedding(index([1]), zeros([3])),
      /^embedding: weight must have rank 2, weight \[3\]$/,
    ],
    ["embedding, ids", () => embedding(x(), x()), /^embedding: indices must be i32/],
    [
      "embedding, paddingIdx",
      () => embedding(index([1]), x(), { paddingIdx: 2 }),
      /^embedding: paddingIdx 2 is outside a table of 2 rows$/,
    ],
    ["oneHot", () => oneHot(index([1]), 0), /^oneHot: classes must be a positive integer, got 0$/],
  ];
  test.each(rows)("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
