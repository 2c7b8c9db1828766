// Rows of the poolings.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import {
  type AdaptiveSize,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  globalAvgPool,
  globalMaxPool,
} from "../../kernels/adaptive_pool.ts";
import { type AvgPool2dOptions, avgPool2d } from "../../kernels/avg_pool.ts";
import { type MaxPool2dOptions, maxPool2d } from "../../kernels/max_pool.ts";
import type { Shape } from "../../tensor/shape.ts";
import { at, build, type Nd, total } from "../nd.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

/** The rows (or columns) of a window that lie in x, and how many it has with the padding. */
interface Span {
  readonly inside: readonly number[];
  readonly padded: number;
}

type Window = MaxPool2dOptions & AvgPool2dOptions;
type Pair = Window["kernelSize"];
const of = (v: Pair, axis: number): number => (typeof v === "number" ? v : v[axis]);

/** All windows along one axis of `size`. */
function spans(size: number, o: Window, axis: number): Span[] {
  const [k, pad] = [of(o.kernelSize, axis), of(o.padding ?? 0, axis)];
  const [step, dilation] = [of(o.stride ?? o.kernelSize, axis), of(o.dilation ?? 1, axis)];
  const list: Span[] = [];
  for (let start = -pad; ; start += step) {
    const fits = start + dilation * (k - 1) < size + pad;
    if (!fits && !(o.ceilMode && start < size && start - step + dilation * (k - 1) < size + pad - 1)) break;
    const taps = Array.from({ length: k }, (_, i) => start + i * dilation);
    const padded = taps.filter((t) => t < size + pad).length;
    list.push({ inside: taps.filter((t) => t >= 0 && t < size), padded });
  }
  return list;
}

function adaptiveSpans(size: number, out: number | null): Span[] {
  const n = out ?? size;
  return Array.from({ length: n }, (_, o) => {
    const [from, to] = [Math.floor((o * size) / n), Math.ceil(((o + 1) * size) / n)];
    return { inside: Array.from({ length: to - from }, (_, i) => from + i), padded: to - from };
  });
}

/** `fn` of the values of every window, their positions in the plane, and the window's size with padding. */
function pooled(
  x: Nd,
  ys: Span[],
  xs: Span[],
  fn: (values: number[], where: number[], padded: number) => number,
): Nd {
  const w = x.shape.at(-1)!;
  return build([...x.shape.slice(0, -2), ys.length, xs.length], (index) => {
    const lead = index.slice(0, -2);
    const [v, h] = [ys[index.at(-2)!], xs[index.at(-1)!]];
    const where = v.inside.flatMap((i) => h.inside.map((j) => i * w + j));
    const values = where.map((p) => at(x, [...lead, Math.floor(p / w), p % w]));
    return fn(values, where, v.padded * h.padded);
  });
}

const windows = (x: Nd, o: Window): [Span[], Span[]] => [
  spans(x.shape.at(-2)!, o, 0),
  spans(x.shape.at(-1)!, o, 1),
];
const adaptive = (x: Nd, o: AdaptiveSize): [Span[], Span[]] => {
  const [oh, ow] = o === null || typeof o === "number" ? [o, o] : o;
  return [adaptiveSpans(x.shape.at(-2)!, oh), adaptiveSpans(x.shape.at(-1)!, ow)];
};
const first = (values: number[]) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);
const maxima = (x: Nd, s: [Span[], Span[]]): Nd[] => [
  pooled(x, ...s, (values) => values[first(values)]),
  pooled(x, ...s, (values, where) => where[first(values)]),
];

const CASES: readonly (readonly [Shape, Window])[] = [
  [[1, 1, 4, 4], { kernelSize: 2 }],
  [[2, 3, 6, 10], { kernelSize: 2 }],
  [[2, 3, 5, 7], { kernelSize: 3, stride: 2, padding: 1 }],
  [[3, 5, 6], { kernelSize: [2, 3], stride: [1, 2] }],
  [[1, 2, 6, 5], { kernelSize: 3, stride: 2, ceilMode: true }],
  [[1, 2, 7, 7], { kernelSize: 3, stride: 3, padding: 1, ceilMode: true }],
  [[0, 2, 4, 4], { kernelSize: 2 }],
  [[1, 1, 1, 1], { kernelSize: 1 }],
  [[2, 5, 13, 11], { kernelSize: 3, stride: 1, padding: 1 }],
];
const ADAPTIVE: readonly (readonly [Shape, AdaptiveSize])[] = [
  [
    [2, 3, 5, 7],
    [2, 3],
  ],
  [[1, 2, 4, 6], 2],
  [
    [2, 3, 3],
    [5, null],
  ],
  [[1, 1, 3, 3], 1],
  [[0, 2, 4, 4], 2],
];

