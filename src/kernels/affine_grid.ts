// The grid of an affine map, for gridSample: grid[n, p] = theta[n] (p, 1) with p over the output, -1 to 1 along each axis.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { tensor } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, numel, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { matmul } from "./matmul.ts";
import { transpose } from "./permute.ts";
import { reshape } from "./reshape.ts";
import { inF32 } from "./wide.ts";

export interface AffineGridOptions {
  /** As in gridSample; default false. */
  readonly alignCorners?: boolean;
}

/**
 * Points of x that an affine map reads for each point of the output (torch.nn.functional.affine_grid; Jaderberg et al. 2015).
 *
 * Shapes: theta [n, 2, 3], size [n, c, h, w] -> [n, h, w, 2]; theta [n, 3, 4], size [n, c, d, h, w] -> [n, d, h, w, 3].
 *
 * @throws ShapeError if theta does not fit size; OptionError for a size that is not positive; DTypeError unless theta is f32
 */
export function affineGrid(theta: Tensor, size: Shape, options: AffineGridOptions = {}): Tensor {
  const axes = size.length - 2;
  const shapes = `theta ${formatShape(theta.shape)}, size ${formatShape(size)}`;
  if (!isFloat(theta.dtype)) throw new DTypeError(`affineGrid: theta must be f32 or f16, got ${theta.dtype}`);
  const [n, rows, columns] = theta.shape;
  const fits = theta.rank === 3 && n === size[0] && rows === axes && columns === axes + 1;
  if (!fits || (axes !== 2 && axes !== 3)) {
    throw new ShapeError(
      `affineGrid: needs theta [n,2,3] with size [n,c,h,w], or [n,3,4] with [n,c,d,h,w], ${shapes}`,
    );
  }
  const spatial = size.slice(2);
  if (!spatial.every((s) => Number.isSafeInteger(s) && s > 0)) {
    throw new OptionError(`affineGrid: size must be positive, ${shapes}`);
  }
  const base = tensor(corners(spatial, options.alignCorners ?? false), {
    shape: [numel(spatial), axes + 1],
    device: theta.device,
  });
  const grid = inF32([theta], (theta) => matmul(base, transpose(theta, 1, 2))); // [n, points, axes]
  return reshape(grid, [n, ...spatial, axes]);
}

/** (x, y, .., 1) of every point, the last axis first. */
function corners(spatial: readonly number[], alignCorners: boolean): Float32Array {
  const points = numel(spatial);
  const columns = spatial.length + 1;
  const base = new Float32Array(points * columns).fill(1);
  for (let p = 0; p < points; p++) {
    let rest = p;
    for (let i = 0; i < spatial.length; i++) {
      const s = spatial[spatial.length - 1 - i];
      const at = rest % s;
      rest = Math.floor(rest / s);
      const span = alignCorners ? (s > 1 ? (2 * at) / (s - 1) - 1 : 0) : (2 * at + 1) / s - 1;
      base[p * columns + i] = span;
    }
  }
  return base;
}
