// Other shapes of the same elements in the same order: reshape, flatten, unflatten, squeeze, unsqueeze. They share the
// storage of their input: no copy, no dispatch. Other orders: permute.ts.

import { ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { formatShape, inferShape, normalizeAxes, normalizeAxis, numel, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * x under another shape of the same size (torch.reshape); one size may be -1. Shares storage.
 *
 * @throws ShapeError if the sizes do not fit, or for more than one -1
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return shaped("reshape", x, inferShape("reshape", x.size, shape));
}

/** Merges axes `start` to `end`, both included, into one (torch.flatten); a scalar becomes [1]. Shares storage. */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  const from = normalizeAxis("flatten", start, x.rank);
  const to = normalizeAxis("flatten", end, x.rank);
  if (from > to) {
    throw new ShapeError(
      `flatten: start must not come after end, ${start} and ${end} of x ${formatShape(x.shape)}`,
    );
  }
  const merged = numel(x.shape.slice(from, to + 1));
  return shaped("flatten", x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to + 1)]);
}

/** Splits one axis into `sizes` (torch.unflatten); one size may be -1. Shares storage. */
export function unflatten(x: Tensor, axis: number, sizes: Shape): Tensor {
  const at = normalizeAxis("unflatten", axis, x.rank);
  if (x.rank === 0 || sizes.length === 0)
    throw new ShapeError(`unflatten: needs an axis and sizes, x ${formatShape(x.shape)}`);
  const parts = inferShape("unflatten", x.shape[at], sizes);
  return shaped("unflatten", x, [...x.shape.slice(0, at), ...parts, ...x.shape.slice(at + 1)]);
}

/** Drops `axes` of size 1, by default all (torch.squeeze); a named axis of another size stays. Shares storage. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  // No axes at all name none, as in PyTorch; normalizeAxes would take all.
  const named = Array.isArray(axes) && axes.length === 0 ? [] : normalizeAxes("squeeze", axes, x.rank);
  return shaped(
    "squeeze",
    x,
    x.shape.filter((s, i) => s !== 1 || !named.includes(i)),
  );
}

/** Adds an axis of size 1 before `axis`; -1 adds it at the end (torch.unsqueeze). Shares storage. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis("unsqueeze", axis, x.rank + 1);
  return shaped("unsqueeze", x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** x under `shape`, which must have its size: a tensor of its own on the tape, on the same storage. */
export function shaped(name: string, x: Tensor, shape: Shape): Tensor {
  const [y] = op(name, [x], () => ({
    outputs: [x.alias([...shape])],
    pullback: ([dy]) => [dy && shaped(name, dy, x.shape)],
  }));
  return y;
}
