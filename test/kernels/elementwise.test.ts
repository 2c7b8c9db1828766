// Elementwise ops: values at ordinary and special points, gradients and gradients of gradients, broadcasting, dtypes,
// refusals; activations against PyTorch.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import * as activation from "../../src/kernels/activation.ts";
import * as binary from "../../src/kernels/binary.ts";
import { cast } from "../../src/kernels/cast.ts";
import * as compare from "../../src/kernels/compare.ts";
import * as extremes from "../../src/kernels/extremes.ts";
import * as power from "../../src/kernels/power.ts";
import * as unary from "../../src/kernels/unary.ts";
import { where } from "../../src/kernels/where.ts";
import {
  difference,
  erf,
  indices,
  partials,
  roundEven,
  slopes,
} from "../../src/selftest/reference/elementwise_reference.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { broadcastShapes, numel } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";

const { add, sub, mul, div } = binary;
const { pow, fmod, remainder } = power;
const { maximum, minimum, clamp } = extremes;
const { eq, ne, lt, le, gt, ge, logicalAnd, logicalOr, logicalNot } = compare;

beforeAll(async () => {
  await requestDevice();
});

const values = async (t: Tensor) => [...(await t.data())];
const leaf = (data: readonly number[], shape: readonly number[] = [data.length]) =>
  tensor(Float32Array.from(data), { shape, requiresGrad: true });
/** Values between lo and hi without a pattern that broadcasting could hide in. */
const spread = (n: number, lo: number, hi: number, seed = 0) =>
  Array.from({ length: n }, (_, i) => Math.fround(lo + (hi - lo) * (((i + 1) * 0.618034 + seed * 0.37) % 1)));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1e30, -1e30, 1e-30, -1e-30, 88, -88, 1, -1, 0.5, 2.5, -3.5];

interface UnaryRow {
  readonly f: (x: Tensor) => Tensor;
  readonly ref: (x: number) => number;
  /** Where gradients are checked; smooth there. */
  readonly range: readonly [number, number];
  /** Special points left out: beyond the documented accuracy, or no reference. */
  readonly without?: readonly number[];
}

const BIG = [1e30, -1e30];
const UNARY: Record<string, UnaryRow> = {
  neg: { f: unary.neg, ref: (x) => -x, range: [-3, 3] },
  abs: { f: unary.abs, ref: Math.abs, range: [0.1, 3] },
  sign: { f: unary.sign, ref: Math.sign, range: [0.1, 3], without: [NaN] },
  exp: { f: unary.exp, ref: Math.exp, range: [-3, 3] },
  expm1: { f: unary.expm1, ref: Math.expm1, range: [-2, 2] },
  log: { f: unary.log, ref: Math.log, range: [0.1, 5] },
  log1p: { f: unary.log1p, ref: Math.log1p, range: [-0.5, 5] },
  sqrt: { f: unary.sqrt, ref: Math.sqrt, range: [0.1, 5] },
  rsqrt: { f: unary.rsqrt, ref: (x) => 1 / Math.sqrt(x), range: [0.1, 5] },
  reciprocal: { f: unary.reciprocal, ref: (x) => 1 / x, range: [0.2, 5] },
  square: { f: unary.square, ref: (x) => x * x, range: [-3, 3] },
  sin: { f: unary.sin, ref: Math.sin, range: [-9, 9], without: BIG },
  cos: { f: unary.cos, ref: Math.cos, range: [-9, 9], without: BIG },
  tanh: { f: unary.tanh, ref: Math.tanh, range: [-3, 3] },
  erf: { f: unary.erf, ref: erf, range: [-2.5, 2.5] },
  floor: { f: unary.floor, ref: Math.floor, range: [1.1, 1.9] },
  ceil: { f: unary.ceil, ref: Math.ceil, range: [1.1, 1.9] },
  round: { f: unary.round, ref: roundEven, range: [1.1, 1.4] },
  trunc: { f: unary.trunc, ref: Math.trunc, range: [1.1, 1.9] },
  sigmoid: { f: activation.sigmoid, ref: sigmoid, range: [-5, 5] },
  relu: { f: activation.relu, ref: (x) => Math.max(x, 0), range: [0.1, 3] },
  "relu below": { f: activation.relu, ref: (x) => Math.max(x, 0), range: [-3, -0.1] },
  leakyRelu: { f: activation.leakyRelu, ref: (x) => (x > 0 ? x : 0.01 * x), range: [-3, -0.1] },
  elu: { f: activation.elu, ref: (x) => (x > 0 ? x : Math.expm1(x)), range: [-3, -0.1] },
  gelu: { f: activation.gelu, ref: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)), range: [-4, 4] },
  silu: { f: activation.silu, ref: (x) => x * sigmoid(x), range: [-5, 5] },
  softplus: { f: activation.softplus, ref: (x) => (x > 20 ? x : Math.log1p(Math.exp(x))), range: [-5, 5] },
  clamp: {
    f: (x) => clamp(x, { min: -1, max: 2 }),
    ref: (x) => (Number.isNaN(x) ? x : Math.min(Math.max(x, -1), 2)),
    range: [-0.9, 1.9],
  },
};

