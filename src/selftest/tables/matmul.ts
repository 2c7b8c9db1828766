// Rows of the matrix products.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import { linear } from "../../kernels/linear.ts";
import { type BatchedMatmulOptions, batchedMatmul, matmul } from "../../kernels/matmul.ts";
import type { Shape } from "../../tensor/shape.ts";
import { type Nd, zip } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { matmulReference, swapLastTwo } from "../reference/matmul_reference.ts";
import { z } from "./samples.ts";

const SHAPES: readonly (readonly [Shape, Shape])[] = [
  [[5], [5]],
  [
    [3, 4],
    [4, 2],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [[3, 4], [4]],
  [[4], [4, 3]],
  [
    [2, 3, 4],
    [4, 5],
  ],
  [
    [2, 1, 3, 4],
    [5, 4, 2],
  ],
  [
    [3, 0],
    [0, 2],
  ],
  [
    [0, 4],
    [4, 2],
  ],
  [
    [33, 17],
    [17, 9],
  ],
  [
    [65, 33],
    [33, 70],
  ],
  [
    [3, 7, 300],
    [3, 300, 5],
  ],
  [
    [1, 129],
    [129, 131],
  ],
];

const matmulRecord: OpRecord<undefined> = {
  name: "matmul",
  samples: (draw) => [
    ...SHAPES.map(([a, b]) => sample(undefined, draw.normal(a), draw.normal(b))),
    sample(undefined, draw.integers([3, 5], -9, 9), draw.integers([5, 4], -9, 9)),
  ],
  run: ([a, b]) => matmul(a, b),
  reference: ([a, b]) => matmulReference(a, b),
  differentiable: true,
  compare: "sums",
  errors: [
    {
      name: "inner sizes",
      run: () => matmul(z([2, 3]), z([4, 5])),
      message: /^matmul: the last axis of a must match the last but one of b, a \[2,3\], b \[4,5\]$/,
      type: ShapeError,
    },
    {
      name: "scalar",
      run: () => matmul(z([]), z([2])),
      message: /^matmul: needs at least one axis each, a \[\], b \[2\]$/,
      type: ShapeError,
    },
    {
      name: "dtypes",
      run: () => matmul(z([2, 2]), z([2, 2], "i32")),
      message: /^matmul: needs two f32 or two i32, a f32\[2,2\], b i32\[2,2\]$/,
      type: DTypeError,
    },
    {
      name: "batches",
      run: () => matmul(z([2, 3, 4]), z([3, 4, 5])),
      message: /^matmul: .*\[2\].*\[3\]/,
      type: ShapeError,
    },
  ],
};

const batchedRecord: OpRecord<BatchedMatmulOptions> = {
  name: "batchedMatmul",
  samples: (draw) => [
    sample({ transA: true }, draw.normal([4, 3]), draw.normal([4, 2])),
    sample({ transB: true }, draw.normal([3, 4]), draw.normal([2, 4])),
    sample({ transA: true, transB: true }, draw.normal([2, 4, 3]), draw.normal([2, 5, 4])),
    sample({ transA: true }, draw.normal([33, 17]), draw.normal([33, 66])),
    sample({ transB: true }, draw.normal([2, 33, 20]), draw.normal([37, 20])),
  ],
  run: ([a, b], o) => batchedMatmul(a, b, o),
  reference: ([a, b], { transA, transB }) =>
    matmulReference(transA ? swapLastTwo(a) : a, transB ? swapLastTwo(b) : b),
  differentiable: true,
  compare: "sums",
  errors: [
    {
      name: "inner sizes",
      run: () => batchedMatmul(z([2, 3]), z([2, 5]), { transB: true }),
      message: /^matmul: inner sizes must match, got 3 and 5, a \[2,3\], b \[2,5\]$/,
      type: ShapeError,
    },
  ],
};

const linearRecord: OpRecord<undefined> = {
  name: "linear",
  samples: (draw) => [
    sample(undefined, draw.normal([3, 4]), draw.normal([5, 4]), draw.normal([5])),
    sample(undefined, draw.normal([3, 4]), draw.normal([5, 4])),
    sample(undefined, draw.normal([4]), draw.normal([3, 4]), draw.normal([3])),
    sample(undefined, draw.normal([2, 3, 4]), draw.normal([1, 4]), draw.normal([1])),
    sample(undefined, draw.normal([0, 4]), draw.normal([3, 4]), draw.normal([3])),
    sample(undefined, draw.normal([67, 130]), draw.normal([33, 130]), draw.normal([33])),
  ],
  run: ([x, weight, bias]) => linear(x, weight, bias ?? null),
  reference: ([x, weight, bias]) => {
    const y: Nd = matmulReference(x, swapLastTwo(weight));
    return bias ? zip((a, b) => a + b, y, bias) : y;
  },
  differentiable: true,
  compare: "sums",
  errors: [
    {
      name: "x",
      run: () => linear(z([2, 3]), z([4, 5])),
      message: /^linear: the last axis of x must be weight.shape\[1\], x \[2,3\], weight \[4,5\]$/,
      type: ShapeError,
    },
    {
      name: "bias",
      run: () => linear(z([2, 3]), z([4, 3]), z([3])),
      message: /^linear: bias must be \[out\], .* bias \[3\]$/,
      type: ShapeError,
    },
    {
      name: "dtype",
      run: () => linear(z([2, 3], "i32"), z([4, 3])),
      message: /^linear: x must be f32 or f16, is i32$/,
      type: DTypeError,
    },
  ],
};

export const matmulRecords = [matmulRecord, batchedRecord, linearRecord] as readonly OpRecord[];
