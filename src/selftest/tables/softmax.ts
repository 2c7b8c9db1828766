// Rows of softmax, log-softmax and their gradients, which are ops of their own.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "../../kernels/softmax.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { along, fold, type Nd, reshaped, total, zip } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

interface Axis {
  readonly axis: number;
}

const CASES: readonly (readonly [Shape, number])[] = [
  [[], -1],
  [[1], 0],
  [[5], -1],
  [[7, 13], 1],
  [[7, 13], 0],
  [[2, 3, 5], 1],
  [[3, 1, 4], 1],
  [[3, 0], 1],
  [[0, 3], 1],
  [[3, 300], -1],
  [[2, 1030], 1],
  [[65, 8], 0],
];

const shares = (row: readonly number[]) => {
  const top = Math.max(...row);
  const e = row.map((v) => Math.exp(v - top));
  const s = total(e);
  return e.map((v) => v / s);
};
const logShares = (row: readonly number[]) => {
  const top = Math.max(...row);
  const s = top + Math.log(total(row.map((v) => Math.exp(v - top))));
  return row.map((v) => v - s);
};

function forward(
  name: string,
  f: (x: Tensor, axis?: number) => Tensor,
  row: (row: readonly number[]) => number[],
): OpRecord<Axis> {
  return {
    name,
    samples: (draw) => CASES.map(([shape, axis]) => sample({ axis }, draw.normal(shape, 2))),
    run: ([x], { axis }) => f(x, axis),
    reference: ([x], { axis }) => along(x, axis, row),
    differentiable: true,
    compare: "largest",
    errors: [
      {
        name: "dtype",
        run: () => f(z([2], "i32")),
        message: new RegExp(`^${name}: needs f32 or f16, x i32\\[2\\]$`),
        type: DTypeError,
      },
      {
        name: "axis",
        run: () => f(z([2, 3]), 2),
        message: new RegExp(`^${name}: axis 2 is out of range for 2 dimensions$`),
        type: ShapeError,
      },
    ],
  };
}

/** Sum along an axis, which keeps size 1. */
const sums = (x: Nd, axis: number): Nd =>
  x.shape.length === 0 ? reshaped(x, []) : fold(x, axis, true, total);

function gradient(
  name: string,
  f: (y: Tensor, dy: Tensor, axis: number) => Tensor,
  reference: (y: Nd, dy: Nd, axis: number) => Nd,
): OpRecord<Axis> {
  return {
    name,
    // Any y will do: the formula is an op of two tensors.
    samples: (draw) =>
      CASES.slice(1).map(([shape, axis]) => {
        const a = axis < 0 ? axis + shape.length : axis;
        return sample({ axis: a }, draw.uniform(shape, -1, 1), draw.normal(shape));
      }),
    run: ([y, dy], { axis }) => f(y, dy, axis),
    reference: ([y, dy], { axis }) => reference(y, dy, axis),
    differentiable: true,
    compare: "largest",
    errors: [],
  };
}

export const softmaxRecords = [
  forward("softmax", softmax, shares),
  forward("logSoftmax", logSoftmax, logShares),
  gradient("softmaxBackward", softmaxBackward, (y, dy, axis) => {
    const s = sums(
      zip((a, b) => a * b, y, dy),
      axis,
    );
    return zip((y, dy, s) => y * (dy - s), y, dy, s);
  }),
  gradient("logSoftmaxBackward", logSoftmaxBackward, (y, dy, axis) =>
    zip((y, dy, s) => dy - Math.exp(y) * s, y, dy, sums(dy, axis)),
  ),
] as readonly OpRecord[];
