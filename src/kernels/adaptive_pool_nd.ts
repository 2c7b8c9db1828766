// Adaptive pooling over one and three axes: the output size is given, the windows follow as in adaptive_pool.ts. By the
// kernels of two axes, as in pool_nd.ts.

import { OptionError } from "../gpu/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { avgPool } from "./avg_pool.ts";
import { maxPool, type ReturnIndices } from "./max_pool.ts";
import { adaptiveGeometry, type PoolGeometry } from "./pool_geometry.ts";
import { maxPoolBox } from "./pool_nd.ts";
import { asColumn, boxShape, boxShapes } from "./pool_nd_geometry.ts";
import { reshape } from "./reshape.ts";

/** Output size of an adaptive pooling over three axes: one for all, or one an axis; null keeps the size of x. */
export type AdaptiveSize3d = number | null | readonly [number | null, number | null, number | null];

/**
 * Mean over windows that give the output size asked for (torch.nn.functional.adaptive_avg_pool1d).
 *
 * Shapes: x [n, c, l] or [c, l] -> [..., outputSize]; n may be 0. Errors as adaptiveAvgPool2d.
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: number): Tensor {
  const name = "adaptiveAvgPool1d";
  const planes = asColumn(name, x);
  const geometry = columnGeometry(name, planes, outputSize);
  const y = avgPool(name, planes, { geometry, includePad: false, divisor: 0 });
  return reshape(y, y.shape.slice(0, -1));
}

/**
 * Mean over boxes that give the output size asked for (torch.nn.functional.adaptive_avg_pool3d).
 *
 * Shapes: x [n, c, d, h, w] or [c, d, h, w] -> [..., ...outputSize]; n may be 0. Errors as adaptiveAvgPool2d.
 */
export function adaptiveAvgPool3d(x: Tensor, outputSize: AdaptiveSize3d): Tensor {
  const name = "adaptiveAvgPool3d";
  const [plane, depth] = boxGeometry(name, x, outputSize);
  const flat = avgPool(name, reshape(x, plane.x), { geometry: plane, includePad: false, divisor: 0 });
  const y = avgPool(name, reshape(flat, depth.x), { geometry: depth, includePad: false, divisor: 0 });
  return reshape(y, boxShape(x, plane, depth));
}

/**
 * Maximum over windows that give the output size asked for (torch.nn.functional.adaptive_max_pool1d). Ties, NaN and
 * indices as maxPool1d; shapes and errors as adaptiveAvgPool1d.
 */
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: number,
  options?: { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool1d(x: Tensor, outputSize: number, options: ReturnIndices): [Tensor, Tensor];
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: number,
  options: Partial<ReturnIndices<boolean>> = {},
) {
  const name = "adaptiveMaxPool1d";
  const planes = asColumn(name, x);
  const found = maxPool(name, planes, columnGeometry(name, planes, outputSize));
  const [y, indices] = found.map((t) => reshape(t, t.shape.slice(0, -1)));
  return options.returnIndices ? [y, indices] : y;
}

/**
 * Maximum over boxes that give the output size asked for (torch.nn.functional.adaptive_max_pool3d). Ties, NaN and
 * indices as maxPool3d; shapes and errors as adaptiveAvgPool3d.
 */
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: AdaptiveSize3d,
  options?: { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: AdaptiveSize3d,
  options: ReturnIndices,
): [Tensor, Tensor];
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: AdaptiveSize3d,
  options: Partial<ReturnIndices<boolean>> = {},
) {
  const name = "adaptiveMaxPool3d";
  const [plane, depth] = boxGeometry(name, x, outputSize);
  const [y, indices] = maxPoolBox(name, x, plane, depth, options.returnIndices === true);
  return options.returnIndices ? [y, indices] : y;
}

function columnGeometry(name: string, planes: Tensor, outputSize: number): PoolGeometry {
  if (typeof outputSize !== "number") {
    throw new OptionError(
      `${name}: outputSize must be a non-negative integer, got ${JSON.stringify(outputSize)}`,
    );
  }
  return adaptiveGeometry(name, planes.shape, [outputSize, 1]);
}

function boxGeometry(name: string, x: Tensor, outputSize: AdaptiveSize3d): [PoolGeometry, PoolGeometry] {
  const { planes, volumes } = boxShapes(name, x);
  const single = outputSize === null || typeof outputSize === "number";
  const all: readonly (number | null)[] = single ? [outputSize, outputSize, outputSize] : outputSize;
  if (all?.length !== 3) {
    throw new OptionError(
      `${name}: outputSize must be a non-negative integer, null or three of them, got ${JSON.stringify(outputSize)}`,
    );
  }
  const plane = adaptiveGeometry(name, planes, [all[1], all[2]]);
  const p = plane.sizes.oh * plane.sizes.ow;
  return [plane, adaptiveGeometry(name, [...volumes, p], [all[0], null])];
}
