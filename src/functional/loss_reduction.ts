// What the losses share: their common option and what becomes of the losses of the elements.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import type { Reduction } from "../kernels/cross_entropy_run.ts";
import { mean, sum } from "../kernels/reduce.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface LossOptions {
  /** Default "mean". */
  readonly reduction?: Reduction;
}

// PyTorch broadcasts here with a warning; [n] against [n, 1] is nearly always a mistake.
export function sameShapes(name: string, x: Tensor, y: Tensor): void {
  needsFloat(name, x);
  if (sameShape(x.shape, y.shape)) return;
  throw new ShapeError(
    `${name}: needs two tensors of one shape, x ${formatShape(x.shape)}, y ${formatShape(y.shape)}`,
  );
}

export function needsFloat(name: string, x: Tensor): void {
  if (!isFloat(x.dtype))
    throw new DTypeError(`${name}: needs f32 or f16, x ${x.dtype}${formatShape(x.shape)}`);
}

export function reduced(name: string, losses: Tensor, reduction: Reduction = "mean"): Tensor {
  if (reduction === "none") return losses;
  if (reduction === "sum") return sum(losses);
  if (reduction === "mean") return mean(losses);
  throw new OptionError(`${name}: reduction must be "mean", "sum" or "none", got ${String(reduction)}`);
}
