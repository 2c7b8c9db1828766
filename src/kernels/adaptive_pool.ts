// Adaptive pooling: the output size is given, the windows follow. Output o of `out` covers
//   floor(o * size / out) to ceil((o + 1) * size / out)
// so windows may overlap and differ by one in size. The kernels and gradients: avg_pool.ts, max_pool.ts.

import type { Tensor } from "../tensor/tensor.ts";
import { avgPool } from "./avg_pool.ts";
import { maxPool, type ReturnIndices } from "./max_pool.ts";
import { type AdaptiveSize, adaptiveGeometry } from "./pool_geometry.ts";

export type { AdaptiveSize } from "./pool_geometry.ts";

/**
 * Mean over windows that give the output size asked for (torch.nn.functional.adaptive_avg_pool2d).
 *
 * Shapes: x [n, c, h, w] or [c, h, w] -> [..., oh, ow]; n may be 0.
 *
 * @param outputSize one number for both axes, or `[oh, ow]`; null keeps the size of x
 * @throws OptionError for a negative or fractional size
 * @throws ShapeError for another rank, or empty channels or planes
 * @throws DTypeError unless x is f32
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  const geometry = adaptiveGeometry("adaptiveAvgPool2d", x.shape, outputSize);
  return avgPool("adaptiveAvgPool2d", x, { geometry, includePad: false, divisor: 0 });
}

/** Mean of every plane: adaptiveAvgPool2d(x, 1), [n, c, h, w] -> [n, c, 1, 1]. */
export function globalAvgPool(x: Tensor): Tensor {
  return adaptiveAvgPool2d(x, 1);
}

/**
 * Maximum over windows that give the output size asked for (torch.nn.functional.adaptive_max_pool2d). Ties, NaN and
 * indices as maxPool2d; shapes and errors as adaptiveAvgPool2d.
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptiveSize,
  options?: { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptiveSize,
  options: ReturnIndices,
): [Tensor, Tensor];
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptiveSize,
  options: Partial<ReturnIndices<boolean>> = {},
) {
  const geometry = adaptiveGeometry("adaptiveMaxPool2d", x.shape, outputSize);
  const [y, indices] = maxPool("adaptiveMaxPool2d", x, geometry);
  return options.returnIndices ? [y, indices] : y;
}

/** Maximum of every plane: adaptiveMaxPool2d(x, 1), [n, c, h, w] -> [n, c, 1, 1]. */
export function globalMaxPool(x: Tensor): Tensor {
  return adaptiveMaxPool2d(x, 1);
}
