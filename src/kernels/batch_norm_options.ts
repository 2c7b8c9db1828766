// What batchNorm takes besides x, and the checks of both. What it computes: batch_norm.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface BatchNormOptions {
  /** [c]; default 1. */
  readonly weight?: Tensor | null;
  /** [c]; default 0. */
  readonly bias?: Tensor | null;
  /** [c] each, both or none. Training updates them in place, evaluation needs them. */
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** One i32 that training counts up: batches seen. */
  readonly numBatchesTracked?: Tensor | null;
  /** Take the statistics of the batch. Default false, as in PyTorch. */
  readonly training?: boolean;
  /** Weight of the newest batch in the running averages; null: plain averages, by numBatchesTracked. Default 0.1. */
  readonly momentum?: number | null;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/** Throws unless x and the options fit each other. */
export function checkBatchNorm(x: Tensor, o: BatchNormOptions): void {
  const shape = formatShape(x.shape);
  if (x.rank < 2) throw new ShapeError(`batchNorm: x must be [n,c,...], x ${shape}`);
  const c = x.shape[1]!;
  const { weight, bias, runningMean, runningVar, numBatchesTracked } = o;
  for (const [key, t] of Object.entries({ x, weight, bias, runningMean, runningVar })) {
    if (!t) continue;
    if (!isFloat(t.dtype)) throw new DTypeError(`batchNorm: takes f32 tensors, ${key} is ${t.dtype}`);
    if (t === x || sameShape(t.shape, [c])) continue;
    throw new ShapeError(
      `batchNorm: ${key} must have one value per channel, ${key} ${formatShape(t.shape)}, x ${shape}`,
    );
  }
  if (numBatchesTracked && (numBatchesTracked.dtype !== "i32" || numBatchesTracked.size !== 1)) {
    throw new DTypeError(`batchNorm: numBatchesTracked must be one i32, got ${numBatchesTracked}`);
  }
  if (!runningMean !== !runningVar)
    throw new OptionError("batchNorm: give both runningMean and runningVar, or none");
  if (!o.training && !runningMean)
    throw new OptionError("batchNorm: evaluation needs runningMean and runningVar");
  if (o.training && x.size === c) {
    throw new ShapeError(`batchNorm: training needs more than one value per channel, x ${shape}`);
  }
  const { momentum = 0.1, eps = 1e-5 } = o;
  if (momentum !== null && !(momentum >= 0 && momentum <= 1)) {
    throw new OptionError(`batchNorm: momentum must be in [0, 1] or null, got ${momentum}`);
  }
  if (momentum === null && o.training && runningMean && !numBatchesTracked) {
    throw new OptionError("batchNorm: momentum null (plain averages) needs numBatchesTracked");
  }
  if (!(eps >= 0 && eps < Infinity)) throw new OptionError(`batchNorm: eps must not be negative, got ${eps}`);
}
