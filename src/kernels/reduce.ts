// Sum and mean over any axes, and sumTo, the inverse of broadcasting. Extremes: extreme.ts; variance: variance.ts;
// argmax: arg_reduce.ts. f32 sums add chains of bounded length as a tree: |error| <= 2e-6 * sum |x|.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { spread } from "./broadcast.ts";
import { type Fold, fitted, SUM } from "./reduce_fold.ts";
import { type Axes, type AxisMask, folding } from "./reduce_layout.ts";
import { fold } from "./reduce_run.ts";

const INTEGER_SUM: Fold = { ...SUM, dtype: "i32", out: "i32", pre: "return A(v);", post: "return v;" };
const UNSIGNED_SUM: Fold = { ...INTEGER_SUM, dtype: "u32", out: "u32" };

const SUMS = { f32: SUM, f16: SUM, i32: INTEGER_SUM, bool: INTEGER_SUM, u32: UNSIGNED_SUM } as const;

/**
 * Sum over `axes` (torch.sum); over all if left out or empty. The sum of no elements is 0.
 *
 * @param x f32; i32 and bool give i32 (wrapping), u32 gives u32; no gradient for these
 * @param keepdim keep the summed axes at size 1
 * @throws ShapeError for an axis out of range or given twice
 */
export function sum(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  x = raised(x);
  const f = folding("sum", x.shape, axes, keepdim);
  return sumOver(x, f.mask, f.shape, 1);
}

/**
 * Mean over `axes` (torch.mean); over all if left out or empty. The mean of no elements is NaN.
 *
 * @throws DTypeError for integers and bool: cast first
 */
export function mean(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  if (!isFloat(x.dtype)) throw new DTypeError(`mean: needs f32 or f16, x ${x.dtype}${formatShape(x.shape)}`);
  const f = folding("mean", x.shape, axes, keepdim);
  return sumOver(x, f.mask, f.shape, 1 / f.count, "mean");
}

/**
 * Sums over the axes along which `shape` was broadcast to x's shape; `x` itself if there are none. What the gradient of a
 * broadcast input needs (Tensor.sum_to_size).
 *
 * @throws ShapeError if `shape` does not broadcast to x's
 */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return sumOver(x, repeated("sumTo", shape, x.shape), shape, 1, "sumTo");
}

/** y = scale * sum over the axes of `mask`, under `shape`. Its gradient is `spread`, and the other way round. */
export function sumOver(x: Tensor, mask: AxisMask, shape: Shape, scale: number, name = "sum"): Tensor {
  const [y] = op(name, [x], () => ({
    outputs: [fold(x, mask, shape, { ...fitted(SUMS[x.dtype], x), name, scale, ofNone: 0 * scale })],
    pullback: ([dy]) => [dy && spread(dy, mask, x.shape, scale)],
  }));
  return y;
}

/** The axes of `to` along which `from` is repeated; throws if it does not broadcast to `to`. */
export function repeated(name: string, from: Shape, to: Shape): boolean[] {
  const lead = to.length - from.length;
  const fits = lead >= 0 && from.every((s, i) => s === 1 || s === to[lead + i]);
  if (!fits) throw new ShapeError(`${name}: ${formatShape(from)} does not broadcast to ${formatShape(to)}`);
  return to.map((s, i) => i < lead || (from[i - lead] === 1 && s !== 1));
}
