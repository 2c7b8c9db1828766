// pad: a border of one value around a tensor; negative pads crop. Its gradient is pad with the opposite pads. Borders of
// x's own values: pad_modes.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { fill } from "../tensor/primitives.ts";
import { contiguousStrides, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { type BorderMode, padBorder } from "./pad_modes.ts";
import { shaped } from "./reshape.ts";
import { stridedCopy } from "./strided_copy.ts";

export type { BorderMode } from "./pad_modes.ts";

/** Elements added before and after each axis. */
type Pads = readonly (readonly [before: number, after: number])[];

/**
 * x with a border (torch.nn.functional.pad): of one value, or of its own values by mode "reflect", "replicate" or
 * "circular", on any axes.
 *
 * @param pads in PyTorch's order, the last axis first: [left, right, top, bottom, ...]; negative crops
 * @param border value of a constant border, default 0, or a mode
 * @throws OptionError if `pads` has an odd length or is longer than the axes, or for an unknown mode
 * @throws ShapeError for a crop of more than there is, a reflection as long as its axis, a circle longer than it
 */
export function pad(x: Tensor, pads: readonly number[], border: number | BorderMode = 0): Tensor {
  if (pads.length % 2 !== 0 || pads.length > 2 * x.rank || !pads.every(Number.isInteger)) {
    throw new OptionError(
      `pad: pads must be pairs of integers, at most one pair an axis, got [${pads}] for x ${formatShape(x.shape)}`,
    );
  }
  if (typeof border === "string") return padBorder(x, pads, border);
  const byAxis = x.shape.map((_, i) => {
    const at = 2 * (x.rank - 1 - i);
    return [pads[at] ?? 0, pads[at + 1] ?? 0] as const;
  });
  return padded(x, byAxis, x.dtype === "bool" ? Number(border !== 0) : border);
}

function padded(x: Tensor, pads: Pads, value: number): Tensor {
  const kept = x.shape.map((s, i) => s + Math.min(pads[i][0], 0) + Math.min(pads[i][1], 0));
  if (kept.some((s) => s < 0)) {
    throw new ShapeError(
      `pad: cannot crop more than there is, pads ${pads.map(([b, a]) => `(${b},${a})`).join("")}, x ${formatShape(x.shape)}`,
    );
  }
  if (pads.every(([b, a]) => b === 0 && a === 0)) return shaped("pad", x, x.shape);
  const shape = x.shape.map((s, i) => s + pads[i][0] + pads[i][1]);
  const [y] = op("pad", [x], () => {
    const y = empty(shape, x.dtype, x.device);
    if (!sameShape(kept, shape)) fill(y, value);
    const src = contiguousStrides(x.shape);
    const dst = contiguousStrides(shape);
    const axes = kept.map((size, i) => ({ size, src: src[i], dst: dst[i] }));
    const offsets = { src: start(src, pads, -1), dst: start(dst, pads, 1) };
    stridedCopy(x, y, axes, offsets, "pad");
    return { outputs: [y], pullback: ([dy]) => [dy && padded(dy, opposite(pads), 0)] };
  });
  return y;
}

/** Offset of the first element kept: behind the pads of sign +1 in y, behind the crops in x. */
function start(strides: Shape, pads: Pads, sign: number): number {
  return strides.reduce((n, s, i) => n + s * Math.max(sign * pads[i][0], 0), 0);
}

function opposite(pads: Pads): Pads {
  return pads.map(([before, after]) => [-before, -after]);
}
