// THE op table: one row an op, by families.
import type { OpRecord } from "../record.ts";
import { withRefusals } from "../refusal.ts";
import { refusals } from "../refusals/index.ts";
import { activationRecords } from "./activations.ts";
import { argReduceRecords } from "./arg_reduce.ts";
import { attentionRecords } from "./attention.ts";
import { binaryRecords } from "./binary.ts";
import { bitwiseRecords } from "./bitwise.ts";
import { blendRecords } from "./blends.ts";
import { broadcastRecords } from "./broadcast.ts";
import { convRecords } from "./conv.ts";
import { convNdRecords } from "./conv_nd.ts";
import { convTransposeRecords } from "./conv_transpose.ts";
import { createRecords } from "./create.ts";
import { diagonalRecords } from "./diagonals.ts";
import { finiteRecords } from "./finite.ts";
import { gridSampleRecords } from "./grid_sample.ts";
import { groupNormRecords } from "./group_norm.ts";
import { indexRecords } from "./index_ops.ts";
import { interpolateRecords } from "./interpolate.ts";
import { joiningRecords } from "./joining.ts";
import { layoutRecords } from "./layout.ts";
import { linalgRecords } from "./linalg.ts";
import { lossRecords } from "./loss.ts";
import { lpPoolRecords } from "./lp_pool.ts";
import { matmulRecords } from "./matmul.ts";
import { maxUnpoolRecords } from "./max_unpool.ts";
import { normRecords } from "./norm.ts";
import { paddingRecords } from "./padding.ts";
import { parameterNormRecords } from "./parameter_norm.ts";
import { pixelShuffleRecords } from "./pixel_shuffle.ts";
import { poolRecords } from "./pool.ts";
import { poolNdRecords } from "./pool_nd.ts";
import { productRecords } from "./products.ts";
import { randomRecords } from "./random.ts";
import { recurrentRecords } from "./recurrent.ts";
import { reduceRecords } from "./reduce.ts";
import { reorderingRecords } from "./reordering.ts";
import { repeatingRecords } from "./repeating.ts";
import { scaleNormRecords } from "./scale_norm.ts";
import { scanRecords } from "./scans.ts";
import { scatterRecords } from "./scatter.ts";
import { selectingRecords } from "./selecting.ts";
import { softmaxRecords } from "./softmax.ts";
import { sortingRecords } from "./sorting.ts";
import { statisticsRecords } from "./statistics.ts";
import { trigonometryRecords } from "./trigonometry.ts";
import { unaryRecords } from "./unary.ts";
import { unfoldRecords } from "./unfold.ts";

export const families = {
  unary: unaryRecords,
  trigonometry: trigonometryRecords,
  activations: activationRecords,
  finite: finiteRecords,
  binary: binaryRecords,
  bitwise: bitwiseRecords,
  blends: blendRecords,
  reduce: reduceRecords,
  argReduce: argReduceRecords,
  broadcast: broadcastRecords,
  products: productRecords,
  scans: scanRecords,
  sorting: sortingRecords,
  statistics: statisticsRecords,
  layout: layoutRecords,
  selecting: selectingRecords,
  reordering: reorderingRecords,
  padding: paddingRecords,
  repeating: repeatingRecords,
  joining: joiningRecords,
  diagonals: diagonalRecords,
  index: indexRecords,
  scatter: scatterRecords,
  matmul: matmulRecords,
  linalg: linalgRecords,
  conv: convRecords,
  convNd: convNdRecords,
  convTranspose: convTransposeRecords,
  pool: poolRecords,
  poolNd: poolNdRecords,
  lpPool: lpPoolRecords,
  maxUnpool: maxUnpoolRecords,
  interpolate: interpolateRecords,
  gridSample: gridSampleRecords,
  unfold: unfoldRecords,
  pixelShuffle: pixelShuffleRecords,
  norm: normRecords,
  groupNorm: groupNormRecords,
  scaleNorm: scaleNormRecords,
  parameterNorm: parameterNormRecords,
  softmax: softmaxRecords,
  recurrent: recurrentRecords,
  attention: attentionRecords,
  loss: lossRecords,
  random: randomRecords,
  create: createRecords,
} as const satisfies Record<string, readonly OpRecord[]>;

export const records: readonly OpRecord[] = Object.values<readonly OpRecord[]>(families)
  .flat()
  .map((record) => withRefusals(record, refusals[record.name]));
