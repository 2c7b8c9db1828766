// Rows of sums, means, extremes, truths and variances. Products and norms: products.ts.
import { ShapeError } from "../../gpu/errors.ts";
import { all, any } from "../../kernels/any_all.ts";
import { logsumexp } from "../../kernels/logsumexp.ts";
import { mean, sum } from "../../kernels/reduce.ts";
import { amax, amin, max, min } from "../../kernels/reduce_max.ts";
import { std, variance } from "../../kernels/variance.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { type Axes, fold, total } from "../nd.ts";
import { type ErrorCase, type OpRecord, type Sample, sample } from "../record.ts";
import { distinct, normal, onlyFloat, truths, type Values } from "./reduce_rows.ts";
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

const cases = (draw: Draw, values: Values, list = CASES): Sample<Options>[] =>
  list.map(([shape, o]) => sample(o, values(draw, shape)));

export type Reduction = (x: Tensor, axes?: Axes, keepdim?: boolean) => Tensor;

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

export const nothing = (name: string, f: Reduction): ErrorCase => ({
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

export const reduceRecords = [
  ...plain,
  spreads("variance", variance),
  spreads("std", std),
] as unknown as readonly OpRecord[];
