// Sizes of convolutions over 1 to 3 axes, forward and transposed: what the options mean, checked. Pure numbers. The plain
// 2-D convolution has its own, conv2d_geometry.ts, with the letters of its shaders.
//   forward     out = floor((in + before + after - dilation * (k - 1) - 1) / stride) + 1
//   transposed  out = (in - 1) * stride - 2 * padding + dilation * (k - 1) + outputPadding + 1

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";

/** One number for all axes, or one an axis. */
export type Sizes = number | readonly number[];

/** Options of conv1d and conv3d; conv2d has the same with pairs. */
export interface ConvOptions {
  /** Default 1. */
  readonly stride?: Sizes;
  /** Zeros around x, default 0 (`"valid"`). `"same"`: as many as keep the size at stride 1, the odd one at the end. */
  readonly padding?: Sizes | "same" | "valid";
  /** Distance of neighbouring taps, default 1. */
  readonly dilation?: Sizes;
  /** Input and output channels are cut into so many groups that do not see each other; default 1. */
  readonly groups?: number;
}

export interface ConvTransposeOptions {
  /** Default 1. */
  readonly stride?: Sizes;
  /** Cut off both sides of y; default 0. */
  readonly padding?: Sizes;
  /** Added at the end of y, less than stride or dilation; default 0. */
  readonly outputPadding?: Sizes;
  /** Default 1. */
  readonly dilation?: Sizes;
  /** Default 1. */
  readonly groups?: number;
}

/** One axis of a convolution from `size` to `out`. */
export interface ConvAxis {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding in front. */
  readonly before: number;
}

/** `count` integers of at least `least`. */
export function axisNumbers(op: string, name: string, value: Sizes, count: number, least: number): number[] {
  const all: readonly number[] = typeof value === "number" ? new Array<number>(count).fill(value) : value;
  if (!Array.isArray(all) || all.length !== count) {
    const one = count === 1 ? "an integer" : `an integer or ${count} of them`;
    throw new OptionError(`${op}: ${name} must be ${one}, got ${JSON.stringify(value)}`);
  }
  for (const v of all) {
    if (!Number.isInteger(v) || v < least) {
      throw new OptionError(`${op}: ${name} must be an integer of at least ${least}, got ${String(v)}`);
    }
  }
  return [...all];
}

/**
 * The axes of a convolution of x [n, c, ...], weight [o, c / groups, ...].
 *
 * @throws OptionError for options out of range; ShapeError if the kernel is larger than the padded input
 */
export function convAxes(op: string, x: Shape, weight: Shape, options: ConvOptions): ConvAxis[] {
  const count = x.length - 2;
  const stride = axisNumbers(op, "stride", options.stride ?? 1, count, 1);
  const dilation = axisNumbers(op, "dilation", options.dilation ?? 1, count, 1);
  const { padding = 0 } = options;
  if (padding === "same" && stride.some((s) => s !== 1)) {
    throw new OptionError(`${op}: padding "same" needs stride 1, got ${formatShape(stride)}`);
  }
  if (typeof padding === "string" && padding !== "same" && padding !== "valid") {
    throw new OptionError(
      `${op}: padding must be a number, numbers, "same" or "valid", got "${padding as string}"`,
    );
  }
  const pads = typeof padding === "string" ? null : axisNumbers(op, "padding", padding, count, 0);
  return stride.map((s, i) => {
    const [size, kernel] = [x[i + 2], weight[i + 2]];
    const reach = dilation[i] * (kernel - 1);
    const before = pads ? pads[i] : padding === "same" ? Math.floor(reach / 2) : 0;
    const total = pads ? 2 * pads[i] : padding === "same" ? reach : 0;
    const room = size + total - reach - 1;
    if (room < 0) {
      throw new ShapeError(
        `${op}: the dilated kernel is larger than the padded input, x ${formatShape(x)}, weight ${formatShape(weight)}`,
      );
    }
    return { size, out: Math.floor(room / s) + 1, kernel, stride: s, dilation: dilation[i], before };
  });
}

/**
 * The axes of the convolution that a transposed one is the adjoint of: `out` is x's size, `size` the result's.
 *
 * @throws OptionError for options out of range; ShapeError for an empty axis or a result without elements
 */
export function transposedAxes(
  op: string,
  x: Shape,
  weight: Shape,
  options: ConvTransposeOptions,
): ConvAxis[] {
  const count = x.length - 2;
  const numbers = (name: "stride" | "dilation" | "padding" | "outputPadding", value: number) =>
    axisNumbers(op, name, options[name] ?? value, count, value);
  const [stride, dilation] = [numbers("stride", 1), numbers("dilation", 1)];
  const [padding, extra] = [numbers("padding", 0), numbers("outputPadding", 0)];
  return stride.map((s, i) => {
    if (extra[i] >= Math.max(s, dilation[i])) {
      throw new OptionError(
        `${op}: outputPadding must be less than stride or dilation, got ${extra[i]}, stride ${s}, dilation ${dilation[i]}`,
      );
    }
    const [out, kernel] = [x[i + 2], weight[i + 2]];
    const size = (out - 1) * s - 2 * padding[i] + dilation[i] * (kernel - 1) + extra[i] + 1;
    if (out < 1 || size < 1) {
      throw new ShapeError(
        `${op}: x and the output must not be empty, x ${formatShape(x)}, weight ${formatShape(weight)}, padding ${formatShape(padding)}`,
      );
    }
    return { size, out, kernel, stride: s, dilation: dilation[i], before: padding[i] };
  });
}
