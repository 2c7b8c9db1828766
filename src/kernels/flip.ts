// flip: y[.., i, ..] = x[.., n - 1 - i, ..] along the axes given. Its own inverse, so its own gradient.

import { op } from "../tensor/op.ts";
import { contiguousStrides, normalizeAxis } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { shaped } from "./reshape.ts";
import { stridedCopy } from "./strided_copy.ts";

/** x backwards along `axes`; none flips nothing (torch.flip). */
export function flip(x: Tensor, axes: number | readonly number[]): Tensor {
  const list = typeof axes === "number" ? [axes] : axes;
  const flipped = new Set(list.map((a) => normalizeAxis("flip", a, x.rank)));
  return mirrored(
    x,
    [...flipped].filter((a) => (x.shape[a] ?? 1) > 1),
  );
}

function mirrored(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.length === 0) return shaped("flip", x, x.shape);
  const [y] = op("flip", [x], () => {
    const y = empty(x.shape, x.dtype, x.device);
    const strides = contiguousStrides(x.shape);
    const last = axes.reduce((n, a) => n + (x.shape[a] - 1) * strides[a], 0);
    const box = x.shape.map((size, i) => ({
      size,
      src: axes.includes(i) ? -strides[i] : strides[i],
      dst: strides[i],
    }));
    stridedCopy(x, y, box, { src: last }, "flip");
    return { outputs: [y], pullback: ([dy]) => [dy && mirrored(dy, axes)] };
  });
  return y;
}
