// What the tensors of a convolution over 1 to 3 axes must be: ranks, channels, bias. Sizes: conv_nd_geometry.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { axisNumbers } from "./conv_nd_geometry.ts";

export interface Tensors {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** Letters of the spatial axes. */
const AXES = { 1: "l", 2: "h,w", 3: "d,h,w" } as const;
export type AxisCount = keyof typeof AXES;

/** Checks ranks, channels, groups and the bias, of a batched x; `transposed` tells which axis of weight x's channels meet. */
export function checkConv(op: string, t: Tensors, axes: AxisCount, groups: number, transposed = false): void {
  for (const [key, v] of Object.entries(t)) {
    if (v && !isFloat(v.dtype)) throw new DTypeError(`${op}: takes f32 tensors, ${key} is ${v.dtype}`);
  }
  const shapes = shapesOf(t);
  const rank = axes + 2;
  if (t.x.rank !== rank) {
    const forms = `${rank} dimensions [n,c,${AXES[axes]}] or ${rank - 1} [c,${AXES[axes]}]`;
    throw new ShapeError(`${op}: x must have ${forms}, ${shapes}`);
  }
  if (t.weight.rank !== rank) throw new ShapeError(`${op}: weight must have ${rank} dimensions, ${shapes}`);
  axisNumbers(op, "groups", groups, 1, 1);
  const [first, second] = t.weight.shape;
  const [c, o] = transposed ? [first, second * groups] : [second * groups, first];
  const given = groups === 1 ? shapes : `${shapes}, groups ${groups}`;
  if (t.x.shape[1] !== c) {
    const rule = transposed ? "weight.shape[0]" : "weight.shape[1] * groups";
    throw new ShapeError(`${op}: input channels must match ${rule}, ${given}`);
  }
  if (first % groups !== 0) throw new ShapeError(`${op}: channels must divide by groups, ${given}`);
  if (t.weight.shape.slice(2).includes(0))
    throw new ShapeError(`${op}: the kernel must not be empty, ${shapes}`);
  if (t.bias && !sameShape(t.bias.shape, [o])) {
    throw new ShapeError(
      `${op}: bias must have one value per output channel, bias ${formatShape(t.bias.shape)}, weight ${formatShape(t.weight.shape)}`,
    );
  }
}

function shapesOf({ x, weight }: Tensors): string {
  return `x ${formatShape(x.shape)}, weight ${formatShape(weight.shape)}`;
}
