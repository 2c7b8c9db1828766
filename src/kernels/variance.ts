// Variance and standard deviation over any axes: sum (x - mean)^2 / (n - correction). Two passes, since the one-pass
// sum x^2 - n mean^2 loses every digit where the mean is large.

import { DTypeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul, sub } from "./binary.ts";
import { eq } from "./compare.ts";
import { mean } from "./reduce.ts";
import { type Fold, fitted, SUM } from "./reduce_fold.ts";
import { type Axes, type Folding, foldedAxes, folding } from "./reduce_layout.ts";
import { fold } from "./reduce_run.ts";
import { shaped } from "./reshape.ts";
import { where } from "./where.ts";

export interface VarianceOptions {
  /** Default: all. */
  readonly axes?: Axes;
  /** n - correction divides; 1 (the default) is the unbiased estimate, 0 the mean square. */
  readonly correction?: number;
  readonly keepdim?: boolean;
}

const VARIANCE: Fold = { ...SUM, name: "variance", pre: "let d = v - c; return d * d;" };
const STD: Fold = { ...VARIANCE, name: "std", post: "return sqrt(v * params.scale);" };

/**
 * sum (x - mean)^2 / (n - correction) over `axes` (torch.var). NaN if n <= correction.
 *
 * @throws DTypeError unless x is f32
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  return spreadOf(VARIANCE, x, options, (dy) => dy);
}

/** Square root of the variance (torch.std). Where it is 0 its gradient is 0. */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  return spreadOf(STD, x, options, (dy, y) => where(eq(y, 0), 0, div(dy, mul(y, 2))));
}

/** `toVariance`: the gradient of the variance from that of the result. */
function spreadOf(
  how: Fold,
  x: Tensor,
  { axes, correction = 1, keepdim = false }: VarianceOptions,
  toVariance: (dy: Tensor, y: Tensor) => Tensor,
): Tensor {
  const { name } = how;
  if (!isFloat(x.dtype))
    throw new DTypeError(`${name}: needs f32 or f16, x ${x.dtype}${formatShape(x.shape)}`);
  const f = folding(name, x.shape, axes, keepdim);
  const scale = 1 / Math.max(0, f.count - correction);
  const [y] = op(name, [x], () => {
    const y = forward(x, f, { ...how, scale, ofNone: Number.NaN });
    return {
      outputs: [y],
      pullback: ([dy]) => {
        if (!dy) return [null];
        const g = mul(shaped(name, toVariance(dy, y), f.keptShape), 2 * scale);
        // Twice: the mean of what is left is what the first mean, a rounded f32, was off by.
        const near = sub(x, meanOf(x, f));
        return [mul(sub(near, meanOf(near, f)), g)];
      },
    };
  });
  return y;
}

function forward(x: Tensor, f: Folding, how: Fold): Tensor {
  // In f32, whatever x is stored in.
  const m = fold(x, f.mask, f.keptShape, { ...SUM, name: how.name, scale: 1 / f.count, ofNone: Number.NaN });
  const y = fold(x, f.mask, f.shape, fitted(how, x), m);
  m.release(how.name);
  return y;
}

const meanOf = (x: Tensor, f: Folding) => mean(x, foldedAxes(f), true);
