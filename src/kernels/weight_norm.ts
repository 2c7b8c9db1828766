// A weight from its length and its direction: w = g v / |v|, the norm over all axes but one. Composed of ops. The layer that is
// trained so: layers/weight_norm.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./binary.ts";
import { sum } from "./reduce.ts";
import { sqrt, square } from "./unary.ts";

/**
 * Weight normalisation (torch._weight_norm; Salimans & Kingma 2016).
 *
 * Shapes: v any; g 1 in every axis but `axis`; g [] for axis null -> w as v.
 *
 * @param axis that keeps a length of its own, default 0; null: one length for all
 * @throws ShapeError for another g; OptionError for an axis that v does not have; DTypeError unless both are f32
 */
export function weightNorm(v: Tensor, g: Tensor, axis: number | null = 0): Tensor {
  const shape = lengthShape("weightNorm", v, axis);
  for (const [key, t] of Object.entries({ v, g }))
    if (!isFloat(t.dtype)) throw new DTypeError(`weightNorm: takes f32 tensors, ${key} is ${t.dtype}`);
  if (!sameShape(g.shape, shape))
    throw new ShapeError(
      `weightNorm: g must be ${formatShape(shape)}, g ${formatShape(g.shape)}, v ${formatShape(v.shape)}`,
    );
  return mul(v, div(g, lengthsOf(v, axis)));
}

/** |v| over all axes but `axis`, which stays beside axes of 1; [] for null. */
export function lengthsOf(v: Tensor, axis: number | null): Tensor {
  const kept = axis === null ? -1 : (axis + v.rank) % v.rank;
  const others = v.shape.flatMap((_, i) => (i === kept ? [] : [i]));
  const squares = others.length === 0 ? square(v) : sum(square(v), others, axis !== null);
  return sqrt(squares);
}

/** The shape of `lengthsOf`. */
export function lengthShape(name: string, v: Tensor, axis: number | null): number[] {
  if (axis === null) return [];
  if (!Number.isInteger(axis) || axis < -v.rank || axis >= v.rank)
    throw new OptionError(`${name}: axis must be null or one of v's, got ${axis}, v ${formatShape(v.shape)}`);
  return v.shape.map((s, i) => (i === (axis + v.rank) % v.rank ? s : 1));
}
