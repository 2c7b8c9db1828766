// Launches of the cross-entropy shaders. Not on the tape: cross_entropy.ts is.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  crossEntropyBackward as backwardShader,
  crossEntropy as rowsShader,
  crossEntropyTotal as totalShader,
} from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { sum } from "./reduce.ts";
import { rowsOf } from "./softmax_rows.ts";

const rowsKernel = kernel(rowsShader);
const totalKernel = kernel(totalShader);
const backwardKernel = kernel(backwardShader);

/** What becomes of the losses of the rows. */
export type Reduction = "mean" | "sum" | "none";

export interface Weighting {
  readonly reduction: Reduction;
  /** Rows with this label count for nothing. */
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
}

export interface Call {
  readonly logits: Tensor;
  readonly labels: Tensor;
  readonly weight: Tensor | null;
  readonly o: Weighting;
}

export interface RowResults {
  /** A loss and a weight a row, and [2, rows]: the row's max and log-sum. */
  readonly loss: Tensor;
  readonly weight: Tensor;
  readonly stats: Tensor;
}

const WG = 64;
const CHUNK = 16384; // rows that one workgroup adds up
const NAN_BITS = 0x7fc00000;

const VECTORLESS = {
  across_max: "fn across_max(v: V) -> f32 { return v; }",
  across_sum: "fn across_sum(v: V) -> f32 { return v; }",
  pick: "fn pick(base: u32, c: u32) -> f32 { return x[base + c * params.inner]; }",
};

const classAxis = (logits: Tensor) => (logits.rank === 1 ? 0 : 1);

export function rowLosses({ logits, labels, weight, o }: Call): RowResults {
  const smooth = o.labelSmoothing > 0;
  const rows = rowsOf(logits.shape, classAxis(logits), smooth && weight ? "none" : "along");
  const { device } = logits;
  const loss = empty(labels.shape, "f32", device);
  const row_weight = empty(labels.shape, "f32", device);
  const stats = empty([2, rows.count], "f32", device);
  rowsKernel(
    { x: logits, labels, weight, loss, row_weight, stats },
    {
      rows: rows.count,
      n: rows.n,
      loads: rows.params.n,
      inner: rows.inner,
      ignored: o.ignoreIndex,
      smoothing: o.labelSmoothing,
      nan: NAN_BITS,
    },
    {
      grid: rows.grid,
      constants: { LANES: rows.lanes, HAS_WEIGHT: weight !== null, SMOOTH: smooth },
      types: rows.types,
      hooks: rows.wide === 4 ? {} : VECTORLESS,
      label: "crossEntropy",
      flops: 5 * logits.size,
    },
  );
  return { loss, weight: row_weight, stats };
}

/** Sums of losses and weights; with `mean` the first divided by the second. */
export function totals(
  rows: { loss: Tensor; weight: Tensor },
  mean: boolean,
): { loss: Tensor; total: Tensor } {
  const { size, device } = rows.loss;
  if (size === 0)
    return {
      loss: fill(empty([], "f32", device), mean ? Number.NaN : 0),
      total: fill(empty([], "f32", device), 0),
    };
  const chunks = Math.ceil(size / CHUNK);
  const shape = chunks === 1 ? [] : [chunks];
  const loss = empty(shape, "f32", device);
  const total = empty(shape, "f32", device);
  const constants = { MEAN: mean && chunks === 1 };
  const params = { rows: size, chunk: CHUNK };
  totalKernel({ losses: rows.loss, weights: rows.weight, loss, total }, params, {
    grid: [chunks],
    constants,
    label: "crossEntropy/total",
  });
  if (chunks === 1) return { loss, total };
  const whole = totals({ loss, weight: total }, mean);
  loss.release("crossEntropy");
  total.release("crossEntropy");
  return whole;
}

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
  const dx = empty(x.shape, "f32", x.device);
  const { count, n, inner } = rowsOf(x.shape, classAxis(x));
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
