// Order statistics: median and quantile, by sorting.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { argmax } from "./arg_reduce.ts";
import { div, mul } from "./binary.ts";
import { lerp } from "./blend.ts";
import { cast } from "./cast.ts";
import { eq, logicalOr } from "./compare.ts";
import { stack } from "./concat.ts";
import { isnan } from "./finite.ts";
import { gather } from "./gather.ts";
import { describe } from "./operand.ts";
import { sum } from "./reduce.ts";
import type { WithIndices } from "./reduce_max.ts";
import { reshape, shaped } from "./reshape.ts";
import { narrow } from "./slice.ts";
import { order, sort } from "./sort.ts";
import { where } from "./where.ts";

/**
 * The lower of the middle values of all elements; NaN if there is one (torch.median). Equal ones share the gradient evenly.
 *
 * @throws ShapeError if there are no values to choose from
 */
export function median(x: Tensor): Tensor {
  const [y] = op("median", [x], () => {
    const y = reshape(medianWithIndices(reshape(x, [x.size]), 0).values, []);
    return {
      outputs: [y],
      pullback: ([dy]) => {
        if (!dy) return [null];
        const mask = cast(logicalOr(eq(x, y), isnan(x)), "f32"); // x.shape; with a NaN all else is unequal
        return [mul(mask, div(dy, sum(mask)))];
      },
    };
  });
  return y;
}

/**
 * The lower of the middle values along an axis and where it stands, of equals the first in sorted order; NaN, at the first
 * one, if there is any (torch.median with dim). The gradient goes to that element alone.
 *
 * @throws ShapeError if there are no values to choose from
 */
export function medianWithIndices(x: Tensor, axis: number, keepdim = false): WithIndices {
  const at = normalizeAxis("median", axis, x.rank);
  const n = x.shape[at] ?? 1;
  if (n === 0) throw new ShapeError(`median: no values to choose from, x ${formatShape(x.shape)}`);
  const row = x.rank === 0 ? shaped("median", x, [1]) : x;
  const sorted = order("median", row, at, false);
  const middle = narrow(sorted, at, (n - 1) >> 1, 1);
  // NaN sorts last.
  const poisoned = isnan(gather(row, at, narrow(sorted, at, n - 1, 1)));
  const indices = isFloat(x.dtype) ? where(poisoned, argmax(row, at, true), middle) : middle;
  const values = gather(row, at, indices);
  const kept = x.rank === 0 ? [] : values.shape;
  const shape = keepdim ? kept : kept.filter((_, i) => i !== at);
  return { values: shaped("median", values, shape), indices: shaped("median", indices, shape) };
}

export interface QuantileOptions {
  /** Default: of all elements. */
  readonly axis?: number;
  readonly keepdim?: boolean;
}

/**
 * The value below which a share q of the elements lies: element q (n - 1) in order, between two of them their linear
 * interpolation (torch.quantile). NaN if there is one. Several q give a first axis over them.
 *
 * @throws OptionError for q outside [0, 1]; DTypeError unless x is f32; ShapeError if there are no values
 */
export function quantile(x: Tensor, q: number | readonly number[], options: QuantileOptions = {}): Tensor {
  const { axis, keepdim = false } = options;
  if (!isFloat(x.dtype)) throw new DTypeError(`quantile: needs f32 or f16, x ${describe(x)}`);
  const list = typeof q === "number" ? [q] : q;
  const bad = list.find((v) => !(v >= 0 && v <= 1));
  if (bad !== undefined || list.length === 0)
    throw new OptionError(`quantile: q must lie in [0, 1], got ${bad ?? "none"}`);
  const at = axis === undefined ? 0 : normalizeAxis("quantile", axis, x.rank);
  const row = axis === undefined || x.rank === 0 ? reshape(x, [x.size]) : x;
  const n = row.shape[at];
  if (n === 0) throw new ShapeError(`quantile: no values to choose from, x ${formatShape(x.shape)}`);
  const { values } = sort(row, { axis: at });
  const poisoned = isnan(narrow(values, at, n - 1, 1)); // NaN sorts last
  const ones = x.shape.map((s, i) => (axis === undefined || i === at ? 1 : s));
  const shape = keepdim ? ones : axis === undefined ? [] : ones.filter((_, i) => i !== at);
  const results = list.map((v) => {
    const low = Math.floor(v * (n - 1));
    const [a, b] = [low, Math.min(low + 1, n - 1)].map((k) => narrow(values, at, k, 1));
    const y = where(poisoned, Number.NaN, lerp(a, b, v * (n - 1) - low));
    return shaped("quantile", y, shape);
  });
  return typeof q === "number" ? results[0] : stack(results, 0);
}
