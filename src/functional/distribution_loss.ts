// Losses of probability distributions, composed of ops: klDiv, poissonNll, gaussianNll. Classes: loss.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { add, div, mul, sub } from "../kernels/binary.ts";
import { eq, gt, lt } from "../kernels/compare.ts";
import { sum } from "../kernels/reduce.ts";
import { reshape } from "../kernels/reshape.ts";
import { exp, log, square } from "../kernels/unary.ts";
import { where } from "../kernels/where.ts";
import { raised as inF32 } from "../tensor/autocast.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, reduced, sameShapes } from "./loss_reduction.ts";

export interface KlDivOptions {
  /** "batchmean" divides the sum by the first axis, which is the definition. Default "mean", as PyTorch. */
  readonly reduction?: LossOptions["reduction"] | "batchmean";
  /** y holds logarithms. Default false. */
  readonly logTarget?: boolean;
}

/**
 * y (log y - x), x being log-probabilities (torch.nn.functional.kl_div); 0 where y is 0. With logTarget: e^y (y - x).
 *
 * @throws ShapeError unless x and y have one shape; OptionError for another reduction
 */
export function klDiv(
  x: Tensor,
  y: Tensor,
  { reduction = "mean", logTarget = false }: KlDivOptions = {},
): Tensor {
  [x, y] = [inF32(x), inF32(y)];
  sameShapes("klDiv", x, y);
  const losses = logTarget ? mul(exp(y), sub(y, x)) : relativeEntropy(x, y);
  if (reduction !== "batchmean") return reduced("klDiv", losses, reduction);
  return mul(sum(losses), 1 / (x.shape[0] ?? 1));
}

function relativeEntropy(x: Tensor, y: Tensor): Tensor {
  const none = eq(y, 0);
  const p = where(none, 1, y);
  return where(none, 0, mul(p, sub(log(p), x)));
}

export interface PoissonNllOptions extends LossOptions {
  /** x is the logarithm of the rate. Default true. */
  readonly logInput?: boolean;
  /** Adds Stirling's approximation of log y! where y > 1. Default false. */
  readonly full?: boolean;
  /** Added to the rate before its logarithm, without logInput. Default 1e-8. */
  readonly eps?: number;
}

/**
 * e^x - y x, or without logInput x - y log(x + eps): minus the log-likelihood of counts y (torch.nn.functional.poisson_nll_loss).
 *
 * @throws ShapeError unless x and y have one shape
 */
export function poissonNll(x: Tensor, y: Tensor, options: PoissonNllOptions = {}): Tensor {
  [x, y] = [inF32(x), inF32(y)];
  sameShapes("poissonNll", x, y);
  const { logInput = true, full = false, eps = 1e-8, reduction } = options;
  const losses = logInput ? sub(exp(x), mul(y, x)) : sub(x, mul(y, log(add(x, eps))));
  return reduced("poissonNll", full ? add(losses, stirling(y)) : losses, reduction);
}

/** y log y - y + log(2 pi y) / 2, but 0 up to y = 1. */
function stirling(y: Tensor): Tensor {
  const large = gt(y, 1);
  const n = where(large, y, 2); // no logarithm of 0, in the gradient either
  const terms = add(sub(mul(n, log(n)), n), mul(log(mul(n, 2 * Math.PI)), 0.5));
  return where(large, terms, 0);
}

export interface GaussianNllOptions extends LossOptions {
  /** Adds log(2 pi) / 2. Default false. */
  readonly full?: boolean;
  /** The least variance; below it the gradient passes as if it were not raised. Default 1e-6. */
  readonly eps?: number;
}

/**
 * (log v + (x - y)^2 / v) / 2, v = max(variance, eps) (torch.nn.functional.gaussian_nll_loss).
 *
 * @param variance x's shape, or without its last axis or with 1 there
 * @throws ShapeError for other shapes; OptionError unless eps is positive
 */
export function gaussianNll(
  x: Tensor,
  y: Tensor,
  variance: Tensor,
  { full = false, eps = 1e-6, reduction }: GaussianNllOptions = {},
): Tensor {
  [x, y, variance] = [inF32(x), inF32(y), inF32(variance)];
  sameShapes("gaussianNll", x, y);
  if (!(eps > 0)) throw new OptionError(`gaussianNll: eps must be positive, got ${eps}`);
  const v = raised(wide(variance, x), eps);
  const losses = mul(add(log(v), div(square(sub(x, y)), v)), 0.5);
  return reduced("gaussianNll", full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses, reduction);
}

function wide(variance: Tensor, x: Tensor): Tensor {
  if (sameShape(variance.shape, x.shape)) return variance;
  const one = [...x.shape.slice(0, -1), 1];
  if (sameShape(variance.shape, one) || sameShape(variance.shape, one.slice(0, -1)))
    return reshape(variance, one);
  throw new ShapeError(
    `gaussianNll: variance must have x's shape, or without its last axis, x ${formatShape(x.shape)}, variance ${formatShape(variance.shape)}`,
  );
}

/** max(v, eps), but with gradient 1 everywhere, as PyTorch's: v - v's value is 0. */
function raised(v: Tensor, eps: number): Tensor {
  const values = v.alias(v.shape);
  return where(lt(values, eps), add(sub(v, values), eps), v);
}
