// Sampling of an image or a volume at the points of a grid: y[p] = sum over the taps of wx * wy (* wz) * x[tap]. One kernel
// forward, one for the grid's gradient, and for x's the ordered lists of scatter_run.ts, without float atomics. Gradients of
// gradients are those of grid_sample_composition.ts. Grids of affine maps: affine_grid.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { composedGridSample } from "./grid_sample_composition.ts";
import { runGridGradient, runGridSample, runImageGradient, type Sampling, TAPS } from "./grid_sample_run.ts";
import { inF32 } from "./wide.ts";

export interface GridSampleOptions {
  /** Default bilinear. */
  readonly mode?: "bilinear" | "nearest" | "bicubic";
  /** Outside x: zeros (default), the border's value, or x reflected at its border. */
  readonly paddingMode?: "zeros" | "border" | "reflection";
  /** -1 and 1 are the centres of the corner elements; else their outer edges (default). */
  readonly alignCorners?: boolean;
}

const PADDINGS = ["zeros", "border", "reflection"] as const;

/**
 * x at the points of a grid (torch.nn.functional.grid_sample). grid[..., 0] is the column, grid[..., 1] the row, then the
 * depth, all -1 to 1 over x. With mode nearest the gradient for the grid is zero. Points that are NaN read zeros.
 *
 * Shapes: x [n, c, h, w], grid [n, oh, ow, 2] -> [n, c, oh, ow]; x [n, c, d, h, w], grid [n, od, oh, ow, 3] ->
 * [n, c, od, oh, ow], not for bicubic.
 *
 * @throws OptionError for an unknown mode; ShapeError for other ranks, batches that differ, an empty x
 * @throws DTypeError unless both are f32
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  const { mode = "bilinear", paddingMode = "zeros", alignCorners = false } = options;
  check(x, grid, mode, paddingMode);
  const sampling: Sampling = { mode, paddingMode, alignCorners };
  return inF32([x, grid], (x, grid) => sampled(x, grid, sampling));
}

function sampled(x: Tensor, grid: Tensor, sampling: Sampling): Tensor {
  const [y] = op(
    "gridSample",
    [x, grid],
    () => ({
      outputs: [runGridSample(x, grid, sampling)],
      pullback: ([dy]) => [
        x.requiresGrad ? runImageGradient(x.shape, grid, dy!, sampling) : null,
        grid.requiresGrad ? runGridGradient(x, grid, dy!, sampling) : null,
      ],
    }),
    (x: Tensor, grid: Tensor) => [composedGridSample(x, grid, sampling)],
  );
  return y;
}

function check(x: Tensor, grid: Tensor, mode: string, padding: string): void {
  const shapes = `x ${formatShape(x.shape)}, grid ${formatShape(grid.shape)}`;
  for (const [key, t] of Object.entries({ x, grid })) {
    if (!isFloat(t.dtype)) throw new DTypeError(`gridSample: takes f32 tensors, ${key} is ${t.dtype}`);
  }
  if (!Object.hasOwn(TAPS, mode)) {
    throw new OptionError(`gridSample: mode must be one of ${Object.keys(TAPS).join(", ")}, got ${mode}`);
  }
  if (!(PADDINGS as readonly string[]).includes(padding)) {
    throw new OptionError(`gridSample: paddingMode must be one of ${PADDINGS.join(", ")}, got ${padding}`);
  }
  const axes = x.rank - 2;
  const fits = grid.rank === x.rank && grid.shape[x.rank - 1] === axes && grid.shape[0] === x.shape[0];
  if ((axes !== 2 && axes !== 3) || !fits) {
    const deep = "or x [n,c,d,h,w] and grid [n,od,oh,ow,3]";
    throw new ShapeError(`gridSample: needs x [n,c,h,w] and grid [n,oh,ow,2], ${deep}, ${shapes}`);
  }
  if (mode === "bicubic" && axes === 3) {
    throw new OptionError(`gridSample: mode bicubic is for planes, ${shapes}`);
  }
  if (x.shape.slice(1).includes(0)) {
    throw new ShapeError(`gridSample: only the batch of x may be empty, ${shapes}`);
  }
}
