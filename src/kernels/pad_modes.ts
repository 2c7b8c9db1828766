// Borders made from x itself (torch.nn.functional.pad's other modes), one axis after the other:
//   reflect    d c b | a b c d | c b a      the edge is not repeated
//   replicate  a a a | a b c d | d d d
//   circular   b c d | a b c d | a b c
// Which element each row copies is a table (axis_map.ts), and the gradient its transpose. Constant borders: pad.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { tensor } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { applyAxisMap, copies } from "./axis_map.ts";
import { indexSelect } from "./gather.ts";
import { shaped } from "./reshape.ts";

export type BorderMode = "reflect" | "replicate" | "circular";

/** Source of element i of an axis of n, i from -before on. */
const SOURCE = {
  reflect: (i, n) => n - 1 - Math.abs(n - 1 - Math.abs(i)),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => (i + n) % n,
} satisfies Record<BorderMode, (i: number, n: number) => number>;

/** Largest border of an axis of n. */
const MOST = {
  reflect: (n) => n - 1,
  replicate: (n) => (n > 0 ? Infinity : 0),
  circular: (n) => n,
} satisfies Record<BorderMode, (n: number) => number>;

/**
 * x with a border of its own values.
 *
 * @param pads in PyTorch's order, the last axis first; negative crops
 */
export function padBorder(x: Tensor, pads: readonly number[], mode: BorderMode): Tensor {
  if (!Object.hasOwn(SOURCE, mode)) {
    const modes = ["constant", ...Object.keys(SOURCE)].join(", ");
    throw new OptionError(`pad: mode must be one of ${modes}, got ${mode}`);
  }
  let y = x;
  for (let k = 0; k < pads.length / 2; k++) {
    const [before, after] = [pads[2 * k], pads[2 * k + 1]];
    if (before !== 0 || after !== 0) y = alongAxis(y, x.rank - 1 - k, [before, after], mode);
  }
  return y === x ? shaped("pad", x, x.shape) : y;
}

function alongAxis(
  x: Tensor,
  axis: number,
  [before, after]: readonly [number, number],
  mode: BorderMode,
): Tensor {
  const n = x.shape[axis];
  const length = n + before + after;
  if (length < 0 || Math.max(before, after) > MOST[mode](n)) {
    const most = mode === "reflect" ? "below the axis" : "at most the axis";
    throw new ShapeError(
      `pad: the border of mode ${mode} must be ${most}, pads (${before},${after}), axis ${axis} of x ${formatShape(x.shape)}`,
    );
  }
  const from = Array.from({ length }, (_, i) => SOURCE[mode](i - before, n));
  if (isFloat(x.dtype)) return applyAxisMap("pad", x, axis, copies(n, from));
  return indexSelect(x, axis, tensor(Int32Array.from(from), { device: x.device }));
}
