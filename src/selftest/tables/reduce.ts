// Rows of the reductions, and of broadcasting, which is their transpose.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import { all, any } from "../../kernels/any_all.ts";
import { argmax, argmin } from "../../kernels/arg_reduce.ts";
import { broadcastTo, spread } from "../../kernels/broadcast.ts";
import { logsumexp } from "../../kernels/logsumexp.ts";
import { mean, sum, sumOver, sumTo } from "../../kernels/reduce.ts";
import { amax, amin, max, maxWithIndices, min, minWithIndices } from "../../kernels/reduce_max.ts";
import { std, variance } from "../../kernels/variance.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { type Axes, fold, map, nd, reshaped, scalar, total, zip } from "../nd.ts";
import { type ErrorCase, type HostTensor, type OpRecord, type Sample, sample } from "../record.ts";
import { z } from "./samples.ts";

interface Options {
  readonly axes?: Axes;
  readonly keepdim?: boolean;
}

/** Shapes and axes: last, first, middle, several, all, negative, of size 1; short and long rows, whole blocks and parts. */
const CASES: readonly (readonly [Shape, Options])[] = [
  [[], {}],
  [[1], { axes: 0 }],
  [[5], {}],
  [[7, 13], { axes: 1 }],
  [[7, 13], { axes: 0, keepdim: true }],
  [[3, 5, 4], { axes: 1 }],
  [[3, 5, 4], { axes: [0, -1], keepdim: true }],
  [[2, 3, 5, 7], { axes: [1, 3] }],
  [[2, 3, 5, 7], { axes: [0, 2, 3] }],
  [[3, 1, 2], { axes: 1 }],
  [[131, 9], {}],
  [[2, 1030], { axes: 1 }],
  [[300, 4], { axes: 0 }],
  [[5, 0], { axes: 0 }],
];
const OF_NONE: readonly (readonly [Shape, Options])[] = [
  [[5, 0], { axes: 1 }],
  [[0], {}],
];

type Values = (draw: Draw, shape: Shape) => HostTensor;
const normal: Values = (draw, shape) => draw.normal(shape);
const distinct: Values = (draw, shape) => draw.distinct(shape);

const cases = (draw: Draw, values: Values, list = CASES): Sample<Options>[] =>
  list.map(([shape, o]) => sample(o, values(draw, shape)));

type Reduction = (x: Tensor, axes?: Axes, keepdim?: boolean) => Tensor;

const errors = (name: string, f: Reduction): ErrorCase[] => [
  {
    name: "axis out of range",
    run: () => f(z([2, 3]), 2),
    message: new RegExp(`^${name}: axis 2 is out of range for 2 dimensions$`),
    type: ShapeError,
  },
  {
    name: "axis given twice",
    run: () => f(z([2, 3]), [0, -2]),
    message: new RegExp(`^${name}: axis 0 appears twice$`),
    type: ShapeError,
  },
];
const onlyFloat = (name: string, f: (x: Tensor) => Tensor): ErrorCase => ({
  name: "dtype",
  run: () => f(z([2], "i32")),
  message: new RegExp(`^${name}: needs f32, x i32\\[2\\]$`),
  type: DTypeError,
});
const nothing = (name: string, f: Reduction): ErrorCase => ({
  name: "no values",
  run: () => f(z([2, 0]), 1),
  message: new RegExp(`^${name}: no values to choose from, x \\[2,0\\]$`),
  type: ShapeError,
});

const average = (row: number[]) => total(row) / row.length;
const logOfSum = (row: number[]) => {
  const top = Math.max(-Number.MAX_VALUE, ...row);
  return top + Math.log(total(row.map((v) => Math.exp(v - top))));
};

function reduction(
  name: string,
  f: Reduction,
  row: (row: number[]) => number,
  more: Partial<OpRecord<Options>>,
): OpRecord<Options> {
  return {
    name,
    samples: (draw) => cases(draw, normal, [...CASES, ...OF_NONE]),
    run: ([x], { axes, keepdim }) => f(x, axes, keepdim),
    reference: ([x], { axes, keepdim = false }) => fold(x, axes, keepdim, row),
    differentiable: true,
    compare: "sums",
    errors: errors(name, f),
    ...more,
  };
}

const INTEGERS: Values = (draw, shape) => draw.integers(shape, -99, 99);
const truths: Values = (draw, shape) => draw.bool(shape);
const extreme = (name: string, f: Reduction, of: (a: number, b: number) => number): OpRecord<Options> =>
  reduction(name, f, (row) => row.reduce((a, b) => of(a, b)), {
    samples: (draw) => [...cases(draw, distinct), ...cases(draw, INTEGERS, CASES.slice(3, 6))],
    errors: [...errors(name, f), nothing(name, f)],
  });

