// Launches of cross-entropy forward: rows, then totals. Not on the tape: cross_entropy.ts is.

import { kernel } from "../gpu/kernel.ts";
import { crossEntropy as rowsShader, crossEntropyTotal as totalShader } from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import type { Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { rowsOf } from "./softmax_rows.ts";

const rowsKernel = kernel(rowsShader);
const totalKernel = kernel(totalShader);

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

/** Rows that one workgroup adds up, and its threads: one, and so no barrier, where barriers are dear. */
const TOTALS = { software: { chunk: 1024, threads: 1 }, hardware: { chunk: 16384, threads: 64 } } as const;
export const NAN_BITS = 0x7fc00000;

const VECTORLESS = {
  across_max: "fn across_max(v: V) -> f32 { return v; }",
  across_sum: "fn across_sum(v: V) -> f32 { return v; }",
  pick: "fn pick(base: u32, c: u32) -> f32 { return x[base + c * params.inner]; }",
};

export const classAxis = (logits: Tensor) => (logits.rank === 1 ? 0 : 1);

export function rowLosses(call: Call): RowResults {
  const { labels } = call;
  return launch(call, labels.shape, false);
}

/** Logits up to which one workgroup takes all rows, which saves a dispatch: beyond, more workgroups save more. */
const ALONE_MAX = 4096;

export interface TotalResults {
  readonly loss: Tensor;
  /** Sum of the row weights. */
  readonly total: Tensor;
  readonly stats: Tensor;
}

/** Sum or mean of the losses of the rows. */
export function totalLoss(call: Call): TotalResults {
  const mean = call.o.reduction === "mean";
  const { size } = call.logits;
  if (size > 0 && size <= ALONE_MAX && call.labels.size > 0) {
    const { loss, weight, stats } = launch(call, [], true);
    return { loss, total: weight, stats };
  }
  const rows = rowLosses(call);
  const both = totals(rows, mean);
  rows.loss.release("crossEntropy");
  rows.weight.release("crossEntropy");
  return { ...both, stats: rows.stats };
}

function launch({ logits, labels, weight, o }: Call, shape: Shape, total: boolean): RowResults {
  const smooth = o.labelSmoothing > 0;
  const rows = rowsOf(logits, classAxis(logits), "losses", smooth && weight ? "none" : "along", !total);
  const { device } = logits;
  const loss = empty(shape, "f32", device);
  const row_weight = empty(shape, "f32", device);
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
      grid: total ? [1] : rows.grid,
      constants: {
        ...rows.constants,
        HAS_WEIGHT: weight !== null,
        SMOOTH: smooth,
        TOTAL: total,
        MEAN: total && o.reduction === "mean",
      },
      types: rows.types,
      hooks: { ...rows.team, ...(rows.wide === 4 ? {} : VECTORLESS) },
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
  const { chunk, threads } = TOTALS[device.adapter.software ? "software" : "hardware"];
  const chunks = Math.ceil(size / chunk);
  const shape = chunks === 1 ? [] : [chunks];
  const loss = empty(shape, "f32", device);
  const total = empty(shape, "f32", device);
  const constants = { MEAN: mean && chunks === 1, WG: threads };
  const params = { rows: size, chunk };
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
