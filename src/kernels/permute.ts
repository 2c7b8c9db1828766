// permute and transpose: y[i_axes[0], i_axes[1], ...] = x[i_0, i_1, ...], as a copy. matmul takes transposed operands
// without it.

import { ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { contiguousStrides, formatShape, normalizeAxis, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { shaped } from "./reshape.ts";
import { stridedCopy } from "./strided_copy.ts";

/**
 * Axis k of the result is axis `axes[k]` of x (torch.permute). Shares storage where only axes of size 1 move.
 *
 * @throws ShapeError unless `axes` names every axis once
 */
export function permute(x: Tensor, axes: Shape): Tensor {
  const order = axes.map((a) => normalizeAxis("permute", a, x.rank));
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError(
      `permute: axes must name every axis once, axes ${formatShape(axes)}, x ${formatShape(x.shape)}`,
    );
  }
  return ordered("permute", x, order);
}

/** Swaps two axes (torch.transpose). */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  const [p, q] = [normalizeAxis("transpose", a, x.rank), normalizeAxis("transpose", b, x.rank)];
  const order = x.shape.map((_, i) => (i === p ? q : i === q ? p : i));
  return ordered("transpose", x, order);
}

function ordered(name: string, x: Tensor, order: readonly number[]): Tensor {
  const shape = order.map((a) => x.shape[a]);
  const moving = order.filter((a) => x.shape[a] !== 1);
  if (moving.every((a, i) => i === 0 || a > moving[i - 1])) return shaped(name, x, shape);
  const [y] = op(name, [x], () => {
    const y = empty(shape, x.dtype, x.device);
    const src = contiguousStrides(x.shape);
    const dst = contiguousStrides(shape);
    stridedCopy(
      x,
      y,
      order.map((a, i) => ({ size: shape[i], src: src[a], dst: dst[i] })),
      {},
      name,
    );
    return { outputs: [y], pullback: ([dy]) => [dy && ordered(name, dy, inverse(order))] };
  });
  return y;
}

function inverse(order: readonly number[]): number[] {
  const out = new Array<number>(order.length);
  order.forEach((a, i) => {
    out[a] = i;
  });
  return out;
}