const plain: readonly OpRecord<Options>[] = [
  reduction("sum", sum, total, {
    samples: (draw) => [
      ...cases(draw, normal, [...CASES, ...OF_NONE]),
      ...cases(draw, INTEGERS, CASES.slice(3, 6)),
      ...cases(draw, truths, CASES.slice(2, 4)),
    ],
  }),
  reduction("mean", mean, average, { errors: [...errors("mean", mean), onlyFloat("mean", mean)] }),
  reduction("logsumexp", logsumexp, logOfSum, {
    compare: "largest",
    errors: [...errors("logsumexp", logsumexp), onlyFloat("logsumexp", logsumexp)],
  }),
  extreme("max", max, Math.max),
  extreme("amax", amax, Math.max),
  extreme("min", min, Math.min),
  extreme("amin", amin, Math.min),
  reduction("any", any, (row) => Number(row.some((v) => v !== 0)), {
    samples: (draw) => [
      ...cases(draw, truths, [...CASES, ...OF_NONE]),
      ...cases(draw, normal, CASES.slice(2, 4)),
    ],
    differentiable: false,
  }),
  reduction("all", all, (row) => Number(row.every((v) => v !== 0)), {
    samples: (draw) => [
      ...cases(draw, (d, s) => d.integers(s, 0, 9), [...CASES, ...OF_NONE]),
      ...cases(draw, truths, CASES.slice(2, 4)),
    ],
    differentiable: false,
  }),
];

function spreads(name: "variance" | "std", f: typeof variance): OpRecord<Options & { correction?: number }> {
  return {
    name,
    samples: (draw) =>
      CASES.filter(([shape]) => shape.length > 0 && !shape.includes(1)).flatMap(([shape, o], i) => [
        sample({ ...o, ...(i % 2 ? { correction: 0 } : {}) }, draw.normal(shape)),
      ]),
    run: ([x], o) => f(x, o),
    reference: ([x], { axes, keepdim = false, correction = 1 }) =>
      fold(x, axes, keepdim, (row) => {
        const m = average(row);
        const v = total(row.map((a) => (a - m) ** 2)) / (row.length - correction);
        return name === "std" ? Math.sqrt(v) : v;
      }),
    differentiable: true,
    compare: "largest",
    errors: [onlyFloat(name, f)],
  };
}

interface AxisOptions {
  readonly axis?: number;
  readonly keepdim?: boolean;
}
const AXIS_CASES: readonly (readonly [Shape, AxisOptions])[] = [
  [[1], { axis: 0 }],
  [[5], { axis: 0 }],
  [[7, 13], { axis: 1 }],
  [[7, 13], { axis: 0, keepdim: true }],
  [[3, 5, 4], { axis: -2 }],
  [[2, 1030], { axis: 1 }],
  [[0, 3], { axis: 1 }],
];
const ALL_CASES: readonly (readonly [Shape, AxisOptions])[] = [
  [[], {}],
  [[7, 13], {}],
  [[131, 9], { keepdim: true }],
];

function where(row: readonly number[], sign: number): number {
  return row.reduce((best, v, i) => (sign * v > sign * row[best] ? i : best), 0);
}

function args(name: "argmax" | "argmin", f: typeof argmax, sign: number): OpRecord<AxisOptions> {
  return {
    name,
    samples: (draw) => [...AXIS_CASES, ...ALL_CASES].map(([s, o]) => sample(o, draw.distinct(s))),
    run: ([x], { axis, keepdim }) => f(x, axis, keepdim),
    reference: ([x], { axis, keepdim = false }) => fold(x, axis, keepdim, (row) => where(row, sign)),
    differentiable: false,
    errors: [
      {
        name: "axis",
        run: () => f(z([2]), 1),
        message: new RegExp(`^${name}: axis 1 is out of range`),
        type: ShapeError,
      },
      nothing(name, f as Reduction),
    ],
  };
}

