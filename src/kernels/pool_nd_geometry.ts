// Sizes of poolings over one and three axes as those of two (pool_geometry.ts): what the options mean, checked. Pure numbers
// but for asColumn, a reshape.

import { ShapeError } from "../gpu/errors.ts";
import { formatShape, numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { axisNumbers, type Sizes } from "./conv_nd_geometry.ts";
import { type PoolGeometry, poolGeometry } from "./pool_geometry.ts";
import { reshape } from "./reshape.ts";

/** Options of a pooling with windows of a fixed size, one number or one an axis. */
export interface PoolNdOptions {
  readonly kernelSize: Sizes;
  /** Default: kernelSize. */
  readonly stride?: Sizes;
  /** On both sides, at most half of the kernel; default 0. */
  readonly padding?: Sizes;
  /** Round the output size up: a last window may reach beyond the padding. Default false. */
  readonly ceilMode?: boolean;
}

export interface MaxPoolNdOptions extends PoolNdOptions {
  /** Distance of neighbouring elements of a window; default 1. */
  readonly dilation?: Sizes;
}

export interface AvgPoolNdOptions extends PoolNdOptions {
  /** Count the zeros of the padding as elements. Default true. */
  readonly countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  readonly divisorOverride?: number | null;
}

/** Shape of the result of two steps over a box. */
export function boxShape(x: Tensor, plane: PoolGeometry, depth: PoolGeometry): number[] {
  return [...x.shape.slice(0, -3), depth.sizes.oh, plane.sizes.oh, plane.sizes.ow];
}

/** x [..., l] as planes [..., l, 1]. */
export function asColumn(name: string, x: Tensor): Tensor {
  if (x.rank !== 2 && x.rank !== 3) {
    throw new ShapeError(`${name}: x must have 3 dimensions [n,c,l] or 2 [c,l], x ${formatShape(x.shape)}`);
  }
  return reshape(x, [...x.shape, 1]);
}

/** Shapes of the two steps: planes [n * c * d, 1, h, w], then [n * c, 1, d, oh * ow] once oh and ow are known. */
export function boxShapes(name: string, x: Tensor): { planes: number[]; volumes: number[] } {
  if (x.rank !== 4 && x.rank !== 5) {
    throw new ShapeError(
      `${name}: x must have 5 dimensions [n,c,d,h,w] or 4 [c,d,h,w], x ${formatShape(x.shape)}`,
    );
  }
  if (x.shape.slice(x.rank - 4).includes(0)) {
    throw new ShapeError(`${name}: only the batch may be empty, x ${formatShape(x.shape)}`);
  }
  const [d, h, w] = x.shape.slice(-3);
  const lead = numel(x.shape.slice(0, -3));
  return { planes: [lead * d, 1, h, w], volumes: [lead, 1, d] };
}

/** Windows along the one axis of asColumn. */
export function columnGeometry(name: string, planes: Tensor, options: MaxPoolNdOptions): PoolGeometry {
  const one = (key: "kernelSize" | "stride" | "dilation" | "padding", value: Sizes, least: number) =>
    axisNumbers(name, key, value, 1, least)[0];
  const { kernelSize, stride = kernelSize, padding = 0, dilation = 1, ceilMode } = options;
  return poolGeometry(name, planes.shape, {
    kernelSize: [one("kernelSize", kernelSize, 1), 1],
    stride: [one("stride", stride, 1), 1],
    padding: [one("padding", padding, 0), 0],
    dilation: [one("dilation", dilation, 1), 1],
    ceilMode,
  });
}

/** Windows of the two steps over a box. */
export function boxGeometry(
  name: string,
  x: Tensor,
  options: MaxPoolNdOptions,
): [PoolGeometry, PoolGeometry] {
  const { planes, volumes } = boxShapes(name, x);
  const { kernelSize, stride = kernelSize, padding = 0, dilation = 1, ceilMode } = options;
  const k = axisNumbers(name, "kernelSize", kernelSize, 3, 1);
  const s = axisNumbers(name, "stride", stride, 3, 1);
  const p = axisNumbers(name, "padding", padding, 3, 0);
  const l = axisNumbers(name, "dilation", dilation, 3, 1);
  const plane = poolGeometry(name, planes, {
    ...{ kernelSize: [k[1], k[2]], stride: [s[1], s[2]], padding: [p[1], p[2]] },
    ...{ dilation: [l[1], l[2]], ceilMode },
  });
  const depth = poolGeometry(name, [...volumes, plane.sizes.oh * plane.sizes.ow], {
    ...{ kernelSize: [k[0], 1], stride: [s[0], 1], padding: [p[0], 0], dilation: [l[0], 1], ceilMode },
  });
  return [plane, depth];
}
