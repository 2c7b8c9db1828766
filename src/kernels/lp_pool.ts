// Power-average pooling: y = (sum of x^p over the window)^(1 / p). Plain ops, so every gradient is theirs.

import { OptionError } from "../gpu/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { avgPool2d } from "./avg_pool.ts";
import { mul } from "./binary.ts";
import { axisNumbers, type Sizes } from "./conv_nd_geometry.ts";
import { avgPool1d, avgPool3d } from "./pool_nd.ts";
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
  return lpPool("lpPool1d", 1, x, options, avgPool1d);
}

/** Power-average over windows of two axes (torch.nn.functional.lp_pool2d). Shapes as avgPool2d, the rest as lpPool1d. */
export function lpPool2d(x: Tensor, options: LpPoolOptions): Tensor {
  return lpPool("lpPool2d", 2, x, options, (t, { kernelSize: [kh, kw], stride: [sy, sx], ceilMode }) =>
    avgPool2d(t, { kernelSize: [kh, kw], stride: [sy, sx], ceilMode }),
  );
}

/** Power-average over windows of three axes (torch.nn.functional.lp_pool3d). Shapes as avgPool3d, the rest as lpPool1d. */
export function lpPool3d(x: Tensor, options: LpPoolOptions): Tensor {
  return lpPool("lpPool3d", 3, x, options, avgPool3d);
}

interface Windows {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly ceilMode?: boolean;
}

/** The mean of x^p times the number of taps is their sum. */
function lpPool(
  name: string,
  axes: 1 | 2 | 3,
  x: Tensor,
  { normType: p, kernelSize: size, stride: step = size, ceilMode }: LpPoolOptions,
  mean: (x: Tensor, windows: Windows) => Tensor,
): Tensor {
  const kernelSize = axisNumbers(name, "kernelSize", size, axes, 1);
  const stride = axisNumbers(name, "stride", step, axes, 1);
  if (!Number.isFinite(p) || p === 0) {
    throw new OptionError(`${name}: normType must be a finite number other than 0, got ${p}`);
  }
  const taps = kernelSize.reduce((n, k) => n * k, 1);
  return pow(mul(mean(pow(x, p), { kernelSize, stride, ceilMode }), taps), 1 / p);
}
