// Max and average pooling over one and three axes, by the kernels of two (max_pool.ts, avg_pool.ts).
//   1-D  x as planes [l, 1]
//   3-D  a window is a box, so first h and w, then d over planes [d, oh * ow]: maxima of maxima, means of means (a divisor,
//        with or without padding, is a product of one an axis). Of equal values the first in the box stays the first.
// Gradients of any order are those of the steps. Adaptive windows: adaptive_pool_nd.ts.

import { OptionError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { poolIndex3d } from "../gpu/shaders.gen.ts";
import { op } from "../tensor/op.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { avgPool } from "./avg_pool.ts";
import { maxPool, type ReturnIndices } from "./max_pool.ts";
import type { PoolGeometry } from "./pool_geometry.ts";
import {
  type AvgPoolNdOptions,
  asColumn,
  boxGeometry,
  boxShape,
  columnGeometry,
  type MaxPoolNdOptions,
} from "./pool_nd_geometry.ts";
import { reshape } from "./reshape.ts";

export type { AvgPoolNdOptions, MaxPoolNdOptions } from "./pool_nd_geometry.ts";

const joinIndices = kernel(poolIndex3d);
const WG = 64;

/**
 * Maximum over windows of one axis (torch.nn.functional.max_pool1d). Ties, NaN and padding as maxPool2d.
 *
 * Shapes: x [n, c, l] or [c, l] -> [..., ol], ol = floor((l + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1;
 * n may be 0. Indices (i32, with returnIndices): position in the axis. Errors as maxPool2d.
 */
export function maxPool1d(x: Tensor, options: MaxPoolNdOptions & { readonly returnIndices?: false }): Tensor;
export function maxPool1d(x: Tensor, options: MaxPoolNdOptions & ReturnIndices): [Tensor, Tensor];
export function maxPool1d(x: Tensor, options: MaxPoolNdOptions & Partial<ReturnIndices<boolean>>) {
  const planes = asColumn("maxPool1d", x);
  const found = maxPool("maxPool1d", planes, columnGeometry("maxPool1d", planes, options));
  const [y, indices] = found.map((t) => reshape(t, t.shape.slice(0, -1)));
  return options.returnIndices ? [y, indices] : y;
}

/** Mean over windows of one axis (torch.nn.functional.avg_pool1d). Shapes as maxPool1d, options and errors as avgPool2d. */
export function avgPool1d(x: Tensor, options: Omit<AvgPoolNdOptions, "divisorOverride">): Tensor {
  const planes = asColumn("avgPool1d", x);
  const geometry = columnGeometry("avgPool1d", planes, options);
  const y = avgPool("avgPool1d", planes, {
    geometry,
    includePad: options.countIncludePad ?? true,
    divisor: 0,
  });
  return reshape(y, y.shape.slice(0, -1));
}

/**
 * Maximum over boxes (torch.nn.functional.max_pool3d). Ties, NaN and padding as maxPool2d.
 *
 * Shapes: x [n, c, d, h, w] or [c, d, h, w] -> [..., od, oh, ow], each as maxPool1d; n may be 0. Indices (i32, with
 * returnIndices): position in the d * h * w volume. Errors as maxPool2d.
 */
export function maxPool3d(x: Tensor, options: MaxPoolNdOptions & { readonly returnIndices?: false }): Tensor;
export function maxPool3d(x: Tensor, options: MaxPoolNdOptions & ReturnIndices): [Tensor, Tensor];
export function maxPool3d(x: Tensor, options: MaxPoolNdOptions & Partial<ReturnIndices<boolean>>) {
  const [plane, depth] = boxGeometry("maxPool3d", x, options);
  const [y, indices] = maxPoolBox("maxPool3d", x, plane, depth, options.returnIndices === true);
  return options.returnIndices ? [y, indices] : y;
}

/** Mean over boxes (torch.nn.functional.avg_pool3d). Shapes as maxPool3d, options and errors as avgPool2d. */
export function avgPool3d(x: Tensor, options: AvgPoolNdOptions): Tensor {
  const name = "avgPool3d";
  const { countIncludePad: includePad = true, divisorOverride: divisor = null } = options;
  if (divisor !== null && !(Number.isInteger(divisor) && divisor !== 0)) {
    throw new OptionError(`${name}: divisorOverride must be an integer other than 0, got ${divisor}`);
  }
  const [plane, depth] = boxGeometry(name, x, options);
  const first = { geometry: plane, includePad, divisor: divisor === null ? 0 : 1 };
  const second = { geometry: depth, includePad, divisor: divisor ?? 0 };
  const flat = avgPool(name, reshape(x, plane.x), first);
  return reshape(avgPool(name, reshape(flat, depth.x), second), boxShape(x, plane, depth));
}

/** [y, indices] of a max pooling of planes, then of what they gave along d. */
export function maxPoolBox(
  name: string,
  x: Tensor,
  plane: PoolGeometry,
  depth: PoolGeometry,
  wantIndices: boolean,
): [Tensor, Tensor | null] {
  const [flat, index1] = maxPool(name, reshape(x, plane.x), plane);
  const [y, index2] = maxPool(name, reshape(flat, depth.x), depth);
  const shape = boxShape(x, plane, depth);
  if (!wantIndices) return [reshape(y, shape), null];
  const [indices] = op(name, [index1, index2], () => {
    const out = empty(shape, "i32", x.device);
    const { h: d, w: p, oh: od } = depth.sizes;
    const params = { size: out.size, out_volume: od * p, d, p, plane: plane.sizes.h * plane.sizes.w };
    joinIndices({ index1, index2, y: out }, params, {
      grid: grid1d(Math.ceil(out.size / WG)),
      label: name,
    });
    return { outputs: [out] };
  });
  return [reshape(y, shape), indices];
}
