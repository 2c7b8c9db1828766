// The common ops as methods of Tensor, for chaining: `x.matmul(w).add(b).relu()`. Importing this file
// attaches them; the entries do. Code under src/ calls the free functions, and this is the only file with a
// side effect.

import { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "./kernels/activation.ts";
import { all, any } from "./kernels/any_all.ts";
import { argmax, argmin } from "./kernels/arg_reduce.ts";
import { movedim, unbind } from "./kernels/arrange.ts";
import { add, div, mul, sub } from "./kernels/binary.ts";
import { cast } from "./kernels/cast.ts";
import { eq, ge, gt, le, lt, ne } from "./kernels/compare.ts";
import { cumprod, cumsum } from "./kernels/cumulative.ts";
import { expand } from "./kernels/expand.ts";
import { type ClampOptions, clamp, maximum, minimum } from "./kernels/extremes.ts";
import { flip } from "./kernels/flip.ts";
import { maskedFill } from "./kernels/masked.ts";
import { matmul } from "./kernels/matmul.ts";
import type { Operand } from "./kernels/operand.ts";
import { permute, transpose } from "./kernels/permute.ts";
import { pow } from "./kernels/power.ts";
import { prod } from "./kernels/product.ts";
import { mean, sum } from "./kernels/reduce.ts";
import { max, min, type WithIndices } from "./kernels/reduce_max.ts";
import { flatten, reshape, squeeze, unsqueeze } from "./kernels/reshape.ts";
import { roll } from "./kernels/roll.ts";
import { narrow, select, slice } from "./kernels/slice.ts";
import { logSoftmax, softmax } from "./kernels/softmax.ts";
import { type SortOptions, sort, type TopkOptions, topk } from "./kernels/sort.ts";
import { tril, triu } from "./kernels/triangle.ts";
import { abs, cos, exp, log, neg, reciprocal, sin, sqrt, square } from "./kernels/unary.ts";
import { std, type VarianceOptions, variance } from "./kernels/variance.ts";
import { type NormOptions, norm } from "./kernels/vector_norm.ts";
import { type BackwardOptions, backward } from "./tensor/autograd.ts";
import type { DType } from "./tensor/dtype.ts";
import type { Shape } from "./tensor/shape.ts";
import { Tensor } from "./tensor/tensor.ts";

type Axes = number | readonly number[];

/** Each method is the op of its name with the tensor as first argument; see there. */
export interface TensorMethods {
  add(b: Operand): Tensor;
  sub(b: Operand): Tensor;
  mul(b: Operand): Tensor;
  div(b: Operand): Tensor;
  pow(b: Operand): Tensor;
  maximum(b: Operand): Tensor;
  minimum(b: Operand): Tensor;
  eq(b: Operand): Tensor;
  ne(b: Operand): Tensor;
  lt(b: Operand): Tensor;
  le(b: Operand): Tensor;
  gt(b: Operand): Tensor;
  ge(b: Operand): Tensor;
  clamp(options: ClampOptions): Tensor;
  neg(): Tensor;
  abs(): Tensor;
  exp(): Tensor;
  log(): Tensor;
  sin(): Tensor;
  cos(): Tensor;
  sqrt(): Tensor;
  square(): Tensor;
  reciprocal(): Tensor;
  relu(): Tensor;
  leakyRelu(options?: { negativeSlope?: number }): Tensor;
  elu(options?: { alpha?: number }): Tensor;
  gelu(options?: { approximate?: "none" | "tanh" }): Tensor;
  silu(): Tensor;
  sigmoid(): Tensor;
  softplus(options?: { beta?: number; threshold?: number }): Tensor;
  tanh(): Tensor;
  softmax(axis?: number): Tensor;
  logSoftmax(axis?: number): Tensor;
  sum(axes?: Axes, keepdim?: boolean): Tensor;
  mean(axes?: Axes, keepdim?: boolean): Tensor;
  max(axes?: Axes, keepdim?: boolean): Tensor;
  min(axes?: Axes, keepdim?: boolean): Tensor;
  any(axes?: Axes, keepdim?: boolean): Tensor;
  all(axes?: Axes, keepdim?: boolean): Tensor;
  argmax(axis?: number, keepdim?: boolean): Tensor;
  argmin(axis?: number, keepdim?: boolean): Tensor;
  variance(options?: VarianceOptions): Tensor;
  std(options?: VarianceOptions): Tensor;
  prod(axes?: Axes, keepdim?: boolean): Tensor;
  norm(options?: NormOptions): Tensor;
  cumsum(axis: number): Tensor;
  cumprod(axis: number): Tensor;
  sort(options?: SortOptions): WithIndices;
  topk(k: number, options?: TopkOptions): WithIndices;
  matmul(b: Tensor): Tensor;
  reshape(shape: Shape): Tensor;
  flatten(start?: number, end?: number): Tensor;
  squeeze(axes?: Axes): Tensor;
  unsqueeze(axis: number): Tensor;
  permute(axes: Shape): Tensor;
  transpose(a: number, b: number): Tensor;
  expand(shape: Shape): Tensor;
  flip(axes: Axes): Tensor;
  slice(axis: number, start?: number | null, end?: number | null, step?: number): Tensor;
  narrow(axis: number, start: number, length: number): Tensor;
  select(axis: number, index: number): Tensor;
  movedim(source: Axes, destination: Axes): Tensor;
  roll(shifts: Axes, axes?: Axes): Tensor;
  unbind(axis?: number): Tensor[];
  tril(diagonal?: number): Tensor;
  triu(diagonal?: number): Tensor;
  maskedFill(mask: Tensor, value: Operand): Tensor;
  cast(dtype: DType): Tensor;
  /** `cast` under PyTorch's name. */
  to(dtype: DType): Tensor;
  /** `cast("f16")`: needs shader-f16. */
  half(): Tensor;
  /** `cast("f32")` */
  float(): Tensor;
  /** The same values without a tape; shares storage. */
  detach(): Tensor;
  /** Adds gradients to the `grad` of every leaf; see the function. */
  backward(dy?: Tensor, options?: BackwardOptions): void;
}

declare module "./tensor/tensor.ts" {
  interface Tensor extends TensorMethods {}
}

/** Methods as functions of the tensor: a missing or ill-typed one does not compile. */
type Functions = {
  [K in keyof TensorMethods]: (
    x: Tensor,
    ...args: Parameters<TensorMethods[K]>
  ) => ReturnType<TensorMethods[K]>;
};

const functions: Functions = {
  ...{ add, sub, mul, div, pow, maximum, minimum, eq, ne, lt, le, gt, ge, clamp },
  ...{ neg, abs, exp, log, sin, cos, sqrt, square, reciprocal },
  ...{ relu, leakyRelu, elu, gelu, silu, sigmoid, softplus, tanh, softmax, logSoftmax },
  ...{ sum, mean, max, min, any, all, argmax, argmin, variance, std },
  ...{ prod, norm, cumsum, cumprod, sort, topk },
  ...{ matmul, cast, backward },
  ...{ reshape, flatten, squeeze, unsqueeze, permute, transpose, expand, flip, slice, narrow, select },
  ...{ movedim, roll, unbind, tril, triu, maskedFill },
  detach: (x) => x.alias(),
  to: cast,
  half: (x) => cast(x, "f16"),
  float: (x) => cast(x, "f32"),
};

for (const [name, fn] of Object.entries(functions) as [string, (...args: unknown[]) => unknown][]) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: unknown[]) {
      return fn(this, ...args);
    },
    configurable: true,
    writable: true,
  });
}
