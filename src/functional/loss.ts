// Losses composed of ops: nll, mse, l1, smoothL1, huber, bce, bceWithLogits. crossEntropy is fused: kernels/cross_entropy.ts.
// reduction "mean" (the default) and "sum" give a scalar, "none" the loss of every element.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { softplus } from "../kernels/activation.ts";
import { add, div, mul, sub } from "../kernels/binary.ts";
import { eq, ge, logicalAnd, lt } from "../kernels/compare.ts";
import { checkClasses } from "../kernels/cross_entropy.ts";
import type { Reduction } from "../kernels/cross_entropy_run.ts";
import { maximum } from "../kernels/extremes.ts";
import { gather, indexSelect } from "../kernels/gather.ts";
import { mean, sum } from "../kernels/reduce.ts";
import { reshape } from "../kernels/reshape.ts";
import { abs, log, square } from "../kernels/unary.ts";
import { where } from "../kernels/where.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export { type CrossEntropyOptions, crossEntropy } from "../kernels/cross_entropy.ts";
export type { Reduction };

export interface LossOptions {
  /** Default "mean". */
  readonly reduction?: Reduction;
}

/** (x - y)^2 (torch.nn.functional.mse_loss). x and y of one shape. */
export function mse(x: Tensor, y: Tensor, { reduction }: LossOptions = {}): Tensor {
  return reduced("mse", square(difference("mse", x, y)), reduction);
}

/** |x - y|, gradient 0 where they are equal (torch.nn.functional.l1_loss). */
export function l1(x: Tensor, y: Tensor, { reduction }: LossOptions = {}): Tensor {
  return reduced("l1", abs(difference("l1", x, y)), reduction);
}

/**
 * d^2 / (2 beta) for d = |x - y| < beta, else d - beta / 2 (torch.nn.functional.smooth_l1_loss). beta = 0 is l1.
 *
 * @throws OptionError for a negative beta
 */
export function smoothL1(
  x: Tensor,
  y: Tensor,
  { beta = 1, reduction }: LossOptions & { beta?: number } = {},
): Tensor {
  if (!(beta >= 0)) throw new OptionError(`smoothL1: beta must not be negative, got ${beta}`);
  if (beta === 0) return l1(x, y, { reduction });
  const d = difference("smoothL1", x, y);
  const size = abs(d);
  // The square of d, not of |d|, which has no curvature at 0.
  return reduced(
    "smoothL1",
    where(lt(size, beta), mul(square(d), 0.5 / beta), sub(size, 0.5 * beta)),
    reduction,
  );
}

/**
 * d^2 / 2 for d = |x - y| < delta, else delta (d - delta / 2) (torch.nn.functional.huber_loss): delta * smoothL1 with beta
 * = delta.
 *
 * @throws OptionError unless delta is positive
 */
export function huber(
  x: Tensor,
  y: Tensor,
  { delta = 1, reduction }: LossOptions & { delta?: number } = {},
): Tensor {
  if (!(delta > 0)) throw new OptionError(`huber: delta must be positive, got ${delta}`);
  const d = difference("huber", x, y);
  const size = abs(d);
  const linear = mul(sub(size, 0.5 * delta), delta);
  return reduced("huber", where(lt(size, delta), mul(square(d), 0.5), linear), reduction);
}

export interface NllOptions extends LossOptions {
  /** [c]: how much each class counts. */
  readonly weight?: Tensor;
  /** Rows with this index count for nothing. Default -100. */
  readonly ignoreIndex?: number;
}

/**
 * -w[t] x[t], x being log-probabilities (torch.nn.functional.nll_loss). "mean" divides by the sum of w[t].
 * An index outside [0, c) that is not ignoreIndex makes the loss NaN.
 *
 * @param x f32 [n, c], [n, c, d1, ...] or [c]
 * @param labels i32 class indices [n], [n, d1, ...] or []
 */
export function nll(x: Tensor, labels: Tensor, options: NllOptions = {}): Tensor {
  const { weight = null, ignoreIndex = -100, reduction = "mean" } = options;
  if (labels.dtype !== "i32")
    throw new DTypeError(`nll: labels must be i32 class indices, got ${labels.dtype}`);
  checkClasses("nll", "log-probabilities", x, labels, weight);
  const axis = x.rank === 1 ? 0 : 1;
  const c = x.shape[axis];
  const ignored = eq(labels, ignoreIndex);
  const index = where(ignored, 0, labels); // [n, ...]
  const atClass = x.shape.map((s, i) => (i === axis ? 1 : s));
  const picked = reshape(gather(x, axis, reshape(index, atClass)), labels.shape);
  const w = weight ? reshape(indexSelect(weight, 0, reshape(index, [index.size])), labels.shape) : null;
  const valid = logicalAnd(ge(index, 0), lt(index, c));
  const counted = where(valid, mul(picked, w ? mul(w, -1) : -1), Number.NaN);
  const losses = where(ignored, 0, counted);
  if (reduction !== "mean") return reduced("nll", losses, reduction);
  return div(sum(losses), sum(where(ignored, 0, w ?? 1)));
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
}

/**
 * -(p y log s(x) + (1 - y) log(1 - s(x))), s the sigmoid, p posWeight (torch.nn.functional.binary_cross_entropy_with_logits).
 * Computed as p y softplus(-x) + (1 - y) softplus(x): no overflow and no cancellation.
 */
export function bceWithLogits(x: Tensor, y: Tensor, options: BceWithLogitsOptions = {}): Tensor {
  sameShapes("bceWithLogits", x, y);
  const { weight, posWeight, reduction } = options;
  const positive = mul(posWeight ? mul(y, posWeight) : y, softplus(mul(x, -1)));
  const losses = add(positive, mul(sub(1, y), softplus(x)));
  return reduced("bceWithLogits", weight ? mul(losses, weight) : losses, reduction);
}

function difference(name: string, x: Tensor, y: Tensor): Tensor {
  sameShapes(name, x, y);
  return sub(x, y);
}

// PyTorch broadcasts here with a warning; [n] against [n, 1] is nearly always a mistake.
function sameShapes(name: string, x: Tensor, y: Tensor): void {
  if (sameShape(x.shape, y.shape)) return;
  throw new ShapeError(
    `${name}: needs two tensors of one shape, x ${formatShape(x.shape)}, y ${formatShape(y.shape)}`,
  );
}

function reduced(name: string, losses: Tensor, reduction: Reduction = "mean"): Tensor {
  if (reduction === "none") return losses;
  if (reduction === "sum") return sum(losses);
  if (reduction === "mean") return mean(losses);
  throw new OptionError(`${name}: reduction must be "mean", "sum" or "none", got ${String(reduction)}`);
}
