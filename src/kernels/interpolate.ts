// Resizing of the spatial axes. Every mode is linear and a product of one map an axis (interpolate_taps.ts), so each axis is
// done on its own, and the gradient is the transposed map (axis_map.ts): summed in a fixed order, differentiable again.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type AxisMap, applyAxisMap } from "./axis_map.ts";
import type { Sizes } from "./conv_nd_geometry.ts";
import { type AxisMode, resizeMap } from "./interpolate_taps.ts";
import { shaped } from "./reshape.ts";

/** Spatial axes each mode takes, and the rule along one of them. */
const MODES = {
  nearest: { axis: "nearest", axes: [1, 2, 3] },
  "nearest-exact": { axis: "nearest-exact", axes: [1, 2, 3] },
  linear: { axis: "linear", axes: [1] },
  bilinear: { axis: "linear", axes: [2] },
  bicubic: { axis: "cubic", axes: [2] },
  trilinear: { axis: "linear", axes: [3] },
  area: { axis: "area", axes: [1, 2, 3] },
} as const satisfies Record<string, { axis: AxisMode; axes: readonly number[] }>;

export type InterpolateMode = keyof typeof MODES;

export interface InterpolateOptions {
  /** Spatial shape of the result, one number for all axes or one an axis. This or scaleFactor. */
  readonly size?: Sizes;
  /** Sizes are multiplied by it and rounded down. */
  readonly scaleFactor?: number | readonly number[];
  /** Default nearest. */
  readonly mode?: InterpolateMode;
  /** The centres of the corner elements meet; else the outer edges do (default). For the linear and cubic modes. */
  readonly alignCorners?: boolean;
  /** Average over what a smaller image leaves out. Default false; for bilinear and bicubic. */
  readonly antialias?: boolean;
}

/**
 * x resized (torch.nn.functional.interpolate).
 *
 * Shapes: x [n, c, l], [n, c, h, w] or [n, c, d, h, w] -> [n, c, ...size]. Linear for one axis, bilinear and bicubic for two,
 * trilinear for three, the others for any. Positions follow scaleFactor where it is given, as in PyTorch.
 *
 * @throws OptionError for a mode that does not fit, both or neither of size and scaleFactor, sizes out of range
 * @throws ShapeError for another rank or empty spatial axes; DTypeError unless x is f32
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const name = "interpolate";
  const { mode = "nearest", alignCorners = false, antialias = false } = options;
  const count = x.rank - 2;
  check(x, mode, options);
  const from = x.shape.slice(2);
  const { sizes, factors } = sizesOf(from, options);
  let y = x;
  // Least work first: enlarge the inner axes early, while there is little, and shrink the outer ones early.
  const axes = Array.from({ length: count }, (_, i) => i);
  const shrinking = axes.filter((i) => sizes[i] < from[i]);
  const growing = axes.filter((i) => sizes[i] >= from[i]).reverse();
  for (const i of [...shrinking, ...growing]) {
    const resizing = { from: from[i], to: sizes[i], factor: factors?.[i] ?? null };
    const map = resizeMap({ ...resizing, mode: MODES[mode].axis, alignCorners, antialias });
    if (!isIdentity(map)) y = applyAxisMap(name, y, 2 + i, map);
  }
  return y === x ? shaped(name, x, x.shape) : y;
}

function check(x: Tensor, mode: InterpolateMode, { alignCorners, antialias }: InterpolateOptions): void {
  if (!Object.hasOwn(MODES, mode)) {
    throw new OptionError(`interpolate: mode must be one of ${Object.keys(MODES).join(", ")}, got ${mode}`);
  }
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`interpolate: takes f32 tensors, x is ${x.dtype}${formatShape(x.shape)}`);
  }
  const { axis, axes } = MODES[mode];
  if (!(axes as readonly number[]).includes(x.rank - 2) || x.shape.slice(2).includes(0)) {
    const ranks = axes.map((a) => a + 2).join(" or ");
    throw new ShapeError(
      `interpolate: mode ${mode} takes x of ${ranks} dimensions with elements, x ${formatShape(x.shape)}`,
    );
  }
  if (alignCorners && axis !== "linear" && axis !== "cubic") {
    throw new OptionError(`interpolate: alignCorners is for the linear and cubic modes, not for ${mode}`);
  }
  if (antialias && mode !== "bilinear" && mode !== "bicubic") {
    throw new OptionError(`interpolate: antialias is for bilinear and bicubic, not for ${mode}`);
  }
}

function sizesOf(from: readonly number[], { size, scaleFactor }: InterpolateOptions) {
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new OptionError("interpolate: needs one of size and scaleFactor");
  }
  const given = size ?? scaleFactor;
  const each = typeof given === "number" ? from.map(() => given) : [...(given ?? [])];
  const sizes = size === undefined ? from.map((s, i) => Math.floor(s * each[i])) : each;
  if (each.length !== from.length || !sizes.every((s) => Number.isSafeInteger(s) && s > 0)) {
    const option = size === undefined ? "scaleFactor" : "size";
    throw new OptionError(
      `interpolate: ${option} must give ${from.length} positive sizes, got ${JSON.stringify(given)}`,
    );
  }
  return { sizes, factors: size === undefined ? each : null };
}

function isIdentity(map: AxisMap): boolean {
  const same = map.rows.length === map.columns;
  return same && map.rows.every((r, j) => r.length === 1 && r[0][0] === j && r[0][1] === 1);
}
