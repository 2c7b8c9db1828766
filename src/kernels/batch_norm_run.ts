// Dispatches of batch norm over x [n, c, ...]: statistics in two phases, normalise, and the gradient in three passes. Which
// tensors and what they mean: batch_norm.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  batchNormBackward as backwardShader,
  batchNormFold as foldShader,
  normGradientFold as gradientFoldShader,
  batchNormGradientSums as gradientSumsShader,
  batchNorm as normaliseShader,
  batchNormStatistics as statisticsShader,
} from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { finishHook } from "./finish.ts";

const statistics = kernel(statisticsShader);
const foldStatistics = kernel(foldShader);
const normalise = kernel(normaliseShader);
const gradientSums = kernel(gradientSumsShader);
const foldGradient = kernel(gradientFoldShader);
const backward = kernel(backwardShader);

const WG = 64;
/** Units that each thread of an elementwise pass visits, so that it loads the numbers of a channel rarely. */
const UNITS = 8;

/**
 * Shape of a reduction: lanes of a workgroup, workgroups wanted, the fewest units a lane shall have. A barrier costs a
 * software adapter most of a workgroup's time (8 channels of 50,000: 1.6 ms with 4 lanes, 10 with 64 on SwiftShader).
 */
const TEAMS = {
  software: { lanes: 4, workgroups: 16, leastUnits: 256 },
  hardware: { lanes: 64, workgroups: 256, leastUnits: 8 },
} as const;

/** What normalises a channel: mean and rstd of the batch or, with `running`, running mean and variance. */
export interface Statistics {
  readonly mean: Tensor; // [2, c]: a value near those of the channel, and what it leaves of the mean; running: [c]
  readonly spread: Tensor; // [c]
  readonly running: boolean;
  readonly eps: number;
}

export interface Running {
  readonly runningMean: Tensor; // [c], updated in place
  readonly runningVar: Tensor; // [c], updated in place
}

/** Mean (in two parts) and rstd per channel; updates the running statistics in the same dispatch. */
export function batchStatistics(
  x: Tensor,
  running: Running | null,
  batches: Tensor | null,
  momentum: number | null,
  eps: number,
): { mean: Tensor; rstd: Tensor } {
  const { c, splits, params, types, lanes } = layout(x);
  const [mean, rstd] = [empty([2, c], "f32", x.device), empty([c], "f32", x.device)];
  if (x.size === 0) return { mean: fill(mean, 0), rstd: fill(rstd, 0) };
  const partial = empty([splits, c, 4], "f32", x.device);
  const constants = { WG: lanes, WIDTH: types.V === "f32" ? 1 : 4 };
  statistics(
    { x, partial },
    { ...params, eps },
    { grid: [c, splits, 1], types, constants, flops: 3 * x.size, role: { kind: "moments" } },
  );
  const bindings = {
    ...{ partial, mean, rstd },
    // Two bindings that may be written must not be the same buffer: stand-ins of their own.
    running_mean: running?.runningMean ?? empty([1], "f32", x.device),
    running_var: running?.runningVar ?? empty([1], "f32", x.device),
    batches: batches ?? empty([1], "i32", x.device),
  };
  foldStatistics(
    bindings,
    { c, splits, eps, momentum: momentum ?? 0 },
    {
      grid: [1, 1, 1],
      constants: {
        HAS_RUNNING: running !== null,
        HAS_BATCHES: batches !== null,
        CUMULATIVE: momentum === null && running !== null,
      },
    },
  );
  return { mean, rstd };
}

/** (x - mean) * rstd * weight + bias. */
export function runNormalise(x: Tensor, s: Statistics, weight: Tensor | null, bias: Tensor | null): Tensor {
  const y = empty(x.shape, x.dtype, x.device);
  const { options, params } = stream(x, s);
  const { mean, spread } = s;
  const constants = { ...options.constants, HAS_WEIGHT: weight !== null, HAS_BIAS: bias !== null };
  normalise({ x, mean, spread, weight, bias, y }, params, { ...options, constants, flops: 3 * x.size });
  return y;
}

/** Gradients of weight and bias: sums of dy * xhat and of dy per channel. */
export function runGradientSums(dy: Tensor, x: Tensor, s: Statistics): { dweight: Tensor; dbias: Tensor } {
  const { c, splits, params, types, lanes } = layout(x);
  const [dweight, dbias] = [empty([c], "f32", x.device), empty([c], "f32", x.device)];
  if (x.size === 0) return { dweight: fill(dweight, 0), dbias: fill(dbias, 0) };
  const partial = empty([splits, 2, c], "f32", x.device);
  gradientSums(
    { dy, x, mean: s.mean, spread: s.spread, partial },
    { ...params, eps: s.eps },
    {
      grid: [c, splits, 1],
      types,
      constants: { WG: lanes, WIDTH: types.V === "f32" ? 1 : 4, FROM_VARIANCE: s.running },
      flops: 4 * x.size,
    },
  );
  foldGradient(
    { partial, dweight, dbias },
    { columns: c, splits },
    { grid: grid1d(Math.ceil(c / WG)), label: "batch_norm_gradient_fold" },
  );
  return { dweight, dbias };
}

/** The gradient in x; the sums are those of runGradientSums, not looked at with running statistics. */
export function runBackward(
  dy: Tensor,
  x: Tensor,
  s: Statistics,
  weight: Tensor | null,
  sums: { dweight: Tensor; dbias: Tensor } | null,
): Tensor {
  const dx = empty(x.shape, x.dtype, x.device);
  const { options, params } = stream(x, s);
  const { mean, spread } = s;
  const { dweight, dbias } = sums ?? { dweight: null, dbias: null };
  const constants = { ...options.constants, HAS_WEIGHT: weight !== null };
  const flops = 7 * x.size;
  backward({ dy, x, mean, spread, weight, dweight, dbias, dx }, params, { ...options, constants, flops });
  return dx;
}

/** Four elements a load where no load straddles two channels. */
function layout(x: Tensor) {
  const c = x.shape[1]!;
  const elements = x.shape.slice(2).reduce((a, b) => a * b, 1);
  const width = elements % 4 === 0 ? 4 : 1;
  const plane = elements / width;
  const units = x.shape[0]! * plane;
  const { lanes, workgroups, leastUnits } = TEAMS[x.device.adapter.software ? "software" : "hardware"];
  const most = Math.ceil(units / (lanes * leastUnits));
  const perSplit = Math.ceil(units / Math.min(Math.ceil(workgroups / c), most));
  const params = { c, plane, units, units_per_split: perSplit };
  const types = { V: width === 4 ? "vec4f" : "f32" };
  return { c, splits: Math.ceil(units / perSplit), params, types, width, lanes };
}

function stream(x: Tensor, s: Statistics) {
  const { c, params, types, width } = layout(x);
  const n = x.size / width;
  const options = {
    grid: grid1d(Math.ceil(n / (WG * UNITS))),
    types,
    constants: { FROM_VARIANCE: s.running, UNITS },
    hooks: finishHook(width),
  };
  return { options, params: { n, c, plane: params.plane, eps: s.eps, elements: x.size / c } };
}
