// RMS norm over the last axes: y = x * rstd * weight, rstd = 1 / sqrt(mean of x^2 + eps) of each row of d = product of
// normalizedShape elements. Layer norm without mean and bias, by the same dispatches: layer_norm_run.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { type RowStatistics, runBackward, runBackwardSums, runForward } from "./layer_norm_run.ts";
import { mean } from "./reduce.ts";
import { rsqrt, square } from "./unary.ts";

const EPS = 2 ** -23; // PyTorch's default: the spacing of f32 at 1

/**
 * RMS normalisation (torch.nn.functional.rms_norm; Zhang & Sennrich 2019).
 *
 * Shapes: x [..., ...normalizedShape] -> the same; weight normalizedShape, default 1. There may be no rows.
 *
 * @param eps added to the mean square, default 2^-23
 * @throws ShapeError unless x ends in normalizedShape, and weight has it
 * @throws OptionError for an empty normalizedShape, or a negative eps
 * @throws DTypeError unless all are f32
 */
export function rmsNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight: Tensor | null = null,
  eps = EPS,
): Tensor {
  x = raised(x);
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  check(x, shape, weight, eps);
  const [y] = op(
    "rmsNorm",
    [x, weight],
    () => {
      const { y, mean, rstd } = runForward(x, shape, weight, null, eps, false);
      return { outputs: [y, mean, rstd], pullback: ([dy]) => gradients(dy!, x, { mean, rstd }, weight) };
    },
    (x: Tensor, weight: Tensor | null) => {
      const axes = shape.map((_, i) => i - shape.length);
      const y = mul(x, rsqrt(add(mean(square(x), axes, true), eps)));
      return [weight ? mul(y, weight) : y];
    },
  );
  return y!;
}

/** [dx, dweight]. Not differentiable again: under createGraph backward takes the composition. */
function gradients(dy: Tensor, x: Tensor, s: RowStatistics, weight: Tensor | null) {
  const [dx, dweight] = op("rmsNormBackward", [dy, x, weight, s.mean, s.rstd], () => {
    if (!weight?.requiresGrad) return { outputs: [runBackward(dy, x, s, weight, false)] };
    const { dx, dweight } = runBackwardSums(dy, x, s, weight, weight.shape, false);
    return { outputs: [dx, dweight] };
  });
  return [dx, weight && dweight];
}

function check(x: Tensor, shape: Shape, weight: Tensor | null, eps: number): void {
  const shapes = `normalizedShape ${formatShape(shape)}, x ${formatShape(x.shape)}`;
  if (shape.length === 0 || shape.some((s) => !Number.isInteger(s) || s < 1))
    throw new OptionError(`rmsNorm: normalizedShape must be positive integers, at least one, ${shapes}`);
  if (x.rank < shape.length || !sameShape(x.shape.slice(x.rank - shape.length), shape))
    throw new ShapeError(`rmsNorm: x must end in normalizedShape, ${shapes}`);
  for (const [key, t] of Object.entries({ x, weight }))
    if (t && !isFloat(t.dtype)) throw new DTypeError(`rmsNorm: takes f32 tensors, ${key} is ${t.dtype}`);
  if (weight && !sameShape(weight.shape, shape))
    throw new ShapeError(
      `rmsNorm: weight must have normalizedShape, weight ${formatShape(weight.shape)}, ${shapes}`,
    );
  if (!(eps >= 0 && eps < Infinity)) throw new OptionError(`rmsNorm: eps must not be negative, got ${eps}`);
}