describe.each(Object.entries(UNARY))("%s", (_, { f, ref, range, without = [] }) => {
  test("values, special ones too", async () => {
    const x = [...spread(25, ...range), ...SPECIAL.filter((v) => !without.includes(v))].map(Math.fround);
    expect(difference(await values(f(leaf(x))), x.map(ref), 2e-5, 1e-6)).toBe("");
  });

  test("gradient and gradient of gradient", async () => {
    const points = spread(23, ...range);
    const [x, dy, v] = [leaf(points), leaf(spread(23, -1, 1, 1)), leaf(spread(23, 0.5, 1.5, 2))];
    const [hostDy, hostV] = [await values(dy), await values(v)];
    const expected = points.map((p) => slopes(ref, p));
    const [dx] = grad(f(x), [x], { gradOutputs: [dy], createGraph: true });
    expect(
      difference(
        await values(dx),
        expected.map(([s], i) => s * hostDy[i]),
        3e-5,
        2e-6,
      ),
    ).toBe("");
    if (!dx.requiresGrad) return expect(expected.every(([s]) => s === 0)).toBe(true);
    const [ddx, ddy] = grad(dx, [x, dy], { gradOutputs: [v], allowUnused: true });
    const curve = expected.map(([, c], i) => c * hostDy[i] * hostV[i]);
    expect(difference(ddx ? await values(ddx) : curve.map(() => 0), curve, 5e-5, 1e-5)).toBe("");
    expect(
      difference(
        await values(ddy),
        expected.map(([s], i) => s * hostV[i]),
        3e-5,
        2e-6,
      ),
    ).toBe("");
  });
});

test.each([[[0]], [[3, 0, 2]], [[]], [[1, 1]], [[7, 3]]])("unary over shape %j", async (shape) => {
  const x = leaf(spread(numel(shape), -1, 1), shape);
  const y = unary.square(x);
  expect(y.shape).toEqual(shape);
  expect(
    difference(
      await values(y),
      (await values(x)).map((v) => v * v),
      1e-6,
      0,
    ),
  ).toBe("");
});

interface BinaryRow {
  readonly f: (a: Tensor, b: Tensor) => Tensor;
  readonly ref: (a: number, b: number) => number;
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
}

const floorMod = (a: number, b: number) => {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
};
const BINARY: Record<string, BinaryRow> = {
  add: { f: add, ref: (a, b) => a + b, a: [-2, 2], b: [-2, 2] },
  sub: { f: sub, ref: (a, b) => a - b, a: [-2, 2], b: [-2, 2] },
  mul: { f: mul, ref: (a, b) => a * b, a: [-2, 2], b: [-2, 2] },
  div: { f: div, ref: (a, b) => a / b, a: [-2, 2], b: [0.5, 2] },
  pow: { f: pow, ref: (a, b) => a ** b, a: [0.3, 2], b: [-2, 2] },
  maximum: { f: maximum, ref: Math.max, a: [-2, 0.9], b: [1, 2] },
  minimum: { f: minimum, ref: Math.min, a: [-2, 0.9], b: [1, 2] },
  fmod: { f: fmod, ref: (a, b) => a % b, a: [-4.7, -4.3], b: [1.9, 2.1] },
  remainder: { f: remainder, ref: floorMod, a: [-4.7, -4.3], b: [1.9, 2.1] },
};
const SHAPES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[13], [13]], // linear
  [[3, 5], []], // a single value
  [
    [1, 1],
    [3, 4],
  ],
  [[5, 8], [8]], // rows, aligned
  [[5, 7], [7]], // rows, not aligned
  [
    [5, 8],
    [5, 1],
  ], // columns
  [
    [5, 7],
    [5, 1],
  ],
  [
    [2, 3, 2, 2],
    [3, 1, 1],
  ], // channels
  [
    [2, 3, 3, 1],
    [3, 1, 1],
  ],
  [
    [4, 1],
    [1, 3],
  ], // outer
  [
    [4, 1],
    [1, 8],
  ],
  [
    [2, 1, 3, 1, 4],
    [5, 1, 2, 1],
  ],
  [
    [2, 1, 2, 1, 2, 1, 2, 1],
    [1, 2, 1, 2, 1, 2, 1, 2],
  ], // as many axes as there may be
  [[3, 0], [1]],
  [[0, 4], [4]],
];

