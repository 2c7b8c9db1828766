// Sizes of a pooling: what the user's options mean for a shape, checked by PyTorch's rules. Pure numbers, no GPU.
//   oh = floor((h + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1, ow likewise; with ceilMode rounded up, less a
//   last window that would start beyond x and the padding at its top

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { formatShape, numel, type Shape } from "../tensor/shape.ts";
import type { Pair } from "./conv2d_geometry.ts";

/** Options of a pooling with a fixed window. */
export interface PoolOptions {
  readonly kernelSize: Pair;
  /** Default: kernelSize. */
  readonly stride?: Pair;
  /** On both sides, at most half of the kernel; default 0. */
  readonly padding?: Pair;
  /** Distance of neighbouring elements of a window; default 1. */
  readonly dilation?: Pair;
  /** Round the output size up: a last window may reach beyond the padding. Default false. */
  readonly ceilMode?: boolean;
}

/** Both axes of a pooling: x [...lead, h, w] -> [...lead, oh, ow]; sizes and constants as pool_window.wgsl has them. */
export interface PoolGeometry {
  readonly x: Shape;
  readonly y: Shape;
  /** Planes of h * w elements: n * c. */
  readonly planes: number;
  readonly sizes: { readonly h: number; readonly w: number; readonly oh: number; readonly ow: number };
  /** Constants of the forward and of the backward kernels. */
  readonly forward: PoolConstants;
  readonly backward: PoolConstants;
}

type PoolConstants = { readonly ADAPTIVE: boolean; readonly ROLLED: boolean } & {
  readonly [K in `${"KERNEL" | "STRIDE" | "PAD" | "DILATION" | "TAPS" | "COVER"}_${"Y" | "X"}`]: number;
};

/** Elements of a window, and windows of an element, that the kernels write out: more compile for longer than they save. */
const MOST_TAPS = 9;
const MOST_COVER = 4;

type Two = readonly [number, number];

/**
 * The geometry of a pooling with a fixed window.
 *
 * @throws OptionError for options out of range
 * @throws ShapeError for a wrong rank, empty planes, or an output without elements
 */
export function poolGeometry(op: string, x: Shape, options: PoolOptions): PoolGeometry {
  const kernel = pair(op, "kernelSize", options.kernelSize, 1);
  const stride = pair(op, "stride", options.stride ?? options.kernelSize, 1);
  const padding = pair(op, "padding", options.padding ?? 0, 0);
  const dilation = pair(op, "dilation", options.dilation ?? 1, 1);
  if (padding.some((p, i) => p > kernel[i]! / 2)) {
    const given = `padding ${formatShape(padding)}, kernelSize ${formatShape(kernel)}`;
    throw new OptionError(`${op}: padding must be at most half of the kernel, ${given}`);
  }
  const { lead, size } = planesOf(op, x);
  const outSize = size.map((s, i) => {
    const room = s + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1;
    if (!options.ceilMode) return Math.floor(room / stride[i]!) + 1;
    const o = Math.ceil(room / stride[i]!) + 1;
    return (o - 1) * stride[i]! >= s + padding[i]! ? o - 1 : o;
  });
  if (outSize.some((o) => o < 1)) {
    const window = `kernelSize ${formatShape(kernel)}, padding ${formatShape(padding)}, dilation ${formatShape(dilation)}`;
    throw new ShapeError(
      `${op}: the output size ${formatShape(outSize)} is too small, x ${formatShape(x)}, ${window}`,
    );
  }
  return geometry(x, lead, size as unknown as Two, outSize as unknown as Two, {
    kernel,
    stride,
    padding,
    dilation,
  });
}

/** Output size of an adaptive pooling: one for both axes, or `[y, x]`; null keeps the size of x. */
export type AdaptiveSize = number | null | readonly [number | null, number | null];

/** The geometry of an adaptive pooling. Errors as poolGeometry; an output size may be 0. */
export function adaptiveGeometry(op: string, x: Shape, outputSize: AdaptiveSize): PoolGeometry {
  const single = outputSize === null || typeof outputSize === "number";
  const both: readonly (number | null)[] = single ? [outputSize, outputSize] : outputSize;
  if (both?.length !== 2 || both.some((s) => s !== null && !(Number.isInteger(s) && s >= 0))) {
    const got = JSON.stringify(outputSize);
    throw new OptionError(
      `${op}: outputSize must be a non-negative integer, null or a pair of them, got ${got}`,
    );
  }
  const { lead, size } = planesOf(op, x);
  return geometry(x, lead, size, [both[0] ?? size[0], both[1] ?? size[1]], null);
}

interface Windows {
  readonly kernel: Two;
  readonly stride: Two;
  readonly padding: Two;
  readonly dilation: Two;
}

function geometry(x: Shape, lead: Shape, [h, w]: Two, [oh, ow]: Two, windows: Windows | null): PoolGeometry {
  const { kernel, stride, padding, dilation } = windows ?? {
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0],
    dilation: [1, 1],
  };
  const cover = [0, 1].map((i) => Math.ceil((dilation[i]! * (kernel[i]! - 1) + 1) / stride[i]!)) as [
    number,
    number,
  ];
  const constants = {
    ADAPTIVE: windows === null,
    ...{ KERNEL_Y: kernel[0], KERNEL_X: kernel[1], STRIDE_Y: stride[0], STRIDE_X: stride[1] },
    ...{ PAD_Y: padding[0], PAD_X: padding[1], DILATION_Y: dilation[0], DILATION_X: dilation[1] },
  };
  const turns = (of: Two, most: number): Turns => {
    const rolled = windows === null || of[0] * of[1] > most;
    return { ROLLED: rolled, y: rolled ? 1 : of[0], x: rolled ? 1 : of[1] };
  };
  const { y: TAPS_Y, x: TAPS_X, ROLLED } = turns(kernel, MOST_TAPS);
  const back = turns(cover, MOST_COVER);
  return {
    ...{ x, y: [...lead, oh, ow], planes: numel(lead), sizes: { h, w, oh, ow } },
    forward: { ...constants, ROLLED, TAPS_Y, TAPS_X, COVER_Y: 1, COVER_X: 1 },
    backward: { ...constants, ROLLED: back.ROLLED, TAPS_Y: 1, TAPS_X: 1, COVER_Y: back.y, COVER_X: back.x },
  };
}

interface Turns {
  readonly ROLLED: boolean;
  readonly y: number;
  readonly x: number;
}

function planesOf(op: string, x: Shape): { lead: Shape; size: Two } {
  if (x.length !== 3 && x.length !== 4) {
    throw new ShapeError(`${op}: x must have 4 dimensions [n,c,h,w] or 3 [c,h,w], x ${formatShape(x)}`);
  }
  if (x.slice(-3).includes(0)) {
    throw new ShapeError(`${op}: only the batch may be empty, x ${formatShape(x)}`);
  }
  return { lead: x.slice(0, -2), size: x.slice(-2) as unknown as Two };
}

function pair(op: string, name: string, value: Pair, least: number): Two {
  const both: readonly number[] = typeof value === "number" ? [value, value] : value;
  if (!Array.isArray(both) || both.length !== 2 || both.some((v) => !Number.isInteger(v) || v < least)) {
    const got = JSON.stringify(value);
    throw new OptionError(
      `${op}: ${name} must be an integer of at least ${least} or a pair of them, got ${got}`,
    );
  }
  return both as unknown as Two;
}