const windowErrors = (name: string, f: typeof maxPool2d | typeof avgPool2d): ErrorCase[] => {
  const run = f as (x: ReturnType<typeof z>, o: Window) => unknown;
  const options = (key: string, o: Window, message: string): ErrorCase => ({
    name: key,
    run: () => run(z([1, 1, 5, 5]), o),
    message: new RegExp(`^${name}: ${message}`),
    type: OptionError,
  });
  return [
    options("kernel", { kernelSize: 0 }, "kernelSize must be an integer of at least 1"),
    options("stride", { kernelSize: 2, stride: [1, 0] }, "stride must be an integer of at least 1"),
    options("padding", { kernelSize: 3, padding: 2 }, "padding must be at most half of the kernel"),
    {
      name: "too small",
      run: () => run(z([2, 3, 5, 7]), { kernelSize: 6 }),
      message: new RegExp(`^${name}: the output size \\[0,1\\] is too small, x \\[2,3,5,7\\]`),
      type: ShapeError,
    },
    {
      name: "dtype",
      run: () => run(z([1, 1, 2, 2], "i32"), { kernelSize: 2 }),
      message: new RegExp(`^${name}: takes f32 tensors, x is i32\\[1,1,2,2\\]$`),
      type: DTypeError,
    },
  ];
};
const sizeErrors = (name: string, f: (x: ReturnType<typeof z>, o: AdaptiveSize) => unknown): ErrorCase[] => [
  {
    name: "output size",
    run: () => f(z([1, 1, 2, 2]), -1),
    message: new RegExp(`^${name}: outputSize must be .* got -1$`),
    type: OptionError,
  },
  {
    name: "empty plane",
    run: () => f(z([1, 1, 0, 2]), 1),
    message: new RegExp(`^${name}: only the batch may be empty, x \\[1,1,0,2\\]$`),
    type: ShapeError,
  },
];

const maxPool2dRecord: OpRecord<MaxPool2dOptions> = {
  name: "maxPool2d",
  samples: (draw) => [
    ...CASES.map(([shape, o]) => sample(o, draw.distinct(shape))),
    sample({ kernelSize: [3, 2], stride: 1, padding: 1, dilation: [2, 1] }, draw.distinct([2, 2, 7, 5])),
  ],
  run: ([x], o) => maxPool2d(x, { ...o, returnIndices: true }),
  reference: ([x], o) => maxima(x, windows(x, o)),
  differentiable: true,
  compare: "exact",
  errors: windowErrors("maxPool2d", maxPool2d),
};

const adaptiveMaxRecord: OpRecord<{ readonly size: AdaptiveSize }> = {
  name: "adaptiveMaxPool2d",
  samples: (draw) => ADAPTIVE.map(([shape, size]) => sample({ size }, draw.distinct(shape))),
  run: ([x], { size }) => adaptiveMaxPool2d(x, size, { returnIndices: true }),
  reference: ([x], { size }) => maxima(x, adaptive(x, size)),
  differentiable: true,
  compare: "exact",
  errors: sizeErrors("adaptiveMaxPool2d", adaptiveMaxPool2d),
};

const mean = (values: number[]) => total(values) / values.length;

const avgPool2dRecord: OpRecord<AvgPool2dOptions> = {
  name: "avgPool2d",
  samples: (draw) => [
    ...CASES.map(([shape, o], i) => sample({ ...o, countIncludePad: i % 2 === 0 }, draw.normal(shape))),
    sample({ kernelSize: 3, padding: 1, divisorOverride: 5 }, draw.normal([1, 2, 6, 6])),
  ],
  run: ([x], o) => avgPool2d(x, o),
  reference: ([x], o) =>
    pooled(x, ...windows(x, o), (values, _, padded) => {
      const count = o.divisorOverride ?? ((o.countIncludePad ?? true) ? padded : values.length);
      return total(values) / count;
    }),
  differentiable: true,
  compare: "sums",
  errors: [
    ...windowErrors("avgPool2d", avgPool2d),
    {
      name: "divisor",
      run: () => avgPool2d(z([1, 1, 2, 2]), { kernelSize: 2, divisorOverride: 0 }),
      message: /^avgPool2d: divisorOverride must be an integer other than 0, got 0$/,
      type: OptionError,
    },
  ],
};

const adaptiveAvgRecord: OpRecord<{ readonly size: AdaptiveSize }> = {
  name: "adaptiveAvgPool2d",
  samples: (draw) => ADAPTIVE.map(([shape, size]) => sample({ size }, draw.normal(shape))),
  run: ([x], { size }) => adaptiveAvgPool2d(x, size),
  reference: ([x], { size }) => pooled(x, ...adaptive(x, size), mean),
  differentiable: true,
  compare: "sums",
  errors: sizeErrors("adaptiveAvgPool2d", adaptiveAvgPool2d),
};

const globalRecord: OpRecord<undefined> = {
  name: "globalAvgPool",
  samples: (draw) => [
    sample(undefined, draw.normal([2, 3, 4, 5])),
    sample(undefined, draw.normal([5, 1, 1])),
    sample(undefined, draw.normal([2, 3, 13, 11])),
  ],
  run: ([x]) => globalAvgPool(x),
  reference: ([x]) => pooled(x, ...adaptive(x, 1), mean),
  differentiable: true,
  compare: "sums",
  errors: [
    {
      name: "rank",
      run: () => globalAvgPool(z([2, 3])),
      message: /^adaptiveAvgPool2d: x must have 4 dimensions \[n,c,h,w\] or 3 \[c,h,w\], x \[2,3\]$/,
      type: ShapeError,
    },
  ],
};

const globalMaxRecord: OpRecord<undefined> = {
  ...globalRecord,
  name: "globalMaxPool",
  samples: (draw) => [
    sample(undefined, draw.distinct([2, 3, 4, 5])),
    sample(undefined, draw.distinct([5, 1, 1])),
    sample(undefined, draw.distinct([2, 3, 13, 11])),
  ],
  run: ([x]) => globalMaxPool(x),
  reference: ([x]) => maxima(x, adaptive(x, 1))[0],
  compare: "exact",
  errors: [
    {
      name: "rank",
      run: () => globalMaxPool(z([2, 3])),
      message: /^adaptiveMaxPool2d: x must have 4 dimensions/,
      type: ShapeError,
    },
  ],
};

export const poolRecords = [
  maxPool2dRecord,
  adaptiveMaxRecord,
  avgPool2dRecord,
  adaptiveAvgRecord,
  globalRecord,
  globalMaxRecord,
] as readonly OpRecord[];
