// Sliding windows as columns, and columns summed back: unfold (im2col) and fold (col2im), each other's transpose. The map is
// a product of one along h and one along w (axis_map.ts), so each axis is done on its own.

import { ShapeError } from "../gpu/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { applyAxisMap } from "./axis_map.ts";
import { single, tapMap } from "./conv_nd.ts";
import { axisNumbers, type ConvAxis, convAxes, type Sizes } from "./conv_nd_geometry.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";

export interface UnfoldOptions {
  readonly kernelSize: Sizes;
  /** Default 1. */
  readonly stride?: Sizes;
  /** Zeros around x, default 0. */
  readonly padding?: Sizes;
  /** Default 1. */
  readonly dilation?: Sizes;
}

export interface FoldOptions extends UnfoldOptions {
  /** Height and width of the result. */
  readonly outputSize: Sizes;
}

/**
 * The windows of x as columns (torch.nn.functional.unfold): row c * kh * kw + i * kw + j, column oy * ow + ox.
 *
 * Shapes: x [n, c, h, w] or [c, h, w] -> [n, c * kh * kw, oh * ow] or without n, with
 * oh = floor((h + 2 * padding - dilation * (kh - 1) - 1) / stride) + 1, ow likewise.
 *
 * @throws OptionError for sizes out of range; ShapeError for another rank or a window larger than the padded x
 * @throws DTypeError unless x is f32
 */
export function unfold(x: Tensor, options: UnfoldOptions): Tensor {
  if (x.rank === 3) return single(x, (batch) => unfold(batch, options));
  if (x.rank !== 4) {
    throw new ShapeError(
      `unfold: x must have 4 dimensions [n,c,h,w] or 3 [c,h,w], x ${formatShape(x.shape)}`,
    );
  }
  const [n, c] = x.shape;
  const [h, w] = windows("unfold", x.shape.slice(2), options);
  const rows = applyAxisMap("unfold", x, 2, tapMap(h)); // [n, c, kh * oh, w]
  const both = applyAxisMap("unfold", rows, 3, tapMap(w)); // [n, c, kh * oh, kw * ow]
  const taps = permute(reshape(both, [n, c, h.kernel, h.out, w.kernel, w.out]), [0, 1, 2, 4, 3, 5]);
  return reshape(taps, [n, c * h.kernel * w.kernel, h.out * w.out]);
}

/**
 * Columns summed back to where unfold took them from (torch.nn.functional.fold).
 *
 * Shapes: x [n, c * kh * kw, oh * ow] or without n -> [n, c, ...outputSize] or without n.
 *
 * @throws ShapeError if the rows do not divide by kh * kw, or the columns are not oh * ow. Otherwise as unfold.
 */
export function fold(x: Tensor, options: FoldOptions): Tensor {
  if (x.rank === 2) return single(x, (batch) => fold(batch, options));
  const shape = `x ${formatShape(x.shape)}`;
  if (x.rank !== 3)
    throw new ShapeError(`fold: x must have 3 dimensions [n,c*kh*kw,l] or 2 [c*kh*kw,l], ${shape}`);
  const size = axisNumbers("fold", "outputSize", options.outputSize, 2, 1);
  const [h, w] = windows("fold", size, options);
  const [n, rows, columns] = x.shape;
  const c = rows / (h.kernel * w.kernel);
  if (!Number.isInteger(c) || columns !== h.out * w.out) {
    const rule = `x must be [n,c*${h.kernel}*${w.kernel},${h.out}*${w.out}]`;
    throw new ShapeError(`fold: ${rule}, ${shape}, outputSize ${formatShape(size)}`);
  }
  const taps = permute(reshape(x, [n, c, h.kernel, w.kernel, h.out, w.out]), [0, 1, 2, 4, 3, 5]);
  const both = reshape(taps, [n, c, h.kernel * h.out, w.kernel * w.out]);
  const wide = applyAxisMap("fold", both, 3, tapMap(w).transposed); // [n, c, kh * oh, w]
  return applyAxisMap("fold", wide, 2, tapMap(h).transposed); // [n, c, h, w]
}

function windows(op: string, size: readonly number[], options: UnfoldOptions): ConvAxis[] {
  const kernel = axisNumbers(op, "kernelSize", options.kernelSize, 2, 1);
  const { stride, padding, dilation } = options;
  return convAxes(op, [1, 1, ...size], [1, 1, ...kernel], { stride, padding, dilation });
}
