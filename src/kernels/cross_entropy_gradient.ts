// Launches of cross-entropy backward: the gradient of the logits, and the targets that its composition multiplies with.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { crossEntropyBackward as backwardShader } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { type Call, classAxis, NAN_BITS } from "./cross_entropy_run.ts";
import { sum } from "./reduce.ts";
import { rowsOf } from "./softmax_rows.ts";

const backwardKernel = kernel(backwardShader);
const WG = 64;

/** Sum of the class weights, where smoothing needs it. */
export function weightSum({ weight, o }: Call): Tensor | null {
  return weight && o.labelSmoothing > 0 ? sum(weight) : null;
}

interface Saved {
  readonly stats: Tensor;
  /** Sum of the row weights; null for no reduction. */
  readonly total: Tensor | null;
  readonly weights: Tensor | null;
  readonly dy: Tensor;
}

/** Gradient of the logits. */
export function toLogits(call: Call, saved: Saved): Tensor {
  return backward(call, saved, "crossEntropyBackward");
}

/** q [n, c, ...]: the weight of each -log p in its row's loss, 0 in ignored rows. */
export function rowTargets(call: Call): Tensor {
  return backward(
    call,
    { weights: weightSum(call), stats: null, total: null, dy: null },
    "crossEntropyTargets",
  );
}

type Given = { readonly [K in keyof Saved]: Saved[K] | null };

function backward({ logits: x, labels, weight, o }: Call, saved: Given, label: string): Tensor {
  const dx = empty(x.shape, x.dtype, x.device);
  const { count, n, inner } = rowsOf(x, classAxis(x), "losses", "any", false);
  backwardKernel(
    {
      x,
      labels,
      weight,
      weight_sum: saved.weights,
      stats: saved.stats,
      total: saved.total,
      dy: saved.dy,
      dx,
    },
    {
      size: x.size,
      rows: count,
      n,
      inner,
      ignored: o.ignoreIndex,
      smoothing: o.labelSmoothing,
      nan: NAN_BITS,
    },
    {
      grid: grid1d(Math.ceil(x.size / WG)),
      constants: {
        HAS_WEIGHT: weight !== null,
        MEAN: o.reduction === "mean",
        EACH: o.reduction === "none",
        ONLY_TARGET: saved.dy === null,
      },
      label,
      flops: 4 * x.size,
    },
  );
  return dx;
}
