// Rows of products, counts and norms over axes.
import { OptionError } from "../../gpu/errors.ts";
import { prod } from "../../kernels/product.ts";
import { countNonzero, type NormOptions, norm } from "../../kernels/vector_norm.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Axes, fold, total } from "../nd.ts";
import { fixed, type OpRecord, sample } from "../record.ts";
import { axisErrors, integers, nearOne, onlyFloat, truths, type Values, withZeros } from "./reduce_rows.ts";
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

type Reduce = (x: Tensor, axes?: Axes, keepdim?: boolean) => Tensor;

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

export const productRecords = [...reductions, normRecord] as unknown as readonly OpRecord[];
