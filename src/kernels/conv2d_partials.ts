// Partial sums of a weight gradient that is cut into splits: room for them, and the dispatch that adds them in order.

import { kernel } from "../gpu/kernel.ts";
import { conv2dWeightGradientSum } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { groupsOf } from "./conv2d_kernels.ts";

const add = kernel(conv2dWeightGradientSum);

/** Elements of partial sums, at most: 16 MiB. */
export const MAX_PARTIAL = 4 * 2 ** 20;

/** Splits that there is room for. */
export const mostSplits = (dw: Tensor): number => Math.max(1, Math.floor(MAX_PARTIAL / dw.size));

/** The gradients of weight and bias; db [o] is null where nobody asks for it. */
export interface WeightGradients {
  readonly dw: Tensor;
  readonly db?: Tensor | null;
}

export interface Partials {
  /** [splits, ..dw]; of one split, dw itself. */
  readonly partial: Tensor;
  /** [splits, o], or null without db. */
  readonly partial_sums: Tensor | null;
}

/** Calls `fill` to write the partial sums of every split, then adds them up. */
export function inSplits(
  { dw, db = null }: WeightGradients,
  splits: number,
  fill: (partials: Partials) => void,
): void {
  if (splits === 1) {
    fill({ partial: dw, partial_sums: db });
    return;
  }
  const partial = empty([splits, dw.size], "f32", dw.device);
  const partial_sums = db && empty([splits, db.size], "f32", dw.device);
  fill({ partial, partial_sums });
  const label = "conv2dWeightGradient.sum";
  const sums = db?.size ?? 0;
  const options = {
    grid: groupsOf(dw.size + sums),
    constants: { HAS_SUMS: sums > 0 },
    label,
    flops: splits * (dw.size + sums),
  };
  add({ partial, dw, partial_sums, db }, { size: dw.size, splits, sums }, options);
  partial_sums?.release(label);
  partial.release(label);
}
