// Power-average pooling: y = (sum of x^p over the window)^(1 / p). Plain ops, so every gradient is theirs.

import { OptionError } from "../gpu/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { avgPool2d } from "./avg_pool.ts";
import { mul } from "./binary.ts";
import { axisNumbers, type Sizes } from "./conv_nd_geometry.ts";
import { avgPool1d } from "./pool_nd.ts";
import { pow } from "./power.ts";

export interface LpPoolOptions {
  /** The power p; Infinity is max pooling and not this. */
  readonly normType: number;
  readonly kernelSize: Sizes;
  /** Default: kernelSize. */
  readonly stride?: Sizes;
  /** Round the output size up. A window cut off at the end counts as if full, as in PyTorch. Default false. */
  readonly ceilMode?: boolean;
}

/**
 * Power-average over windows of one axis (torch.nn.functional.lp_pool1d). x^p is not |x|^p: for odd p a negative sum gives
 * NaN. The gradient at a window of zeros is NaN for p > 1, as PyTorch's.
 *
 * Shapes: x [n, c, l] or [c, l] -> [..., ol], ol = floor((l - kernelSize) / stride) + 1.
 *
 * @throws OptionError for normType 0 or not finite, a kernel or stride below 1; ShapeError and DTypeError as avgPool1d
 */
export function lpPool1d(x: Tensor, options: LpPoolOptions): Tensor {
  const [k] = axisNumbers("lpPool1d", "kernelSize", options.kernelSize, 1, 1);
  return powers("lpPool1d", x, options, k, (t) => avgPool1d(t, { ...options, padding: 0 }));
}

/** Power-average over windows of two axes (torch.nn.functional.lp_pool2d). Shapes as avgPool2d, the rest as lpPool1d. */
export function lpPool2d(x: Tensor, options: LpPoolOptions): Tensor {
  const [kh, kw] = axisNumbers("lpPool2d", "kernelSize", options.kernelSize, 2, 1);
  const { ceilMode } = options;
  const [sy, sx] = axisNumbers("lpPool2d", "stride", options.stride ?? options.kernelSize, 2, 1);
  const mean = (t: Tensor) => avgPool2d(t, { kernelSize: [kh, kw], stride: [sy, sx], ceilMode });
  return powers("lpPool2d", x, options, kh * kw, mean);
}

function powers(
  name: string,
  x: Tensor,
  { normType: p }: LpPoolOptions,
  taps: number,
  mean: (t: Tensor) => Tensor,
): Tensor {
  if (!Number.isFinite(p) || p === 0) {
    throw new OptionError(`${name}: normType must be a finite number other than 0, got ${p}`);
  }
  return pow(mul(mean(pow(x, p)), taps), 1 / p);
}
