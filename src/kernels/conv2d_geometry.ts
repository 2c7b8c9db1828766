// Sizes of a 2-D convolution: what the user's options mean for these shapes, checked. Pure numbers, no GPU.
//   oh = floor((h + top + bottom - dilation_y * (kh - 1) - 1) / stride_y) + 1, ow likewise

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";

/** One number for both axes, or `[y, x]`. */
export type Pair = number | readonly [number, number];

/** Options of conv2d and its gradients, as in torch.nn.functional.conv2d. */
export interface Conv2dOptions {
  /** Default 1. */
  readonly stride?: Pair;
  /**
   * Zeros around x, default 0 (`"valid"`). `"same"`: as many as keep the size at stride 1; an odd total puts the extra
   * row at the bottom, the extra column at the right.
   */
  readonly padding?: Pair | "same" | "valid";
  /** Distance of neighbouring taps, default 1. */
  readonly dilation?: Pair;
  /** Input channels and output channels are cut into so many groups that do not see each other; default 1. */
  readonly groups?: number;
}

/** x [n,c,h,w], weight [o,cg,kh,kw], y [n,o,oh,ow]; cg = c / groups, og = o / groups; pads at the top and at the left. */
export interface ConvGeometry {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly o: number;
  readonly oh: number;
  readonly ow: number;
  readonly cg: number;
  readonly og: number;
  readonly kh: number;
  readonly kw: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly dilationY: number;
  readonly dilationX: number;
  readonly padY: number;
  readonly padX: number;
  readonly groups: number;
}

/**
 * The geometry of a convolution.
 *
 * @throws OptionError for options out of range
 * @throws ShapeError for shapes that do not fit each other or the options
 */
export function convGeometry(op: string, x: Shape, weight: Shape, options: Conv2dOptions = {}): ConvGeometry {
  const shapes = `x ${formatShape(x)}, weight ${formatShape(weight)}`;
  if (x.length !== 4)
    throw new ShapeError(`${op}: x must have 4 dimensions [n,c,h,w] or 3 [c,h,w], ${shapes}`);
  if (weight.length !== 4) {
    throw new ShapeError(`${op}: weight must have 4 dimensions [o,c/groups,kh,kw], ${shapes}`);
  }
  const [n, c, h, w] = x as [number, number, number, number];
  const [o, cg, kh, kw] = weight as [number, number, number, number];
  const groups = options.groups ?? 1;
  checkInteger(op, "groups", groups, 1);
  const [strideY, strideX] = pair(op, "stride", options.stride ?? 1, 1);
  const [dilationY, dilationX] = pair(op, "dilation", options.dilation ?? 1, 1);
  if (c !== cg * groups) {
    throw new ShapeError(
      `${op}: input channels must match weight.shape[1] * groups, ${shapes}${grouped(groups)}`,
    );
  }
  if (o % groups !== 0)
    throw new ShapeError(`${op}: output channels must divide by groups, ${shapes}${grouped(groups)}`);
  if (kh < 1 || kw < 1) throw new ShapeError(`${op}: the kernel must not be empty, ${shapes}`);
  const reach = [dilationY * (kh - 1), dilationX * (kw - 1)] as const; // rows and columns a window spans, less one
  const [top, left, total] = pads(op, options.padding ?? 0, reach, [strideY, strideX]);
  const room = [h + total[0] - reach[0] - 1, w + total[1] - reach[1] - 1] as const;
  if (room[0] < 0 || room[1] < 0) {
    const padded = formatShape([h + total[0], w + total[1]]);
    const window = formatShape([reach[0] + 1, reach[1] + 1]);
    throw new ShapeError(
      `${op}: the dilated kernel ${window} is larger than the padded input ${padded}, ${shapes}`,
    );
  }
  const oh = Math.floor(room[0] / strideY) + 1;
  const ow = Math.floor(room[1] / strideX) + 1;
  const axes = { strideY, strideX, dilationY, dilationX, padY: top, padX: left };
  return { n, c, h, w, o, oh, ow, cg, og: o / groups, kh, kw, ...axes, groups };
}

function grouped(groups: number): string {
  return groups === 1 ? "" : `, groups ${groups}`;
}

type Two = readonly [number, number];

/** Pads at the top, at the left, and the totals of both axes. */
function pads(op: string, padding: Pair | "same" | "valid", reach: Two, stride: Two): [number, number, Two] {
  if (padding === "valid") return [0, 0, [0, 0]];
  if (padding === "same") {
    if (stride[0] !== 1 || stride[1] !== 1) {
      throw new OptionError(`${op}: padding "same" needs stride 1, got ${formatShape(stride)}`);
    }
    return [Math.floor(reach[0] / 2), Math.floor(reach[1] / 2), reach];
  }
  if (typeof padding === "string") {
    throw new OptionError(
      `${op}: padding must be a number, a pair, "same" or "valid", got "${padding as string}"`,
    );
  }
  const [y, x] = pair(op, "padding", padding, 0);
  return [y, x, [2 * y, 2 * x]];
}

function pair(op: string, name: string, value: Pair, least: number): Two {
  const both: readonly number[] = typeof value === "number" ? [value, value] : value;
  if (!Array.isArray(both) || both.length !== 2) {
    throw new OptionError(`${op}: ${name} must be a number or a pair, got ${JSON.stringify(value)}`);
  }
  for (const v of both) checkInteger(op, name, v, least);
  return both as unknown as Two;
}

function checkInteger(op: string, name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new OptionError(`${op}: ${name} must be an integer of at least ${least}, got ${String(value)}`);
  }
}
