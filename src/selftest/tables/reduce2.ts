// Rows of products, norms, running folds, sorting, order statistics and histograms.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { cumprod, cumsum, logcumsumexp } from "../../kernels/cumulative.ts";
import { cummax, cummin } from "../../kernels/cumulative_max.ts";
import { bincount, type HistcOptions, histc } from "../../kernels/histogram.ts";
import { linearScan } from "../../kernels/linear_scan.ts";
import { prod } from "../../kernels/product.ts";
import { median, medianWithIndices, quantile } from "../../kernels/quantile.ts";
import type { WithIndices } from "../../kernels/reduce_max.ts";
import { argsort, type SortOptions, sort, type TopkOptions, topk } from "../../kernels/sort.ts";
import { countNonzero, type NormOptions, norm } from "../../kernels/vector_norm.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { type Axes, along, fold, type Nd, nd, total } from "../nd.ts";
import { type ErrorCase, fixed, type HostTensor, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

interface Reduction {
  readonly axes?: Axes;
  readonly keepdim?: boolean;
}

const REDUCTIONS: readonly (readonly [Shape, Reduction])[] = [
  [[], {}],
  [[1], { axes: 0 }],
  [[5], {}],
  [[7, 13], { axes: 1 }],
  [[7, 13], { axes: 0, keepdim: true }],
  [[3, 5, 4], { axes: 1 }],
  [[3, 5, 4], { axes: [0, -1], keepdim: true }],
  [[2, 3, 5, 7], { axes: [1, 3] }],
  [[131, 2], { axes: 0 }],
  [[5, 0], { axes: 0 }],
];

type Values = (draw: Draw, shape: Shape) => HostTensor;
const distinct: Values = (draw, shape) => draw.distinct(shape);
/** Sizes near 1: a product of many neither vanishes nor overflows. */
const nearOne: Values = (draw, shape) => draw.signed(shape, 0.7, 1.3);
const withZeros =
  (...places: number[]): Values =>
  (draw, shape) => {
    const x = nearOne(draw, shape);
    return { ...x, data: x.data.map((v, i) => (places.includes(i) ? 0 : v)) };
  };
const integers: Values = (draw, shape) => draw.integers(shape, -3, 4);
const truths: Values = (draw, shape) => draw.bool(shape);

type Reduce = (x: Tensor, axes?: Axes, keepdim?: boolean) => Tensor;

const axisErrors = (name: string, f: (x: Tensor, axis: number) => unknown): ErrorCase[] => [
  {
    name: "axis out of range",
    run: () => f(z([2, 3]), 2),
    message: new RegExp(`^${name}: axis 2 is out of range for 2 dimensions$`),
    type: ShapeError,
  },
];
const onlyFloat = (name: string, f: (x: Tensor) => unknown): ErrorCase => ({
  name: "dtype",
  run: () => f(z([2], "i32")),
  message: new RegExp(`^${name}: needs f32, x i32\\[2\\]$`),
  type: DTypeError,
});

function reduction(
  name: string,
  f: Reduce,
  row: (row: number[]) => number,
  values: readonly Values[],
  more: Partial<OpRecord<Reduction>> = {},
): OpRecord<Reduction> {
  return {
    name,
    samples: (draw) => [
      ...REDUCTIONS.map(([shape, o]) => sample(o, values[0](draw, shape))),
      ...values
        .slice(1)
        .flatMap((v) => REDUCTIONS.slice(2, 5).map(([shape, o]) => sample(o, v(draw, shape)))),
    ],
    run: ([x], { axes, keepdim }) => f(x, axes, keepdim),
    reference: ([x], { axes, keepdim = false }) => fold(x, axes, keepdim, row),
    differentiable: true,
    compare: "largest",
    errors: axisErrors(name, f),
    ...more,
  };
}

const reductions: readonly OpRecord<Reduction>[] = [
  reduction("prod", prod, (row) => row.reduce((a, b) => a * b, 1), [
    nearOne,
    withZeros(3),
    withZeros(1, 3),
    integers,
    truths,
  ]),
  reduction(
    "countNonzero",
    countNonzero,
    (row) => row.filter((v) => v !== 0).length,
    [(draw, shape) => fixed(draw.normal(shape)), integers, truths],
    { differentiable: false },
  ),
];

const NORMS: readonly number[] = [2, 1, 3, 0.5, 1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const sizes: Values = (draw, shape) => {
  const x = draw.distinct(shape);
  const offset = x.data.length * 0.03 + 0.1;
  return { ...x, data: x.data.map((v) => Math.fround(v + offset)) };
};

const normRecord: OpRecord<NormOptions> = {
  name: "norm",
  samples: (draw) => [
    ...REDUCTIONS.filter(([shape]) => !shape.includes(0)).map(([shape, o], i) =>
      sample({ ...o, p: NORMS[i % NORMS.length] }, sizes(draw, shape)),
    ),
    ...NORMS.slice(0, 5).map((p) => sample({ p, axes: 1 }, draw.signed([3, 7], 0.2, 2))),
    sample({ p: 2 }, draw.normal([5, 0])),
    sample({ p: 0, axes: 1 }, fixed(draw.integers([3, 7], -1, 2, "f32"))),
  ],
  run: ([x], o) => norm(x, o),
  reference: ([x], { p = 2, axes, keepdim = false }) =>
    fold(x, axes, keepdim, (row) => {
      if (p === 0) return row.filter((v) => v !== 0).length;
      if (p === Number.POSITIVE_INFINITY) return Math.max(...row.map(Math.abs));
      if (p === Number.NEGATIVE_INFINITY) return Math.min(...row.map(Math.abs));
      return total(row.map((v) => Math.abs(v) ** p)) ** (1 / p);
    }),
  differentiable: true,
  compare: "largest",
  errors: [
    ...axisErrors("norm", (x, axes) => norm(x, { axes })),
    onlyFloat("norm", norm),
    {
      name: "p",
      run: () => norm(z([2]), { p: Number.NaN }),
      message: /^norm: p must be a number, got NaN$/,
      type: OptionError,
    },
  ],
};

interface Axis {
  readonly axis: number;
  readonly reverse?: boolean;
}

/** Short rows, rows in several chunks, on any axis. */
const ROWS: readonly (readonly [Shape, number])[] = [
  [[], 0],
  [[1], 0],
  [[7], -1],
  [[5, 9], 1],
  [[5, 9], 0],
  [[3, 4, 5], 1],
  [[3, 0, 2], 0],
  [[0, 3], 0],
  [[2, 700], 1],
  [[600, 3], 0],
];

const running = (step: (state: number, v: number) => number, first: number) => (row: number[]) => {
  let state = first;
  return row.map((v) => (state = step(state, v)));
};

function cumulative(
  name: string,
  f: (x: Tensor, axis: number) => Tensor,
  row: (row: number[]) => number[],
  values: readonly Values[],
  more: Partial<OpRecord<Axis>> = {},
): OpRecord<Axis> {
  return {
    name,
    samples: (draw) => [
      ...ROWS.map(([shape, axis]) => sample({ axis }, values[0](draw, shape))),
      ...values
        .slice(1)
        .flatMap((v) => ROWS.slice(2, 5).map(([shape, axis]) => sample({ axis }, v(draw, shape)))),
    ],
    run: ([x], { axis }) => f(x, axis),
    reference: ([x], { axis }) => along(x, axis, row),
    differentiable: true,
    compare: "largest",
    errors: axisErrors(name, f),
    ...more,
  };
}

const logAdd = (a: number, b: number) => {
  const top = Math.max(a, b, -Number.MAX_VALUE);
  return top + Math.log(Math.exp(a - top) + Math.exp(b - top));
};
const normal: Values = (draw, shape) => draw.normal(shape);

const cumulatives: readonly OpRecord<Axis>[] = [
  cumulative(
    "cumsum",
    cumsum,
    running((s, v) => s + v, 0),
    [normal, integers, truths],
    { compare: "sums" },
  ),
  cumulative(
    "cumprod",
    cumprod,
    running((s, v) => s * v, 1),
    [(draw, shape) => draw.signed(shape, 0.9, 1.1), withZeros(3), withZeros(0, 3), integers, truths],
  ),
  cumulative("logcumsumexp", logcumsumexp, running(logAdd, Number.NEGATIVE_INFINITY), [normal], {
    errors: [
      ...axisErrors("logcumsumexp", logcumsumexp),
      onlyFloat("logcumsumexp", (x) => logcumsumexp(x, 0)),
    ],
  }),
];

const linearScanRecord: OpRecord<Axis> = {
  name: "linearScan",
  samples: (draw) =>
    ROWS.filter(([shape]) => shape.length > 0).flatMap(([shape, axis], i) => [
      sample(
        { axis: axis < 0 ? axis + shape.length : axis, reverse: i % 2 === 1 },
        draw.uniform(shape, -0.9, 0.9),
        draw.normal(shape),
      ),
    ]),
  run: ([a, b], { axis, reverse }) => linearScan(a, b, axis, reverse),
  reference: ([a, b], { axis, reverse = false }) => {
    const data = new Float64Array(a.data.length);
    const inner = a.shape.slice(axis + 1).reduce((n, s) => n * s, 1);
    const n = a.shape[axis];
    for (let t = 0; t < data.length; t++) {
      const at = reverse ? data.length - 1 - t : t;
      const k = Math.floor(at / inner) % n;
      const first = k === (reverse ? n - 1 : 0);
      const link = reverse ? at + inner : at;
      data[at] = b.data[at] + (first ? 0 : a.data[link] * data[reverse ? at + inner : at - inner]);
    }
    return { shape: a.shape, data };
  },
  differentiable: true,
  compare: "largest",
  errors: [],
};

/** The values and indices that `pick` takes from each row, as two arrays. */
function picked(x: Nd, axis: number, pick: (row: number[]) => number[]): Nd[] {
  if (x.shape.length === 0) return [x, nd([], [0])];
  const a = axis < 0 ? axis + x.shape.length : axis;
  const rows = x.shape[a];
  const inner = x.shape.slice(a + 1).reduce((n, s) => n * s, 1);
  const outer = x.shape.slice(0, a).reduce((n, s) => n * s, 1);
  const count = rows === 0 ? 0 : pick(Array.from({ length: rows }, (_, i) => x.data[i * inner] ?? 0)).length;
  const shape = x.shape.with(a, count);
  const values = new Float64Array(outer * count * inner);
  const indices = new Float64Array(values.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner && rows > 0; i++) {
      const row = Array.from({ length: rows }, (_, k) => x.data[(o * rows + k) * inner + i]);
      pick(row).forEach((k, j) => {
        values[(o * count + j) * inner + i] = row[k];
        indices[(o * count + j) * inner + i] = k;
      });
    }
  }
  return [
    { shape, data: values },
    { shape, data: indices },
  ];
}

const both = ({ values, indices }: WithIndices) => [values, indices];

function runningExtreme(
  name: string,
  f: (x: Tensor, axis: number) => WithIndices,
  wins: (a: number, b: number) => boolean,
): OpRecord<Axis> {
  return {
    name,
    samples: (draw) => [
      ...ROWS.map(([shape, axis]) => sample({ axis }, distinct(draw, shape))),
      sample({ axis: 1 }, integers(draw, [3, 20])),
      sample({ axis: 0 }, truths(draw, [9])),
    ],
    run: ([x], { axis }) => both(f(x, axis)),
    reference: ([x], { axis }) =>
      picked(x, axis, (row) => {
        let best = 0;
        return row.map((v, i) => (best = wins(v, row[best]) ? i : best));
      }),
    differentiable: true,
    compare: "exact",
    errors: axisErrors(name, f),
  };
}

const sortedOrder = (row: number[], descending: boolean) =>
  [...row.keys()].sort((a, b) => (descending ? row[b] - row[a] : row[a] - row[b]) || a - b);

const SORTS: readonly (readonly [Shape, SortOptions])[] = [
  [[], {}],
  [[1], { descending: true }],
  [[7], {}],
  [[5, 33], { axis: 1, descending: true }],
  [[33, 3], { axis: 0 }],
  [[3, 65, 2], { axis: 1, descending: true }],
  [[3, 0, 2], { axis: 1 }],
  [[2, 300], {}],
];

const sortRecord: OpRecord<SortOptions> = {
  name: "sort",
  samples: (draw) => [
    ...SORTS.map(([shape, o]) => sample(o, distinct(draw, shape))),
    sample({}, integers(draw, [3, 100])),
    sample({ descending: true }, integers(draw, [3, 100])),
    sample({}, draw.integers([70], 0, 5, "u32")),
    sample({ descending: true }, truths(draw, [40])),
  ],
  run: ([x], o) => both(sort(x, o)),
  reference: ([x], { axis = -1, descending = false }) =>
    picked(x, axis, (row) => sortedOrder(row, descending)),
  differentiable: true,
  compare: "exact",
  errors: axisErrors("sort", (x, axis) => sort(x, { axis })),
};

const argsortRecord: OpRecord<SortOptions> = {
  name: "argsort",
  samples: (draw) => [
    ...SORTS.map(([shape, o]) => sample(o, fixed(distinct(draw, shape)))),
    sample({ descending: true }, integers(draw, [3, 100])),
  ],
  run: ([x], o) => argsort(x, o),
  reference: ([x], { axis = -1, descending = false }) =>
    picked(x, axis, (row) => sortedOrder(row, descending))[1],
  differentiable: false,
  errors: axisErrors("argsort", (x, axis) => argsort(x, { axis })),
};

const topkRecord: OpRecord<TopkOptions & { readonly k: number }> = {
  name: "topk",
  samples: (draw) => [
    sample({ k: 3 }, distinct(draw, [7])),
    sample({ k: 5, axis: 0 }, distinct(draw, [40, 3])),
    sample({ k: 2, axis: 1, largest: false }, distinct(draw, [3, 5, 4])),
    sample({ k: 0 }, distinct(draw, [3, 5])),
    sample({ k: 70 }, distinct(draw, [2, 70])),
    sample({ k: 10 }, integers(draw, [3, 50])),
  ],
  run: ([x], { k, ...o }) => both(topk(x, k, o)),
  reference: ([x], { k, axis = -1, largest = true }) =>
    picked(x, axis, (row) => sortedOrder(row, largest).slice(0, k)),
  differentiable: true,
  compare: "exact",
  errors: [
    ...axisErrors("topk", (x, axis) => topk(x, 1, { axis })),
    {
      name: "k",
      run: () => topk(z([2, 3]), 4),
      message: /^topk: k must be an integer in \[0, 3\], got 4, x \[2,3\]$/,
      type: OptionError,
    },
  ],
};

const nothing = (name: string, f: (x: Tensor) => unknown): ErrorCase => ({
  name: "no values",
  run: () => f(z([2, 0])),
  message: new RegExp(`^${name}: no values to choose from, x \\[(2,)?0\\]$`),
  type: ShapeError,
});

const medianRecord: OpRecord<undefined> = {
  name: "median",
  samples: (draw) =>
    ([[], [1], [7], [4, 5], [131, 2]] as Shape[]).map((shape) => sample(undefined, distinct(draw, shape))),
  run: ([x]) => median(x),
  reference: ([x]) => nd([], [Float64Array.from(x.data).sort()[(x.data.length - 1) >> 1]]),
  differentiable: true,
  compare: "exact",
  errors: [nothing("median", median)],
};

const medianWithIndicesRecord: OpRecord<Axis> = {
  name: "medianWithIndices",
  samples: (draw) => [
    ...ROWS.filter(([shape]) => shape.length > 1 && !shape.includes(0)).map(([shape, axis]) =>
      sample({ axis }, distinct(draw, shape)),
    ),
    sample({ axis: 1 }, integers(draw, [3, 9])),
  ],
  run: ([x], { axis }) => both(medianWithIndices(x, axis, true)),
  reference: ([x], { axis }) => picked(x, axis, (row) => [sortedOrder(row, false)[(row.length - 1) >> 1]]),
  differentiable: true,
  compare: "exact",
  errors: [...axisErrors("median", medianWithIndices), nothing("median", (x) => medianWithIndices(x, 1))],
};

const atQuantile = (row: number[], q: number) => {
  const sorted = row.toSorted((a, b) => a - b);
  const low = Math.floor(q * (row.length - 1));
  const high = Math.min(low + 1, row.length - 1);
  return sorted[low] + (q * (row.length - 1) - low) * (sorted[high] - sorted[low]);
};

const quantileRecord: OpRecord<{ readonly q: number; readonly axis?: number; readonly keepdim?: boolean }> = {
  name: "quantile",
  samples: (draw) => [
    sample({ q: 0.3 }, distinct(draw, [])),
    sample({ q: 0.25 }, distinct(draw, [4, 5])),
    sample({ q: 0.9, axis: 0 }, distinct(draw, [7, 3])),
    sample({ q: 0, axis: -1, keepdim: true }, distinct(draw, [3, 5, 4])),
    sample({ q: 1, axis: 1 }, distinct(draw, [3, 50])),
    sample({ q: 0.123, axis: 1, keepdim: true }, distinct(draw, [3, 40, 2])),
  ],
  run: ([x], { q, ...o }) => quantile(x, q, o),
  reference: ([x], { q, axis, keepdim = false }) => fold(x, axis, keepdim, (row) => atQuantile(row, q)),
  differentiable: true,
  compare: "largest",
  errors: [
    onlyFloat("quantile", (x) => quantile(x, 0.5)),
    nothing("quantile", (x) => quantile(x, 0.5)),
    {
      name: "q",
      run: () => quantile(z([2]), [0.5, 1.5]),
      message: /^quantile: q must lie in \[0, 1\], got 1.5$/,
      type: OptionError,
    },
  ],
};

const bincountRecord: OpRecord<{ readonly length: number }> = {
  name: "bincount",
  samples: (draw) => [
    sample({ length: 5 }, draw.integers([67], -1, 6)),
    sample({ length: 5 }, draw.integers([0], 0, 5)),
    sample({ length: 5 }, draw.integers([67], -1, 6), draw.normal([67])),
    sample({ length: 300 }, draw.integers([1000], 0, 300), draw.normal([1000])),
  ],
  run: ([x, weights], { length }) => bincount(x, length, { weights }),
  reference: ([x, weights], { length }) => {
    const y = new Float64Array(length);
    x.data.forEach((k, i) => {
      if (k >= 0 && k < length) y[k] += weights ? weights.data[i] : 1;
    });
    return nd([length], y);
  },
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "dtype",
      run: () => bincount(z([2]), 3),
      message: /^bincount: indices must be i32, got f32\[2\]$/,
      type: DTypeError,
    },
    {
      name: "length",
      run: () => bincount(z([2], "i32"), -1),
      message: /^bincount: length must be an integer >= 0, got -1$/,
      type: OptionError,
    },
    {
      name: "weights",
      run: () => bincount(z([2], "i32"), 3, { weights: z([3]) }),
      message: /^bincount: x must have rank 1 and weights its shape, x \[2\], weights \[3\]$/,
      type: ShapeError,
    },
  ],
};

