// Rows of running folds along an axis.
import { cumprod, cumsum, logcumsumexp } from "../../kernels/cumulative.ts";
import { cummax, cummin } from "../../kernels/cumulative_max.ts";
import { linearScan } from "../../kernels/linear_scan.ts";
import type { WithIndices } from "../../kernels/reduce_max.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { along } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import {
  type Axis,
  axisErrors,
  both,
  distinct,
  integers,
  normal,
  onlyFloat,
  picked,
  ROWS,
  truths,
  type Values,
  withZeros,
} from "./reduce_rows.ts";

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

export const scanRecords = [
  ...cumulatives,
  linearScanRecord,
  runningExtreme("cummax", cummax, (a, b) => a >= b),
  runningExtreme("cummin", cummin, (a, b) => a <= b),
] as unknown as readonly OpRecord[];