function picks(name: string, f: typeof maxWithIndices, sign: number): OpRecord<AxisOptions> {
  return {
    name,
    samples: (draw) => AXIS_CASES.map(([s, o]) => sample(o, draw.distinct(s))),
    run: ([x], { axis, keepdim }) => {
      const { values, indices } = f(x, axis!, keepdim);
      return [values, indices];
    },
    reference: ([x], { axis, keepdim = false }) => [
      fold(x, axis, keepdim, (row) => row[where(row, sign)]),
      fold(x, axis, keepdim, (row) => where(row, sign)),
    ],
    differentiable: true,
    errors: [
      { name: "axis", run: () => f(z([2]), 1), message: /: axis 1 is out of range/, type: ShapeError },
      {
        name: "no values",
        run: () => f(z([2, 0]), 1),
        message: /no values to choose from/,
        type: ShapeError,
      },
    ],
  };
}

interface To {
  readonly shape: Shape;
}
const WIDENINGS: readonly (readonly [small: Shape, large: Shape])[] = [
  [[], [3, 5]],
  [[5], [3, 5]],
  [
    [3, 1],
    [3, 5],
  ],
  [
    [2, 1, 4],
    [2, 3, 4],
  ],
  [
    [1, 3, 1, 2],
    [4, 3, 5, 2],
  ],
  [[7], [7]],
  [
    [1, 64],
    [33, 64],
  ],
  [[1], [0]],
  [
    [2, 1, 2, 1, 2, 1],
    [2, 3, 2, 3, 2, 3],
  ],
];

const sumInto = (x: Parameters<typeof fold>[0], shape: Shape) => {
  const lead = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter((i) => i < lead || shape[i - lead] === 1);
  return axes.length === 0 ? x : reshaped(fold(x, axes, true, total), shape);
};

const sumToRecord: OpRecord<To> = {
  name: "sumTo",
  samples: (draw) => WIDENINGS.map(([shape, large]) => sample({ shape }, draw.normal(large))),
  run: ([x], { shape }) => sumTo(x, shape),
  reference: ([x], { shape }) => sumInto(x, shape),
  differentiable: true,
  compare: "sums",
  errors: [
    {
      name: "shape",
      run: () => sumTo(z([2, 3]), [2]),
      message: /^sumTo: \[2\] does not broadcast to \[2,3\]$/,
      type: ShapeError,
    },
  ],
};

const broadcastToRecord: OpRecord<To> = {
  name: "broadcastTo",
  samples: (draw) => [
    ...WIDENINGS.map(([small, shape]) => sample({ shape }, draw.normal(small))),
    sample({ shape: [3, 5] }, draw.integers([5], -9, 9)),
    sample({ shape: [3, 2, 5] }, draw.bool([2, 1])),
  ],
  run: ([x], { shape }) => broadcastTo(x, shape),
  reference: ([x], { shape }) =>
    zip((v) => v, x, nd(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)))),
  differentiable: true,
  compare: "exact",
  errors: [
    {
      name: "shape",
      run: () => broadcastTo(z([2]), [2, 3]),
      message: /^broadcastTo: \[2\] does not broadcast to \[2,3\]$/,
      type: ShapeError,
    },
  ],
};

interface Scaled {
  readonly shape: Shape;
  readonly mask: readonly boolean[];
  readonly scale: number;
}

const sumOverRecord: OpRecord<Scaled> = {
  name: "sumOver",
  samples: (draw) => [
    sample({ shape: [3, 1], mask: [false, true], scale: 0.25 }, draw.normal([3, 7])),
    sample({ shape: [], mask: [true], scale: -2 }, draw.normal([67])),
  ],
  run: ([x], { mask, shape, scale }) => sumOver(x, mask, shape, scale),
  reference: ([x], { shape, scale }) => map(sumInto(x, shape), (v) => v * scale),
  differentiable: true,
  compare: "sums",
  errors: [],
};

const spreadRecord: OpRecord<Scaled> = {
  name: "spread",
  samples: (draw) => [
    sample({ shape: [3, 7], mask: [false, true], scale: 0.25 }, draw.normal([3, 1])),
    sample({ shape: [67], mask: [true], scale: -2 }, draw.normal([])),
  ],
  run: ([x], { mask, shape, scale }) => spread(x, mask, shape, scale),
  reference: ([x], { shape, scale }) => {
    const large = nd(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)));
    return zip(
      (v, s) => v * s,
      x,
      zip((_, s) => s, large, scalar(scale)),
    );
  },
  differentiable: true,
  errors: [],
};

export const reduceRecords = [
  ...plain,
  spreads("variance", variance),
  spreads("std", std),
  args("argmax", argmax, 1),
  args("argmin", argmin, -1),
  picks("maxWithIndices", maxWithIndices, 1),
  picks("minWithIndices", minWithIndices, -1),
  sumToRecord,
  broadcastToRecord,
  sumOverRecord,
  spreadRecord,
] as readonly OpRecord[];
