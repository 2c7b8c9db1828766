// Softmax cross-entropy. Against class indices fused: one dispatch for the rows, one for the mean, one backward (softmax
// minus one-hot, scaled). Against class probabilities composed of ops. Launches: cross_entropy_run.ts, cross_entropy_gradient.ts;
// other losses: src/functional/loss.ts.

import { DTypeError, OptionError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { floatOf, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { castFloat } from "../tensor/primitives.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul } from "./binary.ts";
import { checkClasses } from "./cross_entropy_check.ts";
import { rowTargets, toLogits, weightSum } from "./cross_entropy_gradient.ts";
import {
  type Call,
  type Reduction,
  rowLosses,
  totalLoss,
  totals,
  type Weighting,
} from "./cross_entropy_run.ts";
import { sum } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";

const REDUCTIONS: readonly Reduction[] = ["mean", "sum", "none"];

export interface CrossEntropyOptions {
  /** [c]: how much each class counts. No gradient flows to it. */
  readonly weight?: Tensor;
  /** Rows with this index count for nothing, -100 by default. Class indices only. */
  readonly ignoreIndex?: number;
  /** Default "mean". */
  readonly reduction?: Reduction;
  /** In [0, 1]: this share of each target is spread evenly over the classes. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Softmax cross-entropy (torch.nn.functional.cross_entropy). With p = softmax(logits) along the class axis, a row is
 * -(1 - e) w[t] log p[t] - e / c * sum_k w[k] log p[k] for class t, e being labelSmoothing; for class probabilities q it is
 * -sum_k w[k] ((1 - e) q[k] + e / c) log p[k]. "mean" divides by the sum of w[t], or for probabilities by the number of rows.
 *
 * An index outside [0, c) that is not ignoreIndex makes the loss, and the gradient of its row, NaN. If every row is
 * ignored the mean is NaN and the gradient 0.
 *
 * @param logits f32 [n, c], [n, c, d1, ...] or [c]
 * @param labels i32 [n], [n, d1, ...] or []: class indices; or f32 of the logits' shape: class probabilities
 * @returns f32 [], or the shape of the rows for "none"
 * @throws ShapeError if the shapes do not fit; DTypeError for other dtypes; OptionError for labelSmoothing outside [0, 1];
 *   IndexError in debug mode, at the next await, for an index that is no class and not ignoreIndex
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  logits = raised(logits);
  const { weight = null, ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new OptionError(`crossEntropy: labelSmoothing must be in [0, 1], got ${labelSmoothing}`);
  }
  if (!REDUCTIONS.includes(reduction)) {
    throw new OptionError(
      `crossEntropy: reduction must be "mean", "sum" or "none", got ${String(reduction)}`,
    );
  }
  if (!isFloat(logits.dtype)) {
    throw new DTypeError(
      `crossEntropy: logits must be f32 or f16, got ${logits.dtype}${formatShape(logits.shape)}`,
    );
  }
  checkClasses("crossEntropy", "logits", logits, labels, weight, ignoreIndex);
  const o = { ignoreIndex, reduction, labelSmoothing };
  if (labels.dtype === "i32") return againstIndices({ logits, labels, weight, o });
  return againstProbabilities({ logits, labels, weight, o });
}

function againstIndices(call: Call): Tensor {
  const { logits, labels, weight, o } = call;
  const composition = (x: Tensor, labels: Tensor, weight: Tensor | null) => [
    composed({ logits: x, labels, weight, o }),
  ];
  const [loss] = op("crossEntropy", [logits, labels, weight], () => fused(call), composition);
  return castFloat(loss, floatOf(logits.dtype));
}

function fused(call: Call) {
  const weights = weightSum(call);
  const { loss, total, stats } = call.o.reduction === "none" ? eachLoss(call) : totalLoss(call);
  const hidden = [stats, total, weights].filter((t) => t !== null);
  return {
    outputs: [loss, ...hidden],
    pullback: ([dy]: readonly (Tensor | null)[]) => [
      dy && toLogits(call, { stats, total, weights, dy }),
      null,
      null,
    ],
  };
}

function eachLoss(call: Call): { loss: Tensor; total: null; stats: Tensor } {
  const { loss, weight, stats } = rowLosses(call);
  weight.release("crossEntropy");
  return { loss, total: null, stats };
}

/** The same in plain ops: -sum of q * log softmax(x), q being one-hot targets with weights and smoothing in them. */
function composed(call: Call): Tensor {
  const axis = call.logits.rank === 1 ? 0 : 1;
  const q = rowTargets(call); // [n, c, ...]
  const rows = mul(sum(mul(q, logSoftmax(call.logits, axis)), axis), -1); // [n, ...]
  if (call.o.reduction === "mean") return div(sum(rows), totals(rowLosses(call), true).total);
  return reduced(rows, call.o, 1);
}

function againstProbabilities({ logits, labels, weight, o }: Call): Tensor {
  const axis = logits.rank === 1 ? 0 : 1;
  const c = logits.shape[axis];
  const e = o.labelSmoothing;
  const q = e > 0 ? add(mul(labels, 1 - e), e / c) : labels; // [n, c, ...]
  const across = logits.shape.map((_, i) => (i === axis ? c : 1));
  const weighted = weight ? mul(q, weight.alias(across)) : q;
  const rows = mul(sum(mul(weighted, logSoftmax(logits, axis)), axis), -1); // [n, ...]
  return reduced(rows, o, rows.size);
}

function reduced(rows: Tensor, { reduction }: Weighting, count: number): Tensor {
  if (reduction === "none") return rows;
  return reduction === "sum" ? sum(rows) : div(sum(rows), count);
}
