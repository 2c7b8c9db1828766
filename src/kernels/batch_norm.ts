// Batch norm over channel axis 1 of x [n, c, ...]: y = (x - mean) * rstd * weight + bias with rstd = 1 / sqrt(var + eps).
// Training: mean and biased variance of the batch, and running averages updated in place (variance: unbiased).
// Evaluation: the running averages, constants for the gradient. Statistics of single samples: layer_norm.ts.

import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type BatchNormOptions, checkBatchNorm } from "./batch_norm_options.ts";
import type { Statistics } from "./batch_norm_run.ts";
import {
  batchStatistics,
  type Running,
  runBackward,
  runGradientSums,
  runNormalise,
} from "./batch_norm_run.ts";
import { add, mul, sub } from "./binary.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { rsqrt, square } from "./unary.ts";

export type { BatchNormOptions } from "./batch_norm_options.ts";

/**
 * Batch normalisation (torch.nn.functional.batch_norm; Ioffe & Szegedy 2015).
 *
 * Shapes: x [n, c, ...] -> the same. An empty x gives an empty y and leaves the running statistics.
 *
 * @throws ShapeError for fewer than two axes, per-channel tensors that are not [c], or one value per channel in training
 * @throws OptionError for evaluation without running statistics, one of the two alone, momentum null without a count,
 *   momentum or eps out of range
 * @throws DTypeError unless all are f32 (the count: i32)
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  checkBatchNorm(x, options);
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  const { runningMean = null, runningVar = null, numBatchesTracked = null } = options;
  const running = runningMean && runningVar ? { runningMean, runningVar } : null;
  if (!training) return evaluation(x, running!, weight, bias, eps);

  const [y] = op(
    "batchNorm",
    [x, weight, bias],
    () => {
      const { mean, rstd } = batchStatistics(x, running, running && numBatchesTracked, momentum, eps);
      const s: Statistics = { mean, spread: rstd, running: false, eps };
      const y = runNormalise(x, s, weight, bias);
      return { outputs: [y, mean, rstd], pullback: ([dy]) => gradients(dy!, x, s, weight, bias) };
    },
    // Without the running statistics: the forward has updated them already.
    (x: Tensor, weight: Tensor | null, bias: Tensor | null) => {
      const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
      const near = sub(x, mean(x, axes, true));
      const centered = sub(near, mean(near, axes, true)); // again: the first mean was rounded at its own size
      const rstd = rsqrt(add(mean(square(centered), axes, true), eps)); // [1, c, 1, ...]
      return [affine(mul(centered, rstd), weight, bias)];
    },
  );
  return y!;
}

function evaluation(
  x: Tensor,
  running: Running,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
): Tensor {
  const s: Statistics = { mean: running.runningMean, spread: running.runningVar, running: true, eps };
  const [y] = op(
    "batchNorm",
    [x, weight, bias, s.mean, s.spread],
    () => {
      const y = runNormalise(x, s, weight, bias);
      return { outputs: [y], pullback: ([dy]) => [...gradients(dy!, x, s, weight, bias), null, null] };
    },
    (x: Tensor, weight: Tensor | null, bias: Tensor | null, m: Tensor, v: Tensor) => {
      const rstd = rsqrt(add(perChannel(v, x), eps));
      return [affine(mul(sub(x, perChannel(m, x)), rstd), weight, bias)];
    },
  );
  return y!;
}

/** [dx, dweight, dbias]. Not differentiable again: under createGraph backward takes the composition. */
function gradients(dy: Tensor, x: Tensor, s: Statistics, weight: Tensor | null, bias: Tensor | null) {
  const [dx, dweight, dbias] = op("batchNormBackward", [dy, x, weight, s.mean, s.spread], () => {
    const needSums = !s.running || weight?.requiresGrad || bias?.requiresGrad;
    const sums = needSums ? runGradientSums(dy, x, s) : null;
    const dx = runBackward(dy, x, s, weight, sums);
    return { outputs: sums ? [dx, sums.dweight, sums.dbias] : [dx] };
  });
  return [dx, weight && dweight, bias && dbias];
}

function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  if (weight) y = mul(y, perChannel(weight, y));
  return bias ? add(y, perChannel(bias, y)) : y;
}

/** [c] -> [1, c, 1, ...], of x's rank. */
function perChannel(t: Tensor, x: Tensor): Tensor {
  return reshape(
    t,
    x.shape.map((s, i) => (i === 1 ? s : 1)),
  );
}
