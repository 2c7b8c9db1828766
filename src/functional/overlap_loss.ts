// Losses of regions: dice, generalizedDice, tversky of masks, and focal losses, which weigh down what is easy. Boxes:
// box_loss.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { sigmoid, softplus } from "../kernels/activation.ts";
import { add, div, mul, sub } from "../kernels/binary.ts";
import { maximum } from "../kernels/extremes.ts";
import { pow } from "../kernels/power.ts";
import { sum } from "../kernels/reduce.ts";
import { reshape } from "../kernels/reshape.ts";
import { logSoftmax } from "../kernels/softmax.ts";
import { expm1, neg, reciprocal, square } from "../kernels/unary.ts";
import { raised } from "../tensor/autocast.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type NllOptions, nll } from "./loss.ts";
import { type LossOptions, reduced, sameShapes } from "./loss_reduction.ts";

export interface OverlapOptions extends LossOptions {
  /** Added above and below the fraction line: a class that is in neither mask has loss 0. Default 1e-5. */
  readonly smooth?: number;
}

/**
 * 1 - (2 sum x y + smooth) / (sum x + sum y + smooth), of each sample and class over the pixels (Milletari et al. 2016,
 * without its squares). "none" gives [n, c].
 *
 * @param x probabilities [n, c, ...]
 * @param y masks of the same shape, 0 to 1
 * @throws ShapeError for fewer than two axes or different shapes
 */
export function dice(x: Tensor, y: Tensor, { smooth = 1e-5, reduction }: OverlapOptions = {}): Tensor {
  [x, y] = [raised(x), raised(y)];
  return tverskyOf("dice", x, y, { smooth, reduction, alpha: 0.5, beta: 0.5 });
}

export interface TverskyOptions extends OverlapOptions {
  /** What false positives count. Default 0.5: dice. */
  readonly alpha?: number;
  /** What false negatives count. Default 0.5. */
  readonly beta?: number;
}

/**
 * 1 - (tp + smooth) / (tp + alpha fp + beta fn + smooth) with tp = sum x y, fp = sum x (1 - y), fn = sum (1 - x) y (Salehi
 * et al. 2017), of each sample and class over the pixels. Shapes and errors as dice.
 */
export function tversky(x: Tensor, y: Tensor, options: TverskyOptions = {}): Tensor {
  [x, y] = [raised(x), raised(y)];
  return tverskyOf("tversky", x, y, options);
}

function tverskyOf(name: string, x: Tensor, y: Tensor, options: TverskyOptions): Tensor {
  const { alpha = 0.5, beta = 0.5, smooth = 1e-5, reduction } = options;
  const [p, q] = [pixels(name, x, y), pixels(name, y, x)]; // [n, c, pixels]
  const both = sum(mul(p, q), -1); // [n, c]
  const wrong = add(mul(sub(sum(p, -1), both), alpha), mul(sub(sum(q, -1), both), beta));
  // wrong / (both + wrong + smooth) is 1 - the fraction, without cancellation. dice's smooth counts half above.
  const s = name === "dice" ? smooth / 2 : smooth;
  return reduced(name, div(wrong, add(add(both, wrong), s)), reduction);
}

/**
 * 1 - (2 sum_c w_c sum x y + smooth) / (sum_c w_c (sum x + sum y) + smooth) with w_c = 1 / max(sum y, 1)^2: small classes
 * count as much as large ones (Sudre et al. 2017). "none" gives [n]. Shapes and errors as dice.
 */
export function generalizedDice(
  x: Tensor,
  y: Tensor,
  { smooth = 1e-5, reduction }: OverlapOptions = {},
): Tensor {
  [x, y] = [raised(x), raised(y)];
  const [p, q] = [pixels("generalizedDice", x, y), pixels("generalizedDice", y, x)];
  const [both, sizes, volume] = [sum(mul(p, q), -1), add(sum(p, -1), sum(q, -1)), sum(q, -1)]; // [n, c]
  const w = reciprocal(square(maximum(volume, 1)));
  const overlap = add(mul(sum(mul(w, both), -1), 2), smooth); // [n]
  return reduced("generalizedDice", sub(1, div(overlap, add(sum(mul(w, sizes), -1), smooth))), reduction);
}

function pixels(name: string, x: Tensor, y: Tensor): Tensor {
  sameShapes(name, x, y);
  if (x.rank < 2) throw new ShapeError(`${name}: needs [n,c,...], got ${formatShape(x.shape)}`);
  return reshape(x, [x.shape[0], x.shape[1], x.shape.slice(2).reduce((n, s) => n * s, 1)]);
}

export interface FocalOptions extends LossOptions {
  /** What positive examples count, negative ones counting 1 - alpha; negative: all count 1. Default 0.25. */
  readonly alpha?: number;
  /** 0 is bceWithLogits; else 1 or more. Default 2. */
  readonly gamma?: number;
}

/**
 * alpha_t (1 - p_t)^gamma times bceWithLogits(x, y), p_t the probability of the truth (Lin et al. 2017, equation 5;
 * torchvision.ops.sigmoid_focal_loss, whose reduction is "none" by default, and here "mean").
 *
 * @param x logits
 * @param y 0 or 1 of the same shape
 * @throws ShapeError; OptionError for a gamma below 0 or between 0 and 1
 */
export function focal(
  x: Tensor,
  y: Tensor,
  { alpha = 0.25, gamma = 2, reduction }: FocalOptions = {},
): Tensor {
  [x, y] = [raised(x), raised(y)];
  sameShapes("focal", x, y);
  checkGamma("focal", gamma);
  const not = sub(1, y);
  const ce = add(mul(y, softplus(neg(x))), mul(not, softplus(x)));
  // 1 - p_t without the subtraction.
  const wrong = add(mul(y, sigmoid(neg(x))), mul(not, sigmoid(x)));
  const eased = gamma === 0 ? ce : mul(pow(wrong, gamma), ce);
  if (alpha < 0) return reduced("focal", eased, reduction);
  return reduced("focal", mul(add(mul(y, alpha), mul(not, 1 - alpha)), eased), reduction);
}

export interface SoftmaxFocalOptions extends NllOptions {
  /** 0 is crossEntropy; else 1 or more. Default 2. */
  readonly gamma?: number;
}

/**
 * -w[t] (1 - p_t)^gamma log p_t, p = softmax(x) over classes: focal for one of c classes. "mean" divides by the sum of w[t].
 *
 * @param x logits [n, c], [n, c, d1, ...] or [c]
 * @param labels i32 class indices [n], [n, d1, ...] or []
 * @throws as nll; OptionError for a gamma below 0 or between 0 and 1
 */
export function softmaxFocal(x: Tensor, labels: Tensor, options: SoftmaxFocalOptions = {}): Tensor {
  const { gamma = 2, ...rest } = options;
  checkGamma("softmaxFocal", gamma);
  const logp = logSoftmax(x, x.rank === 1 ? 0 : 1);
  if (gamma === 0) return nll(logp, labels, rest);
  return nll(mul(pow(neg(expm1(logp)), gamma), logp), labels, rest);
}

// Between 0 and 1 the slope of (1 - p)^gamma is infinite at p = 1.
function checkGamma(name: string, gamma: number): void {
  if (gamma === 0 || gamma >= 1) return;
  throw new OptionError(`${name}: gamma must be 0, or 1 or more, got ${gamma}`);
}