describe.each(SHAPES)("%j with %j", (sa, sb) => {
  const shape = broadcastShapes("test", sa, sb);
  const [ia, ib] = [indices(sa, shape), indices(sb, shape)];
  const total = (index: readonly number[], n: number, terms: readonly number[]) => {
    const sums = new Array<number>(n).fill(0);
    index.forEach((k, i) => {
      sums[k] += terms[i];
    });
    return sums;
  };

  test.each(Object.entries(BINARY))("%s and its gradients", async (_, row) => {
    const [na, nb, n] = [numel(sa), numel(sb), numel(shape)];
    const data = {
      a: spread(na, ...row.a),
      b: spread(nb, ...row.b, 1),
      dy: spread(n, -1, 1, 2),
      va: spread(na, 0.5, 1, 3),
      vb: spread(nb, 0.5, 1, 4),
    };
    const [a, b, dy] = [leaf(data.a, sa), leaf(data.b, sb), leaf(data.dy, shape)];
    const y = row.f(a, b);
    expect(y.shape).toEqual(shape);
    const at = ia.map((k, i) => ({
      a: data.a[k],
      b: data.b[ib[i]],
      dy: data.dy[i],
      va: data.va[k],
      vb: data.vb[ib[i]],
    }));
    expect(
      difference(
        await values(y),
        at.map((p) => row.ref(p.a, p.b)),
        1e-5,
        1e-6,
      ),
    ).toBe("");

    const d = at.map((p) => partials(row.ref, p.a, p.b));
    const [da, db] = grad(y, [a, b], { gradOutputs: [dy], createGraph: true });
    expect([da.shape, db.shape]).toEqual([sa, sb]);
    expect(
      difference(
        await values(da),
        total(
          ia,
          na,
          d.map(([fa], i) => fa * at[i].dy),
        ),
        3e-5,
        1e-5,
      ),
    ).toBe("");
    expect(
      difference(
        await values(db),
        total(
          ib,
          nb,
          d.map(([, fb], i) => fb * at[i].dy),
        ),
        3e-5,
        1e-5,
      ),
    ).toBe("");

    const gradOutputs = [leaf(data.va, sa), leaf(data.vb, sb)];
    const [ga, gb, gdy] = grad([da, db], [a, b, dy], { gradOutputs, allowUnused: true });
    const found = async (t: Tensor | null, size: number) => (t ? values(t) : new Array<number>(size).fill(0));
    const wantA = d.map(([, , faa, fab], i) => at[i].dy * (at[i].va * faa + at[i].vb * fab));
    const wantB = d.map(([, , , fab, fbb], i) => at[i].dy * (at[i].va * fab + at[i].vb * fbb));
    expect(difference(await found(ga, na), total(ia, na, wantA), 1e-4, 2e-5)).toBe("");
    expect(difference(await found(gb, nb), total(ib, nb, wantB), 1e-4, 2e-5)).toBe("");
    expect(
      difference(
        await values(gdy),
        d.map(([fa, fb], i) => at[i].va * fa + at[i].vb * fb),
        3e-5,
        1e-5,
      ),
    ).toBe("");
  });

  test("where", async () => {
    const c = spread(numel(sa), 0, 1).map((v) => v < 0.5);
    const cond = tensor(Uint32Array.from(c, Number), { shape: sa, dtype: "bool" });
    const [a, b] = [leaf(spread(numel(sb), -1, 1), sb), leaf(spread(numel(shape), 1, 2), shape)];
    const y = where(cond, a, b);
    const [hostA, hostB] = [await values(a), await values(b)];
    expect(y.shape).toEqual(shape);
    expect(await values(y)).toEqual(hostB.map((v, i) => (c[ia[i]] ? hostA[ib[i]] : v)));
    expect(await values(where(cond, a, 7))).toEqual(ia.map((k, i) => (c[k] ? hostA[ib[i]] : 7)));
    const dy = spread(numel(shape), -1, 1, 5);
    const [da, db] = grad(y, [a, b], { gradOutputs: [leaf(dy, shape)] });
    expect(
      difference(
        await values(da),
        total(
          ib,
          numel(sb),
          dy.map((v, i) => (c[ia[i]] ? v : 0)),
        ),
        1e-5,
        1e-6,
      ),
    ).toBe("");
    expect(await values(db)).toEqual(dy.map((v, i) => (c[ia[i]] ? 0 : v)));
  });
});

