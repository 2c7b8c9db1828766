// Shapes that find the usual mistakes: scalars, size 1, zero sizes, odd sizes (not multiples of 4, 8, 64), several blocks.

import { zeros } from "../../tensor/create.ts";
import type { DType } from "../../tensor/dtype.ts";
import { numel, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export const SHAPES: readonly Shape[] = [
  [],
  [1],
  [5],
  [0],
  [3, 0, 2],
  [2, 3, 5],
  [7, 1, 13],
  [3, 8, 64],
  [131, 9],
];

/** Pairs that broadcast. */
export const PAIRS: readonly (readonly [Shape, Shape])[] = [
  [[13], [13]],
  [[], []],
  [[3, 5], []],
  [
    [1, 1],
    [3, 4],
  ],
  [[5, 8], [8]],
  [[5, 7], [7]],
  [
    [5, 7],
    [5, 1],
  ],
  [
    [2, 3, 2, 2],
    [3, 1, 1],
  ],
  [
    [4, 1],
    [1, 7],
  ],
  [
    [2, 1, 3, 1, 4],
    [5, 1, 2, 1],
  ],
  [[3, 0], [1]],
  [[0, 4], [4]],
  [[67, 33], [33]],
];

/** A tensor of zeros, for error cases. */
export const z = (shape: Shape, dtype: DType = "f32"): Tensor => zeros(shape, { dtype });

export const size = numel;
