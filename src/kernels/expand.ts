// expand and repeat: elements again and again along axes, as copies. The gradient sums over them (broadcast.ts).

import { ShapeError } from "../gpu/errors.ts";
import { checkShape, formatShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { reshape } from "./reshape.ts";

/**
 * x with its axes of size 1 repeated to `shape`, and new axes in front (torch.Tensor.expand, but a copy). -1 keeps a size.
 *
 * @throws ShapeError if x does not broadcast to `shape`
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  const lead = shape.length - x.rank;
  const sizes = shape.map((s, i) => (s === -1 && i >= lead ? x.shape[i - lead] : s));
  checkShape("expand", sizes);
  const fits = lead >= 0 && x.shape.every((s, i) => s === 1 || s === sizes[lead + i]);
  if (!fits)
    throw new ShapeError(
      `expand: x must broadcast to shape, x ${formatShape(x.shape)}, shape ${formatShape(shape)}`,
    );
  return broadcastTo(x, sizes);
}

/**
 * x laid side by side `counts[k]` times along axis k (torch.Tensor.repeat, numpy.tile). More counts than axes add axes in
 * front; every axis needs one.
 */
export function repeat(x: Tensor, counts: Shape): Tensor {
  checkShape("repeat", counts);
  const lead = counts.length - x.rank;
  if (lead < 0)
    throw new ShapeError(
      `repeat: needs a count for every axis, counts ${formatShape(counts)}, x ${formatShape(x.shape)}`,
    );
  const sizes = [...new Array<number>(lead).fill(1), ...x.shape];
  const apart = reshape(
    x,
    sizes.flatMap((s) => [1, s]),
  );
  const copies = broadcastTo(
    apart,
    sizes.flatMap((s, i) => [counts[i], s]),
  );
  return reshape(
    copies,
    sizes.map((s, i) => s * counts[i]),
  );
}
