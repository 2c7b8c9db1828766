// Batch norm over channel axis 1 of x [n, c, ...]: y = (x - mean) * rstd * weight + bias with rstd = 1 / sqrt(var + eps).
// Training: mean and biased variance of the batch, and running averages updated in place (variance: unbiased).
// Evaluation: the running averages, constants for the gradient. Statistics of single samples: layer_norm.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
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

export interface BatchNormOptions {
  /** [c]; default 1. */
  readonly weight?: Tensor | null;
  /** [c]; default 0. */
  readonly bias?: Tensor | null;
  /** [c] each, both or none. Training updates them in place, evaluation needs them. */
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** One i32 that training counts up: batches seen. */
  readonly numBatchesTracked?: Tensor | null;
  /** Take the statistics of the batch. Default false, as in PyTorch. */
  readonly training?: boolean;
  /** Weight of the newest batch in the running averages; null: plain averages, by numBatchesTracked. Default 0.1. */
  readonly momentum?: number | null;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/**
 * Batch normalisation (torch.nn.functional.batch_norm; Ioffe & Szegedy 2015).
 *
 * Shapes: x [n, c], [n, c, l] or [n, c, h, w] -> the same. An empty x gives an empty y and leaves the running statistics.
 *
 * @throws ShapeError for another rank, per-channel tensors that are not [c], or one value per channel in training
 * @throws OptionError for evaluation without running statistics, one of the two alone, momentum null without a count,
 *   momentum or eps out of range
 * @throws DTypeError unless all are f32 (the count: i32)
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  check(x, options);
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
      const centered = sub(x, mean(x, axes, true));
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

function check(x: Tensor, o: BatchNormOptions): void {
  const shape = formatShape(x.shape);
  if (x.rank < 2 || x.rank > 4) {
    throw new ShapeError(`batchNorm: x must be [n,c], [n,c,l] or [n,c,h,w], x ${shape}`);
  }
  const c = x.shape[1]!;
  const { weight, bias, runningMean, runningVar, numBatchesTracked } = o;
  for (const [key, t] of Object.entries({ x, weight, bias, runningMean, runningVar })) {
    if (!t) continue;
    if (t.dtype !== "f32") throw new DTypeError(`batchNorm: takes f32 tensors, ${key} is ${t.dtype}`);
    if (t === x || sameShape(t.shape, [c])) continue;
    throw new ShapeError(
      `batchNorm: ${key} must have one value per channel, ${key} ${formatShape(t.shape)}, x ${shape}`,
    );
  }
  if (numBatchesTracked && (numBatchesTracked.dtype !== "i32" || numBatchesTracked.size !== 1)) {
    throw new DTypeError(`batchNorm: numBatchesTracked must be one i32, got ${numBatchesTracked}`);
  }
  if (!runningMean !== !runningVar)
    throw new OptionError("batchNorm: give both runningMean and runningVar, or none");
  if (!o.training && !runningMean)
    throw new OptionError("batchNorm: evaluation needs runningMean and runningVar");
  if (o.training && x.size === c) {
    throw new ShapeError(`batchNorm: training needs more than one value per channel, x ${shape}`);
  }
  const { momentum = 0.1, eps = 1e-5 } = o;
  if (momentum !== null && !(momentum >= 0 && momentum <= 1)) {
    throw new OptionError(`batchNorm: momentum must be in [0, 1] or null, got ${momentum}`);
  }
  if (momentum === null && o.training && runningMean && !numBatchesTracked) {
    throw new OptionError("batchNorm: momentum null (plain averages) needs numBatchesTracked");
  }
  if (!(eps >= 0 && eps < Infinity)) throw new OptionError(`batchNorm: eps must not be negative, got ${eps}`);
}