describe("special values of two", () => {
  const all = SPECIAL.flatMap((a) => SPECIAL.map((b) => [a, b] as const)).map(([a, b]) => [
    Math.fround(a),
    Math.fround(b),
  ]);
  const nan = (f: (a: number, b: number) => number) => (a: number, b: number) =>
    Number.isNaN(a) || Number.isNaN(b) ? NaN : f(a, b);
  const rows: Record<string, [(a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number]> = {
    add: [add, (a, b) => a + b],
    sub: [sub, (a, b) => a - b],
    mul: [mul, (a, b) => a * b],
    maximum: [maximum, nan(Math.max)],
    minimum: [minimum, nan(Math.min)],
    pow: [pow, (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b)],
    fmod: [fmod, (a, b) => a % b],
    eq: [eq, (a, b) => Number(a === b)],
    ne: [ne, (a, b) => Number(a !== b)],
    lt: [lt, (a, b) => Number(a < b)],
    le: [le, (a, b) => Number(a <= b)],
    gt: [gt, (a, b) => Number(a > b)],
    ge: [ge, (a, b) => Number(a >= b)],
    logicalAnd: [logicalAnd, (a, b) => Number(a !== 0 && b !== 0)],
    logicalOr: [logicalOr, (a, b) => Number(a !== 0 || b !== 0)],
  };
  test.each(Object.entries(rows))("%s", async (_, [f, ref]) => {
    const [a, b] = [all.map(([v]) => v), all.map(([, v]) => v)];
    const found = await values(f(leaf(a), leaf(b)));
    const wrong = all
      .map(([x, y], i) => [difference([found[i]], [ref(x, y)], 1e-5, 1e-6), x, y])
      .filter(([d]) => d);
    expect(wrong).toEqual([]);
  });

  test("where drops what it does not choose, NaN and Inf too", async () => {
    const [a, b] = [leaf([NaN, 1]), leaf([2, Infinity])];
    const y = where(tensor([false, true]), a, b);
    expect(await values(y)).toEqual([2, 1]);
    const [da] = grad(y, [a], { gradOutputs: [tensor([NaN, 3])] });
    expect(await values(da)).toEqual([0, 3]);
  });
});

describe("gradients where mathematics does not decide, as PyTorch", () => {
  const gradients = async (y: Tensor, ...inputs: Tensor[]) => {
    const dy = tensor(new Float32Array(y.size).fill(1), { shape: y.shape });
    return Promise.all(grad(y, inputs, { gradOutputs: [dy] }).map(values));
  };

  test("maximum and minimum: equal operands share", async () => {
    const [a, b] = [leaf([1, 2, 3]), leaf([1, 3, 2])];
    expect(await gradients(maximum(a, b), a, b)).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    expect(await gradients(minimum(a, b), a, b)).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
    expect(await gradients(maximum(a, 2), a)).toEqual([[0, 0.5, 1]]);
  });

  test("clamp passes at the bounds; relu, abs, leakyRelu at 0", async () => {
    const x = leaf([-2, -1, 0, 1, 2]);
    expect(await gradients(clamp(x, { min: -1, max: 1 }), x)).toEqual([[0, 1, 1, 1, 0]]);
    expect(await gradients(clamp(x, { min: 0 }), x)).toEqual([[0, 0, 1, 1, 1]]);
    expect(await gradients(activation.relu(x), x)).toEqual([[0, 0, 0, 1, 1]]);
    expect(await gradients(unary.abs(x), x)).toEqual([[-1, -1, 0, 1, 1]]);
    const [dx] = await gradients(activation.leakyRelu(x, { negativeSlope: 0.25 }), x);
    expect(dx).toEqual([0.25, 0.25, 0.25, 1, 1]);
  });

  test("pow at 0", async () => {
    const [a, b] = [leaf([0, 0, 0, 2]), leaf([0, 1, 2, 0])];
    const [da, db] = await gradients(pow(a, b), a, b);
    expect(da).toEqual([0, 1, 0, 0]);
    expect(difference(db, [0, 0, 0, Math.log(2)], 1e-6, 0)).toBe("");
    const x = leaf([0, 2]);
    expect(await gradients(pow(x, 0), x)).toEqual([[0, 0]]);
    expect(await gradients(pow(x, 3), x)).toEqual([[0, 12]]);
    expect(await gradients(pow(0, x), x)).toEqual([[0, 0]]);
  });

  test("sqrt at 0 is infinite; rounding and sign give zeros", async () => {
    const x = leaf([0, 1]);
    expect(await gradients(unary.sqrt(x), x)).toEqual([[Infinity, 0.5]]);
    expect(await gradients(unary.floor(x), x)).toEqual([[0, 0]]);
  });
});

describe("dtypes", () => {
  const of = (dtype: DType, ...data: number[]) => tensor(data, { dtype });
  const typed = async (t: Tensor) => [t.dtype, await values(t)];

  test("promotion", async () => {
    const [f, i, u, b] = [of("f32", 0.5, 2), of("i32", -3, 4), of("u32", 5, 6), of("bool", 1, 0)];
    expect(await typed(add(f, i))).toEqual(["f32", [-2.5, 6]]);
    expect(await typed(add(i, b))).toEqual(["i32", [-2, 4]]);
    expect(await typed(mul(b, f))).toEqual(["f32", [0.5, 0]]);
    expect(await typed(add(u, b))).toEqual(["u32", [6, 6]]);
    expect(await typed(add(b, b))).toEqual(["bool", [1, 0]]);
    expect(await typed(mul(b, b))).toEqual(["bool", [1, 0]]);
    expect(await typed(div(i, 2))).toEqual(["f32", [-1.5, 2]]);
    expect(await typed(div(u, u))).toEqual(["f32", [1, 1]]);
    expect(await typed(unary.exp(b))).toEqual(["f32", [expect.closeTo(Math.E, 5), 1]]);
  });

  test("numbers never promote f32; whole ones leave integers", async () => {
    expect(await typed(add(of("f32", 1), 2))).toEqual(["f32", [3]]);
    expect(await typed(sub(2, of("i32", 5, -6)))).toEqual(["i32", [-3, 8]]);
    expect(await typed(add(of("i32", 1), 2 ** 30 + 1))).toEqual(["i32", [2 ** 30 + 2]]);
    expect(await typed(mul(of("i32", 3), 0.5))).toEqual(["f32", [1.5]]);
    expect(await typed(add(of("u32", 1), 2 ** 32 - 2))).toEqual(["u32", [2 ** 32 - 1]]);
    expect(await typed(add(of("bool", 1, 0), 1))).toEqual(["i32", [2, 1]]);
    expect(await typed(where(of("bool", 1, 0), 1, 0))).toEqual(["f32", [1, 0]]);
    expect(await typed(where(of("bool", 1, 0), of("i32", 7, 8), 2 ** 30 + 1))).toEqual([
      "i32",
      [7, 2 ** 30 + 1],
    ]);
    expect(await typed(where(of("bool", 1, 0), of("i32", 7, 8), 0.5))).toEqual(["f32", [7, 0.5]]);
  });

  test("integers", async () => {
    const i = of("i32", -7, 7, -8);
    expect(await typed(unary.neg(i))).toEqual(["i32", [7, -7, 8]]);
    expect(await typed(unary.abs(i))).toEqual(["i32", [7, 7, 8]]);
    expect(await typed(unary.sign(i))).toEqual(["i32", [-1, 1, -1]]);
    expect(await typed(unary.floor(i))).toEqual(["i32", [-7, 7, -8]]);
    expect(await typed(activation.relu(i))).toEqual(["i32", [0, 7, 0]]);
    expect(await typed(clamp(i, { min: -7, max: 3 }))).toEqual(["i32", [-7, 3, -7]]);
    expect(await typed(remainder(i, 3))).toEqual(["i32", [2, 1, 1]]);
    expect(await typed(fmod(i, 3))).toEqual(["i32", [-1, 1, -2]]);
    expect(await typed(pow(i, 2))).toEqual(["i32", [49, 49, 64]]);
    expect(await typed(fmod(of("u32", 7), 4))).toEqual(["u32", [3]]);
    expect(await typed(maximum(i, 2.5))).toEqual(["f32", [2.5, 7, 2.5]]);
    expect(await typed(gt(i, 6.5))).toEqual(["bool", [0, 1, 0]]);
    expect(await typed(logicalNot(of("f32", 0, -0, NaN, 2)))).toEqual(["bool", [1, 1, 0, 0]]);
  });

  test("cast", async () => {
    const f = of("f32", -1.7, 0, 2.9, 3e9);
    expect(await typed(cast(f, "i32"))).toEqual(["i32", [-1, 0, 2, expect.any(Number)]]);
    expect(await typed(cast(of("f32", 0, -0, NaN, 1e-30), "bool"))).toEqual(["bool", [0, 0, 1, 1]]);
    expect(await typed(cast(of("i32", -1, 0), "bool"))).toEqual(["bool", [1, 0]]);
    expect(await typed(cast(of("bool", 1, 0), "f32"))).toEqual(["f32", [1, 0]]);
    expect(await typed(cast(of("u32", 2 ** 31 + 5), "f32"))).toEqual(["f32", [2 ** 31]]);
    expect(cast(f, "f32")).toBe(f);
  });

  test("gradients flow to the f32 operand only", async () => {
    const [a, b] = [leaf([1, 2]), of("bool", 0, 1)];
    const [da] = grad(mul(a, b), [a], { gradOutputs: [tensor([3, 4])] });
    expect(await values(da)).toEqual([0, 4]);
  });
});

describe("refusals", () => {
  const [f, u, b] = [() => leaf([1, 2]), () => tensor([1, 2], { dtype: "u32" }), () => tensor([true, false])];
  test.each<[() => unknown, RegExp]>([
    [() => add(f(), leaf([1, 2, 3])), /^add: shapes do not broadcast, \[2\] and \[3\]$/],
    [() => where(b(), f(), leaf([1, 2, 3])), /^where: shapes do not broadcast, \[2\] and \[2\] and \[3\]$/],
    [() => add(f(), u()), /^add: u32 mixes only with u32 and bool, a f32\[2\], b u32\[2\]$/],
    [() => mul(u(), 0.5), /^mul: u32 mixes only with whole numbers, got 0\.5 beside u32\[2\]$/],
    [() => sub(u(), -1), /^sub: -1 does not fit u32, beside u32\[2\]$/],
    [() => sub(b(), b()), /^sub: needs numbers, not bool, a bool\[2\], b bool\[2\]$/],
    [() => pow(u(), u()), /^pow: needs f32, f16 or i32, a u32\[2\], b u32\[2\]$/],
    [() => unary.neg(u()), /^neg: needs f32, f16 or i32, x u32\[2\]$/],
    [() => unary.abs(b()), /^abs: needs numbers, not bool, x bool\[2\]$/],
    [() => where(f(), f(), f()), /^where: the condition must be bool, cond f32\[2\]$/],
    [() => clamp(f(), {}), /^clamp: needs min or max$/],
    [() => add(1, 2), /^add: at least one operand must be a tensor$/],
    [
      () => activation.gelu(f(), { approximate: "fast" as "tanh" }),
      /^gelu: approximate must be "none" or "tanh"/,
    ],
  ])("%s", (call, message) => {
    expect(call).toThrow(message);
  });

  test("more axes than the shaders index", () => {
    const shape = (odd: number) => Array.from({ length: 9 }, (_, i) => (i % 2 === odd ? 2 : 1));
    const [a, b] = [0, 1].map((odd) => leaf(spread(numel(shape(odd)), 0, 1), shape(odd)));
    expect(() => add(a, b)).toThrow(/^add: broadcasting leaves more than 8 axes, \[2,1,2,/);
  });
});

const GOLDEN = activation as unknown as Record<string, (x: Tensor, options: object) => Tensor>;

describe.each(["gelu", "elu", "softplus", "leakyRelu", "relu", "silu", "tanh", "sigmoid"])(
  "PyTorch: %s",
  (name) => {
    test.each(loadGolden("misc", name))("$name", (c) =>
      checkGolden(c, ({ x }) => [GOLDEN[name](x, c.options)]),
    );
  },
);