const histcRecord: OpRecord<HistcOptions> = {
  name: "histc",
  samples: (draw) => [
    sample({ bins: 8 }, fixed(draw.uniform([131, 9]))),
    sample({ bins: 5, min: -0.5, max: 0.7 }, fixed(draw.uniform([300]))),
    sample({}, fixed(draw.normal([300]))),
    sample({ bins: 4 }, fixed(draw.uniform([0]))),
  ],
  run: ([x], o) => histc(x, o),
  reference: ([x], { bins = 100, min = 0, max = 0 }) => {
    const given = min < max;
    const low = given ? min : Math.min(...x.data);
    const high = given ? max : Math.max(...x.data);
    const y = new Float64Array(bins);
    for (const v of x.data)
      if (v >= low && v <= high) y[Math.min(Math.floor(((v - low) / (high - low)) * bins), bins - 1)]++;
    return nd([bins], y);
  },
  differentiable: false,
  errors: [
    onlyFloat("histc", histc),
    {
      name: "bins",
      run: () => histc(z([2]), { bins: 0 }),
      message: /^histc: bins must be a positive integer, got 0$/,
      type: OptionError,
    },
    {
      name: "range",
      run: () => histc(z([2]), { min: 2, max: 1 }),
      message: /^histc: min must not exceed max, got 2 and 1$/,
      type: OptionError,
    },
  ],
};

export const reduce2Records: readonly OpRecord[] = [
  ...reductions,
  normRecord,
  ...cumulatives,
  linearScanRecord,
  runningExtreme("cummax", cummax, (a, b) => a >= b),
  runningExtreme("cummin", cummin, (a, b) => a <= b),
  sortRecord,
  argsortRecord,
  topkRecord,
  medianRecord,
  medianWithIndicesRecord,
  quantileRecord,
  bincountRecord,
  histcRecord,
] as readonly OpRecord[];
