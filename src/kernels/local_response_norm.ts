// Local response norm: y = x / (k + alpha / size * sum of x^2 over `size` neighbouring channels)^beta, composed: a pooling along
// the channels. Statistics of whole channels: batch_norm.ts, group_norm.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { avgPool2d } from "./avg_pool.ts";
import { add, div, mul } from "./binary.ts";
import { pad } from "./pad.ts";
import { pow } from "./power.ts";
import { reshape } from "./reshape.ts";
import { square } from "./unary.ts";

export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Default 1. */
  readonly k?: number;
}

/**
 * Local response normalisation (torch.nn.functional.local_response_norm; Krizhevsky, Sutskever & Hinton 2012). Channels beyond
 * the edge count as zeros.
 *
 * Shapes: x [n, c, ...] with at least one axis after c -> the same.
 *
 * @param size channels of a window: floor(size / 2) before, the rest after
 * @throws ShapeError for fewer than three axes; OptionError for a size that is no positive integer; DTypeError unless f32
 */
export function localResponseNorm(x: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor {
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  if (x.rank < 3) throw new ShapeError(`localResponseNorm: x must be [n,c,...], x ${formatShape(x.shape)}`);
  if (!Number.isInteger(size) || size < 1)
    throw new OptionError(`localResponseNorm: size must be a positive integer, got ${size}`);
  if (!isFloat(x.dtype)) throw new DTypeError(`localResponseNorm: takes f32 tensors, x is ${x.dtype}`);
  if (x.size === 0) return mul(x, 1);
  const [n, c, ...rest] = x.shape;
  const squares = reshape(square(x), [n, 1, c, numel(rest)]); // [n, 1, c, length]
  const bordered = pad(squares, [0, 0, Math.floor(size / 2), Math.floor((size - 1) / 2)]);
  const means = avgPool2d(bordered, { kernelSize: [size, 1], stride: 1 }); // [n, 1, c, length]
  return div(x, pow(add(mul(reshape(means, x.shape), alpha), k), beta));
}
