// What the rows of reductions, scans and sorts are made of: values, rows of several lengths, common errors, picked elements.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import type { WithIndices } from "../../kernels/reduce_max.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { type Nd, nd } from "../nd.ts";
import type { ErrorCase, HostTensor } from "../record.ts";
import { z } from "./samples.ts";

export type Values = (draw: Draw, shape: Shape) => HostTensor;

export const normal: Values = (draw, shape) => draw.normal(shape);

export const distinct: Values = (draw, shape) => draw.distinct(shape);

/** Sizes near 1: a product of many neither vanishes nor overflows. */
export const nearOne: Values = (draw, shape) => draw.signed(shape, 0.7, 1.3);

export const withZeros =
  (...places: number[]): Values =>
  (draw, shape) => {
    const x = nearOne(draw, shape);
    return { ...x, data: x.data.map((v, i) => (places.includes(i) ? 0 : v)) };
  };

export const integers: Values = (draw, shape) => draw.integers(shape, -3, 4);

export const truths: Values = (draw, shape) => draw.bool(shape);

export const axisErrors = (name: string, f: (x: Tensor, axis: number) => unknown): ErrorCase[] => [
  {
    name: "axis out of range",
    run: () => f(z([2, 3]), 2),
    message: new RegExp(`^${name}: axis 2 is out of range for 2 dimensions$`),
    type: ShapeError,
  },
];

export const onlyFloat = (name: string, f: (x: Tensor) => unknown): ErrorCase => ({
  name: "dtype",
  run: () => f(z([2], "i32")),
  message: new RegExp(`^${name}: needs f32 or f16, x i32\\[2\\]$`),
  type: DTypeError,
});

export interface Axis {
  readonly axis: number;
  readonly reverse?: boolean;
}

/** Short rows, rows in several chunks, on any axis. */
export const ROWS: readonly (readonly [Shape, number])[] = [
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

/** The values and indices that `pick` takes from each row, as two arrays. */
export function picked(x: Nd, axis: number, pick: (row: number[]) => number[]): Nd[] {
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

export const both = ({ values, indices }: WithIndices) => [values, indices];

export const sortedOrder = (row: number[], descending: boolean) =>
  [...row.keys()].sort((a, b) => (descending ? row[b] - row[a] : row[a] - row[b]) || a - b);
