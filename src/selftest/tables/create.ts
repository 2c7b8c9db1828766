// Rows of eye and of the draws. Integers are the seeded stream's, which the host draws too; of the others what must hold for
// every draw: the shares of the classes, no class twice.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { bernoulli, multinomial, randint, randperm } from "../../kernels/draw.ts";
import { eye } from "../../kernels/eye.ts";
import { Generator } from "../../tensor/philox.ts";
import type { Shape } from "../../tensor/shape.ts";
import { along, build, map, nd } from "../nd.ts";
import { f32, fixed, type HostTensor, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

const SEED = 7;
const seeded = () => new Generator(SEED);

const eyeRecord: OpRecord<{ readonly n: number; readonly m?: number; readonly dtype?: "i32" }> = {
  name: "eye",
  samples: () => [
    sample({ n: 3 }),
    sample({ n: 2, m: 5 }),
    sample({ n: 7, m: 3, dtype: "i32" }),
    sample({ n: 0 }),
    sample({ n: 3, m: 0 }),
    sample({ n: 67 }),
  ],
  run: (_, { n, m, dtype }) => eye(n, m, { dtype }),
  reference: (_, { n, m = n }) => build([n, m], ([i, j]) => Number(i === j)),
  differentiable: false,
  errors: [
    {
      name: "size",
      run: () => eye(-1),
      message: /^eye: sizes must be integers >= 0, got -1 and -1$/,
      type: OptionError,
    },
    {
      name: "dtype",
      run: () => eye(2, 2, { dtype: "bool" }),
      message: /^eye: dtype must be f32, f16 or i32, got bool$/,
      type: DTypeError,
    },
  ],
};

const randintRecord: OpRecord<{ readonly low: number; readonly high: number; readonly shape: Shape }> = {
  name: "randint",
  samples: () => [
    sample({ low: 0, high: 10, shape: [] }),
    sample({ low: -5, high: 6, shape: [7, 3] }),
    sample({ low: -(2 ** 31), high: 2 ** 31, shape: [130] }),
    sample({ low: 3, high: 4, shape: [5] }),
    sample({ low: 0, high: 10, shape: [0, 2] }),
  ],
  run: (_, { low, high, shape }) => randint(low, high, shape, { generator: seeded() }),
  reference: (_, { low, high, shape }) =>
    nd(
      shape,
      seeded().integers(
        shape.reduce((a, b) => a * b, 1),
        low,
        high,
      ),
    ),
  differentiable: false,
  compare: "exact",
  errors: [
    {
      name: "range",
      run: () => randint(3, 3, [2]),
      message: /^randint: need integers -2\^31 <= low < high <= 2\^31, got 3 and 3$/,
      type: OptionError,
    },
  ],
};

const bernoulliRecord: OpRecord<{ readonly p?: number; readonly shape?: readonly number[] }> = {
  name: "bernoulli",
  samples: (draw) => [
    sample({}, fixed(draw.uniform([7, 13], 0, 1))),
    sample({}, fixed(draw.integers([5], 0, 2, "f32"))),
    sample({ p: 0.3, shape: [67] }),
    sample({}, fixed(draw.uniform([0]))),
  ],
  run: ([x], { p, shape }) => bernoulli(p ?? x, { shape: shape ?? x.shape, generator: seeded() }),
  reference: ([x], { p = 0, shape }) => {
    const chance = shape === undefined ? x : build(shape, () => Math.fround(p));
    const u = seeded().uniform(chance.data.length);
    return map(chance, (v, i) => Number(u[i] < v));
  },
  differentiable: false,
  compare: "exact",
  errors: [
    {
      name: "p",
      run: () => bernoulli(1.5),
      message: /^bernoulli: p must lie in \[0, 1\], got 1.5$/,
      type: OptionError,
    },
    {
      name: "dtype",
      run: () => bernoulli(z([2], "i32")),
      message: /^bernoulli: needs f32 or f16, p i32\[2\]$/,
      type: DTypeError,
    },
  ],
};

const randpermRecord: OpRecord<{ readonly n: number }> = {
  name: "randperm",
  samples: () => [0, 1, 2, 31, 100, 1000].map((n) => sample({ n })),
  run: (_, { n }) => randperm(n, { generator: seeded() }),
  reference: (_, { n }) => {
    const words = seeded().integers(n, -(2 ** 31), 2 ** 31);
    return nd(
      [n],
      [...words.keys()].sort((a, b) => words[a] - words[b] || a - b),
    );
  },
  differentiable: false,
  compare: "exact",
  errors: [
    {
      name: "n",
      run: () => randperm(-1),
      message: /^randperm: n must be an integer >= 0, got -1$/,
      type: OptionError,
    },
  ],
};

/** Quarters: their sums are exact in f32, so that the host finds the same classes. */
const quarters = (values: readonly number[], shape: Shape): HostTensor =>
  fixed(
    f32(
      shape,
      values.map((v) => v / 4),
    ),
  );

const multinomialRecord: OpRecord<{ readonly count: number; readonly replacement?: boolean }> = {
  name: "multinomial",
  samples: () => [
    sample({ count: 50, replacement: true }, quarters([1, 0, 5, 2, 0, 8], [6])),
    sample({ count: 9, replacement: true }, quarters([1, 0, 7, 4, 4, 0], [2, 3])),
    sample({ count: 1, replacement: true }, quarters([3], [1])),
    sample({ count: 4 }, quarters([1, 2, 5, 8], [4])),
    sample({ count: 2 }, quarters([1, 0, 7, 0, 4, 4], [2, 3])),
  ],
  run: ([w], o) => multinomial(w, o.count, { ...o, generator: seeded() }),
  reference: ([w], { count, replacement }) => {
    const n = w.shape.at(-1)!;
    const shape = [...w.shape.slice(0, -1), count];
    const u = seeded().uniform((replacement ? count : n) * (w.data.length / n));
    const row = (at: number) => [...w.data.slice(at, at + n)];
    if (replacement) {
      const sums = along(w, -1, (values) =>
        values.map((_, i) => values.slice(0, i + 1).reduce((a, b) => a + b)),
      );
      return build(shape, (_, flat) => {
        const at = Math.floor(flat / count) * n;
        const aim = Math.fround(u[flat] * sums.data[at + n - 1]);
        return [...sums.data.slice(at, at + n)].findIndex((s) => s > aim);
      });
    }
    return build(shape, (index, flat) => {
      const at = Math.floor(flat / count) * n;
      const keys = row(at).map((v, i) => v / -Math.log1p(-u[at + i]));
      return [...keys.keys()].sort((a, b) => keys[b] - keys[a])[index.at(-1)!];
    });
  },
  differentiable: false,
  compare: "exact",
  errors: [
    {
      name: "count",
      run: () => multinomial(z([3]), 4),
      message: /^multinomial: count must be a positive integer up to 3, got 4$/,
      type: OptionError,
    },
    {
      name: "rank",
      run: () => multinomial(z([1, 2, 3]), 1),
      message: /^multinomial: weights must be \[n\] or \[rows, n\], weights \[1,2,3\]$/,
      type: ShapeError,
    },
    {
      name: "dtype",
      run: () => multinomial(z([3], "i32"), 1),
      message: /^multinomial: needs f32 or f16, weights i32\[3\]$/,
      type: DTypeError,
    },
  ],
};

export const createRecords: readonly OpRecord[] = [
  eyeRecord,
  randintRecord,
  bernoulliRecord,
  randpermRecord,
  multinomialRecord,
] as readonly OpRecord[];
