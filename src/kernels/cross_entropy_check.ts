// What cross-entropy and nll ask of their arguments.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { reportIndices } from "./index_check.ts";

/**
 * Throws unless labels are indices for the rows of x, or probabilities of x's shape, and weight has a value a class. Indices
 * that are neither classes nor `ignoreIndex` are reported in debug mode.
 */
export function checkClasses(
  name: string,
  what: string,
  x: Tensor,
  labels: Tensor,
  weight: Tensor | null,
  ignoreIndex: number,
): void {
  const axis = x.rank === 1 ? 0 : 1;
  const c = x.shape[axis];
  if (x.rank === 0 || c === 0) {
    throw new ShapeError(
      `${name}: ${what} need a class axis, [c] or [n, c, ...], ${what} ${formatShape(x.shape)}`,
    );
  }
  const wanted = labels.dtype === "i32" ? x.shape.filter((_, i) => i !== axis) : x.shape;
  if (labels.dtype !== "i32" && !isFloat(labels.dtype)) {
    throw new DTypeError(
      `${name}: labels must be i32 class indices or f32 class probabilities, got ${labels.dtype}`,
    );
  }
  if (!sameShape(labels.shape, wanted)) {
    throw new ShapeError(
      `${name}: ${labels.dtype} labels must have shape ${formatShape(wanted)}, ${what} ${formatShape(x.shape)}, labels ${formatShape(labels.shape)}`,
    );
  }
  if (weight && !isFloat(weight.dtype))
    throw new DTypeError(`${name}: weight must be f32 or f16, got ${weight.dtype}`);
  if (weight && !sameShape(weight.shape, [c])) {
    throw new ShapeError(
      `${name}: weight must have shape [${c}], ${what} ${formatShape(x.shape)}, weight ${formatShape(weight.shape)}`,
    );
  }
  if (labels.dtype === "i32") reportIndices(name, labels, c, ignoreIndex);
}
