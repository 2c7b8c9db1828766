// pad: a border of one value around a tensor; negative pads crop. Its gradient is pad with the opposite pads.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { fill } from "../tensor/primitives.ts";
import { contiguousStrides, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { shaped } from "./reshape.ts";
import { stridedCopy } from "./strided_copy.ts";

/** Elements added before and after each axis. */
type Pads = readonly (readonly [before: number, after: number])[];

/**
 * x with a constant border (torch.nn.functional.pad, mode "constant").
 *
 * @param pads in PyTorch's order, the last axis first: [left, right, top, bottom, ...]; negative crops
 * @param value of the border, default 0
 * @throws OptionError if `pads` has an odd length or is longer than the axes; ShapeError for a crop of more than there is
 */
export function pad(x: Tensor, pads: readonly number[], value = 0): Tensor {
  if (pads.length % 2 !== 0 || pads.length > 2 * x.rank || !pads.every(Number.isInteger)) {
    throw new OptionError(
      `pad: pads must be pairs of integers, at most one pair an axis, got [${pads}] for x ${formatShape(x.shape)}`,
    );
  }
  const byAxis = x.shape.map((_, i) => {
    const at = 2 * (x.rank - 1 - i);
    return [pads[at] ?? 0, pads[at + 1] ?? 0] as const;
  });
  return padded(x, byAxis, x.dtype === "bool" ? Number(value !== 0) : value);
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
