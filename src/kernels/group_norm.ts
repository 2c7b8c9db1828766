// Group norm: every sample's channels in groups, each normalised by its own mean and biased variance; instance norm: groups of
// one channel, on request with running averages. Both are layer norm's dispatches over rows [n * groups, rest], then the
// affine per channel; their gradients follow. Statistics over the batch: batch_norm.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { noGrad } from "../tensor/mode.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, numel, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { batchNorm } from "./batch_norm.ts";
import { add, mul } from "./binary.ts";
import { layerNorm } from "./layer_norm.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { variance } from "./variance.ts";

/**
 * Group normalisation (torch.nn.functional.group_norm; Wu & He 2018).
 *
 * Shapes: x [n, c, ...] -> the same; weight and bias [c], default 1 and 0.
 *
 * @param groups must divide c
 * @param eps added to the variance, default 1e-5
 * @throws ShapeError for fewer than two axes, weight or bias that is not [c]
 * @throws OptionError unless groups is a positive integer that divides c, or for a negative eps
 * @throws DTypeError unless all are f32
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  x = raised(x);
  checkChannels("groupNorm", x, { weight, bias }, eps);
  const c = x.shape[1];
  if (!Number.isInteger(groups) || groups < 1 || c % groups !== 0)
    throw new OptionError(
      `groupNorm: groups must be a positive integer that divides the channels, got ${groups}, x ${formatShape(x.shape)}`,
    );
  return grouped(x, groups, weight, bias, eps);
}

export interface InstanceNormOptions {
  /** [c]; default 1. */
  readonly weight?: Tensor | null;
  /** [c]; default 0. */
  readonly bias?: Tensor | null;
  /** [c] each, both or none. Changed in place where useInputStats, taken otherwise. */
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** Normalise by the statistics of the input. Default true, as in PyTorch. */
  readonly useInputStats?: boolean;
  /** Weight of the newest batch in the running averages. Default 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/**
 * Instance normalisation (torch.nn.functional.instance_norm; Ulyanov, Vedaldi & Lempitsky 2016): by mean and biased variance of
 * each channel of each sample. Running averages are over the batch's means and unbiased variances.
 *
 * Shapes: x [n, c, ...] with at least one axis after c -> the same.
 *
 * @throws ShapeError for fewer than three axes, one value per channel with useInputStats, per-channel tensors that are not [c]
 * @throws OptionError for useInputStats false without running averages, one of the two alone, momentum or eps out of range
 * @throws DTypeError unless all are f32
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const { weight = null, bias = null, runningMean = null, runningVar = null } = options;
  const { useInputStats = true, momentum = 0.1, eps = 1e-5 } = options;
  checkChannels("instanceNorm", x, { weight, bias, runningMean, runningVar }, eps);
  if (x.rank < 3) throw new ShapeError(`instanceNorm: x must be [n,c,...], x ${formatShape(x.shape)}`);
  if (!runningMean !== !runningVar)
    throw new OptionError("instanceNorm: give both runningMean and runningVar, or none");
  if (!(momentum >= 0 && momentum <= 1))
    throw new OptionError(`instanceNorm: momentum must be in [0, 1], got ${momentum}`);
  const [n, c] = x.shape;
  const rows = reshape(x, [n, c, numel(x.shape.slice(2))]); // [n, c, length]
  if (!useInputStats) {
    if (!runningMean)
      throw new OptionError("instanceNorm: useInputStats false needs runningMean and runningVar");
    return reshape(batchNorm(rows, { weight, bias, runningMean, runningVar, eps }), x.shape);
  }
  if (rows.shape[2] === 1)
    throw new ShapeError(`instanceNorm: needs more than one value per channel, x ${formatShape(x.shape)}`);
  if (runningMean && runningVar && x.size > 0)
    noGrad(() =>
      scope(() => {
        const [m, v] = [mean(rows, 2), variance(rows, { axes: 2 })]; // [n, c]
        follow(runningMean, mean(m, 0), momentum);
        follow(runningVar, mean(v, 0), momentum);
      }, "instanceNorm"),
    );
  return grouped(x, c, weight, bias, eps);
}

/** average = (1 - momentum) average + momentum value, in place. */
function follow(average: Tensor, value: Tensor, momentum: number): void {
  copyInto(average, add(mul(average, 1 - momentum), mul(value, momentum)));
}

function grouped(x: Tensor, groups: number, weight: Tensor | null, bias: Tensor | null, eps: number): Tensor {
  if (x.size === 0) return affine(x, weight, bias);
  const [n] = x.shape;
  const rest = x.size / (n * groups);
  const y = layerNorm(reshape(x, [n * groups, rest]), rest, null, null, eps); // [n * groups, rest]
  return affine(reshape(y, x.shape), weight, bias);
}

function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const shape = y.shape.map((s, i) => (i === 1 ? s : 1)); // [1, c, 1, ...]
  if (weight) y = mul(y, reshape(weight, shape));
  return bias ? add(y, reshape(bias, shape)) : y;
}

function checkChannels(
  name: string,
  x: Tensor,
  others: Readonly<Record<string, Tensor | null>>,
  eps: number,
): void {
  const shape = formatShape(x.shape);
  if (x.rank < 2) throw new ShapeError(`${name}: x must be [n,c,...], x ${shape}`);
  for (const [key, t] of Object.entries({ x, ...others }))
    if (t && !isFloat(t.dtype)) throw new DTypeError(`${name}: takes f32 tensors, ${key} is ${t.dtype}`);
  for (const [key, t] of Object.entries(others))
    if (t && !sameShape(t.shape, [x.shape[1]]))
      throw new ShapeError(
        `${name}: ${key} must have one value per channel, ${key} ${formatShape(t.shape)}, x ${shape}`,
      );
  if (!(eps >= 0 && eps < Infinity)) throw new OptionError(`${name}: eps must not be negative, got ${eps}`);
}
