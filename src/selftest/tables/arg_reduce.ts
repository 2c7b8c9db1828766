// Rows of the places of extremes.
import { ShapeError } from "../../gpu/errors.ts";
import { argmax, argmin } from "../../kernels/arg_reduce.ts";
import { maxWithIndices, minWithIndices } from "../../kernels/reduce_max.ts";
import type { Shape } from "../../tensor/shape.ts";
import { fold } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { nothing, type Reduction } from "./reduce.ts";
import { z } from "./samples.ts";

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

export const argReduceRecords = [
  args("argmax", argmax, 1),
  args("argmin", argmin, -1),
  picks("maxWithIndices", maxWithIndices, 1),
  picks("minWithIndices", minWithIndices, -1),
] as unknown as readonly OpRecord[];
