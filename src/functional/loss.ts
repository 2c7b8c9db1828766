// All losses: crossEntropy (fused: kernels/cross_entropy.ts), those of a difference (regression_loss.ts) and, composed here,
// nll, bce, bceWithLogits. reduction "mean" (the default) and "sum" give a scalar, "none" the loss of every element.

import { DTypeError } from "../gpu/errors.ts";
import { softplus } from "../kernels/activation.ts";
import { add, div, mul, sub } from "../kernels/binary.ts";
import { eq, ge, logicalAnd, lt } from "../kernels/compare.ts";
import { checkClasses } from "../kernels/cross_entropy_check.ts";
import { maximum } from "../kernels/extremes.ts";
import { isnan } from "../kernels/finite.ts";
import { gatherOrZero, indexSelectOrZero } from "../kernels/gather.ts";
import { sum } from "../kernels/reduce.ts";
import { reshape } from "../kernels/reshape.ts";
import { log } from "../kernels/unary.ts";
import { where } from "../kernels/where.ts";
import { raised } from "../tensor/autocast.ts";
import { floatOf } from "../tensor/dtype.ts";
import { castFloat } from "../tensor/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, reduced, sameShapes } from "./loss_reduction.ts";

export { type CrossEntropyOptions, crossEntropy } from "../kernels/cross_entropy.ts";
export type { Reduction } from "../kernels/cross_entropy_run.ts";
export type { LossOptions } from "./loss_reduction.ts";
export { huber, l1, mse, smoothL1 } from "./regression_loss.ts";

export interface NllOptions extends LossOptions {
  /** [c]: how much each class counts. */
  readonly weight?: Tensor;
  /** Rows with this index count for nothing. Default -100. */
  readonly ignoreIndex?: number;
}

/**
 * -w[t] x[t], x being log-probabilities (torch.nn.functional.nll_loss). "mean" divides by the sum of w[t].
 * An index outside [0, c) that is not ignoreIndex makes the loss NaN, and in debug mode is thrown as an IndexError at the
 * next await.
 *
 * @param x f32 [n, c], [n, c, d1, ...] or [c]
 * @param labels i32 class indices [n], [n, d1, ...] or []
 */
export function nll(x: Tensor, labels: Tensor, options: NllOptions = {}): Tensor {
  x = raised(x);
  const { weight = null, ignoreIndex = -100, reduction = "mean" } = options;
  if (labels.dtype !== "i32")
    throw new DTypeError(`nll: labels must be i32 class indices, got ${labels.dtype}`);
  checkClasses("nll", "log-probabilities", x, labels, weight, ignoreIndex);
  const axis = x.rank === 1 ? 0 : 1;
  const c = x.shape[axis];
  const ignored = eq(labels, ignoreIndex);
  const index = where(ignored, 0, labels); // [n, ...]
  const atClass = x.shape.map((s, i) => (i === axis ? 1 : s));
  const picked = reshape(gatherOrZero(x, axis, reshape(index, atClass)), labels.shape);
  const w = weight ? reshape(indexSelectOrZero(weight, 0, reshape(index, [index.size])), labels.shape) : null;
  const valid = logicalAnd(ge(index, 0), lt(index, c));
  const counted = where(valid, mul(picked, w ? mul(w, -1) : -1), Number.NaN);
  const losses = where(ignored, 0, counted);
  if (reduction !== "mean") return reduced("nll", losses, reduction);
  return castFloat(div(sum(losses), sum(where(ignored, 0, w ?? 1))), floatOf(x.dtype));
}

/**
 * -(y log x + (1 - y) log(1 - x)) of probabilities x, times weight (torch.nn.functional.binary_cross_entropy). Logarithms
 * are at least -100. Prefer bceWithLogits: where x has rounded to 0 or 1 no gradient is left here (PyTorch: about 1e12).
 *
 * @param weight broadcast to the shape of x
 */
export function bce(
  x: Tensor,
  y: Tensor,
  { weight, reduction }: LossOptions & { weight?: Tensor } = {},
): Tensor {
  [x, y] = [raised(x), raised(y)];
  sameShapes("bce", x, y);
  const losses = add(mul(y, cappedLog(x)), mul(sub(1, y), cappedLog(sub(1, x))));
  return reduced("bce", mul(losses, weight ? mul(weight, -1) : -1), reduction);
}

/** max(log p, -100), which f32 only reaches at p = 0; there the gradient is 0 and not NaN. */
function cappedLog(p: Tensor): Tensor {
  const none = eq(p, 0);
  return where(none, -100, maximum(log(where(none, 1, p)), -100));
}

export interface BceWithLogitsOptions extends LossOptions {
  /** Times the loss; broadcast to the shape of x. */
  readonly weight?: Tensor;
  /** Times the part of the positive examples; broadcast to the shape of x. */
  readonly posWeight?: Tensor;
  /** Targets that are NaN are unknown: they count for nothing, and "mean" divides by the number of the others. Default false. */
  readonly maskNaN?: boolean;
}

/**
 * -(p y log s(x) + (1 - y) log(1 - s(x))), s the sigmoid, p posWeight (torch.nn.functional.binary_cross_entropy_with_logits).
 * Computed as p y softplus(-x) + (1 - y) softplus(x): no overflow and no cancellation.
 */
export function bceWithLogits(x: Tensor, y: Tensor, options: BceWithLogitsOptions = {}): Tensor {
  [x, y] = [raised(x), raised(y)];
  sameShapes("bceWithLogits", x, y);
  const { weight, posWeight, reduction } = options;
  if (options.maskNaN) return knownOnly(x, y, options);
  const positive = mul(posWeight ? mul(y, posWeight) : y, softplus(mul(x, -1)));
  const losses = add(positive, mul(sub(1, y), softplus(x)));
  return reduced("bceWithLogits", weight ? mul(losses, weight) : losses, reduction);
}

/** The loss with an unknown target replaced by 0, and left out. */
function knownOnly(x: Tensor, y: Tensor, { reduction, ...options }: BceWithLogitsOptions): Tensor {
  const unknown = isnan(y);
  const all = bceWithLogits(x, where(unknown, 0, y), { ...options, maskNaN: false, reduction: "none" });
  const losses = where(unknown, 0, all);
  if (reduction && reduction !== "mean") return reduced("bceWithLogits", losses, reduction);
  return castFloat(div(sum(losses), sum(where(unknown, 0, 1))), floatOf(x.dtype));
}
