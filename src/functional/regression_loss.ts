// Losses of a difference, composed of ops: mse, l1, smoothL1, huber. reduction "mean" (the default) and "sum" give a scalar,
// "none" the loss of every element.

import { OptionError } from "../gpu/errors.ts";
import { mul, sub } from "../kernels/binary.ts";
import { lt } from "../kernels/compare.ts";
import { abs, square } from "../kernels/unary.ts";
import { where } from "../kernels/where.ts";
import { raised } from "../tensor/autocast.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, reduced, sameShapes } from "./loss_reduction.ts";

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

function difference(name: string, x: Tensor, y: Tensor): Tensor {
  sameShapes(name, x, y);
  return sub(raised(x), raised(y));
}
