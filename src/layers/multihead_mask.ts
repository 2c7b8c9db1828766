// Masks of MultiheadAttention as PyTorch has them, where true forbids, brought to the one mask of scaledDotProductAttention, where
// true allows: broadcast to [b, h, t, s], bool while both are bool, else added to the scores.

import type { Device } from "../gpu/device.ts";
import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { add } from "../kernels/binary.ts";
import { ge, logicalAnd, logicalNot } from "../kernels/compare.ts";
import { pad } from "../kernels/pad.ts";
import { reshape } from "../kernels/reshape.ts";
import { where } from "../kernels/where.ts";
import { arange } from "../tensor/create.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface MultiheadMasks {
  /** [b, s], or [s] without a batch. bool: true where a key is ignored; f32: added to the scores. Default: none. */
  readonly keyPaddingMask?: Tensor | null;
  /** [t, s] or [b * numHeads, t, s]. bool: true where attention is forbidden; f32: added to the scores. Default: none. */
  readonly attnMask?: Tensor | null;
}

interface Sizes {
  readonly b: number;
  readonly h: number;
  readonly t: number;
  readonly s: number;
  /** Keys behind those of the sequence, which every query may attend to. */
  readonly extra: number;
  readonly device: Device;
}

/** @throws ShapeError for shapes that do not fit; DTypeError unless masks are bool or float */
export function combinedMask(
  { keyPaddingMask, attnMask, isCausal }: MultiheadMasks & { readonly isCausal?: boolean },
  { b, h, t, s, extra, device }: Sizes,
): Tensor | null {
  const padding = keyPaddingMask
    ? shaped("keyPaddingMask", keyPaddingMask, b === 1 ? [[b, s], [s]] : [[b, s]], [b, 1, 1, s])
    : null;
  const full = attnMask?.rank === 3 ? [b, h, t, s] : [1, 1, t, s];
  const rule = attnMask
    ? shaped(
        "attnMask",
        attnMask,
        [
          [t, s],
          [b * h, t, s],
        ],
        full,
      )
    : null;
  const given = [rule, padding].filter((m) => m !== null);
  const allowed = given.filter((m) => m.dtype === "bool").map((m) => logicalNot(m));
  if (isCausal && extra > 0) allowed.push(lowerTriangle(t, s, device));
  const added = given.filter((m) => m.dtype !== "bool");
  const may = allowed.length > 0 ? allowed.reduce((x, y) => logicalAnd(x, y)) : null;
  const bias = added.length === 2 ? add(added[0]!, added[1]!) : (added[0] ?? null);
  const mask = may && bias ? where(may, bias, Number.NEGATIVE_INFINITY) : (may ?? bias);
  return mask && extra > 0 ? pad(mask, [0, extra], mask.dtype === "bool" ? 1 : 0) : mask;
}

/** [1, 1, t, s]: query i may attend to keys 0 to i. */
function lowerTriangle(t: number, s: number, device: Device): Tensor {
  const counted = (n: number, shape: Shape) => reshape(arange(0, n, 1, { device }), shape);
  return ge(counted(t, [1, 1, t, 1]), counted(s, [1, 1, 1, s]));
}

function shaped(name: string, mask: Tensor, allowed: readonly Shape[], to: Shape): Tensor {
  const given = `${name} ${formatShape(mask.shape)}`;
  if (mask.dtype !== "bool" && mask.dtype !== "f32")
    throw new DTypeError(`MultiheadAttention: ${name} must be bool, f32 or f16, is ${mask.dtype}`);
  if (!allowed.some((shape) => sameShape(shape, mask.shape))) {
    const list = allowed.map(formatShape).join(" or ");
    throw new ShapeError(`MultiheadAttention: ${name} must be ${list}, ${given}`);
  }
  return reshape(mask, to);
}

/** Sizes of q [t, b, e], k [s, b, kdim], v [s, b, vdim], or batch first, or all without b (then 1). */
export function checkMultihead(
  inputs: Readonly<Record<"q" | "k" | "v", Tensor>>,
  features: readonly number[],
  batchFirst: boolean,
): { b: number; t: number; s: number } {
  const { q, k, v } = inputs;
  const shapes = () => `q ${formatShape(q.shape)}, k ${formatShape(k.shape)}, v ${formatShape(v.shape)}`;
  const layout = batchFirst ? "[batch, length, features]" : "[length, batch, features]";
  if ((q.rank !== 3 && q.rank !== 2) || k.rank !== q.rank || v.rank !== q.rank)
    throw new ShapeError(`MultiheadAttention: takes ${layout} or [length, features], ${shapes()}`);
  for (const [i, [name, x]] of Object.entries(inputs).entries()) {
    if (x.shape.at(-1) === features[i]) continue;
    throw new ShapeError(`MultiheadAttention: the last axis of ${name} must be ${features[i]}, ${shapes()}`);
  }
  const lead = (x: Tensor) =>
    x.rank === 2 ? [x.shape[0]!, 1] : [x.shape[batchFirst ? 1 : 0]!, x.shape[batchFirst ? 0 : 1]!];
  const [t, b] = lead(q) as [number, number];
  const [s] = lead(k) as [number];
  if (lead(k)[1] !== b || lead(v)[1] !== b)
    throw new ShapeError(`MultiheadAttention: batches differ, ${shapes()}`);
  if (lead(v)[0] !== s) throw new ShapeError(`MultiheadAttention: k and v must have one length, ${shapes()}`);
  return { b, t, s };
}
