// Layer norm over the last axes: y = (x - mean) * rstd * weight + bias, rstd = 1 / sqrt(var + eps), mean and biased variance
// of each row of d = product of normalizedShape elements. Batch statistics: batch_norm.ts. Dispatches: layer_norm_run.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./binary.ts";
import { type RowStatistics, runBackward, runBackwardSums, runForward } from "./layer_norm_run.ts";
import { mean } from "./reduce.ts";
import { rsqrt, square } from "./unary.ts";

/**
 * Layer normalisation (torch.nn.functional.layer_norm; Ba, Kiros & Hinton 2016).
 *
 * Shapes: x [..., ...normalizedShape] -> the same; weight and bias normalizedShape, default 1 and 0. There may be no rows.
 *
 * @param eps added to the variance, default 1e-5
 * @throws ShapeError unless x ends in normalizedShape, and weight and bias have it
 * @throws OptionError for an empty normalizedShape, or a negative eps
 * @throws DTypeError unless all are f32
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  x = raised(x);
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  check(x, shape, weight, bias, eps);
  const [y] = op(
    "layerNorm",
    [x, weight, bias],
    () => {
      const { y, mean, rstd } = runForward(x, shape, weight, bias, eps);
      return {
        outputs: [y, mean, rstd],
        pullback: ([dy]) => gradients(dy!, x, { mean, rstd }, weight, bias),
      };
    },
    (x: Tensor, weight: Tensor | null, bias: Tensor | null) => {
      const axes = shape.map((_, i) => i - shape.length);
      const near = sub(x, mean(x, axes, true));
      const centered = sub(near, mean(near, axes, true)); // again: the first mean was rounded at its own size
      let y = mul(centered, rsqrt(add(mean(square(centered), axes, true), eps)));
      if (weight) y = mul(y, weight);
      return [bias ? add(y, bias) : y];
    },
  );
  return y!;
}

/** [dx, dweight, dbias]. Not differentiable again: under createGraph backward takes the composition. */
function gradients(dy: Tensor, x: Tensor, s: RowStatistics, weight: Tensor | null, bias: Tensor | null) {
  const shape = (weight ?? bias)?.shape;
  const [dx, dweight, dbias] = op("layerNormBackward", [dy, x, weight, s.mean, s.rstd], () => {
    if (!shape || !(weight?.requiresGrad || bias?.requiresGrad))
      return { outputs: [runBackward(dy, x, s, weight)] };
    const { dx, dweight, dbias } = runBackwardSums(dy, x, s, weight, shape);
    return { outputs: [dx, dweight, dbias] };
  });
  return [dx, weight && dweight, bias && dbias];
}

function check(x: Tensor, shape: Shape, weight: Tensor | null, bias: Tensor | null, eps: number): void {
  const shapes = `normalizedShape ${formatShape(shape)}, x ${formatShape(x.shape)}`;
  if (shape.length === 0 || shape.some((s) => !Number.isInteger(s) || s < 1)) {
    throw new OptionError(`layerNorm: normalizedShape must be positive integers, at least one, ${shapes}`);
  }
  if (x.rank < shape.length || !sameShape(x.shape.slice(x.rank - shape.length), shape)) {
    throw new ShapeError(`layerNorm: x must end in normalizedShape, ${shapes}`);
  }
  for (const [key, t] of Object.entries({ x, weight, bias })) {
    if (!t) continue;
    if (!isFloat(t.dtype)) throw new DTypeError(`layerNorm: takes f32 tensors, ${key} is ${t.dtype}`);
    if (t === x || sameShape(t.shape, shape)) continue;
    throw new ShapeError(
      `layerNorm: ${key} must have normalizedShape, ${key} ${formatShape(t.shape)}, ${shapes}`,
    );
  }
  if (!(eps >= 0 && eps < Infinity)) throw new OptionError(`layerNorm: eps must not be negative, got ${eps}`);
}
