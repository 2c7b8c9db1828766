// Dispatches of layer norm, and of RMS norm (not centered), over rows of d elements: forward, gradient in x, and that together
// with the column sums that are the gradients of weight and bias. What they mean: layer_norm.ts, rms_norm.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  layerNormBackward as backwardShader,
  layerNormBackwardSums as backwardSumsShader,
  layerNorm as forwardShader,
  normGradientFold as gradientFoldShader,
} from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { finishHook } from "./finish.ts";
import { type LayerNormPass, layerNormPlan, unitsOf } from "./layer_norm_choices.ts";

const forward = kernel(forwardShader);
const backward = kernel(backwardShader);
const backwardSums = kernel(backwardSumsShader);
const foldGradient = kernel(gradientFoldShader);

const WG = 64; // of the kernel that folds
/** Teams, each of which leaves 2 d sums to be written and read again: a fifth of dy, x and dx at four rows a team. */
const MOST_TEAMS = { software: 64, hardware: 128 };
const LEAST_ROWS = 4;

export interface RowStatistics {
  readonly mean: Tensor; // [2, rows]: the mean is their sum
  readonly rstd: Tensor; // [rows]
}

export function runForward(
  x: Tensor,
  shape: Shape,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
  centered = true,
): RowStatistics & { y: Tensor } {
  const { rows, units, d, options } = layout("forward", x, numel(shape));
  const y = empty(x.shape, x.dtype, x.device);
  const mean = empty([2, rows], "f32", x.device);
  const rstd = empty([rows], "f32", x.device);
  const affine = { HAS_WEIGHT: weight !== null, HAS_BIAS: bias !== null };
  const constants = { ...options.constants, ...affine, CENTERED: centered };
  const flops = 7 * x.size;
  forward(
    { x, weight, bias, y, mean, rstd },
    { rows, units, d, eps, turns: 1 },
    { ...options, constants, flops },
  );
  return { y, mean, rstd };
}

export function runBackward(
  dy: Tensor,
  x: Tensor,
  s: RowStatistics,
  weight: Tensor | null,
  centered = true,
): Tensor {
  const { mean, rstd } = s;
  const { rows, units, d, options } = layout("backward", x, x.size / Math.max(rstd.size, 1));
  const dx = empty(x.shape, x.dtype, x.device);
  const constants = { ...options.constants, HAS_WEIGHT: weight !== null, CENTERED: centered };
  const flops = 10 * x.size;
  backward(
    { dy, x, weight, mean, rstd, dx },
    { rows, units, d, eps: 0, turns: 1 },
    { ...options, constants, flops },
  );
  return dx;
}

/** The gradient in x, and the sums of dy * xhat and of dy over the rows: dy and x are read once. */
export function runBackwardSums(
  dy: Tensor,
  x: Tensor,
  s: RowStatistics,
  weight: Tensor | null,
  shape: Shape,
  centered = true,
): { dx: Tensor; dweight: Tensor; dbias: Tensor } {
  const { mean, rstd } = s;
  const columns = numel(shape);
  const { rows, units, d, plan, options } = layout("sums", x, columns);
  const dx = empty(x.shape, x.dtype, x.device);
  const [dweight, dbias] = [empty(shape, "f32", x.device), empty(shape, "f32", x.device)];
  if (rows === 0) return { dx, dweight: fill(dweight, 0), dbias: fill(dbias, 0) };
  const most = MOST_TEAMS[x.device.adapter.software ? "software" : "hardware"];
  const turns = Math.ceil(rows / (plan.rows * Math.min(most, Math.ceil(rows / LEAST_ROWS))));
  const teams = Math.ceil(rows / (plan.rows * turns));
  const partial = empty([teams, 2, columns], "f32", x.device);
  backwardSums(
    { dy, x, weight, mean, rstd, dx, partial },
    { rows, units, d, eps: 0, turns },
    {
      ...options,
      grid: grid1d(Math.ceil((teams * plan.lanes) / plan.threads)),
      constants: { ...options.constants, HAS_WEIGHT: weight !== null, CENTERED: centered, ROWS: plan.rows },
      label: "layer_norm_backward",
      flops: 14 * x.size,
    },
  );
  const grid = grid1d(Math.ceil(columns / WG));
  foldGradient(
    { partial, dweight, dbias },
    { columns, splits: teams },
    { grid, label: "layer_norm_gradient_fold" },
  );
  partial.release("layer_norm_backward");
  return { dx, dweight, dbias };
}

function layout(pass: LayerNormPass, x: Tensor, d: number) {
  const rows = d === 0 ? 0 : x.size / d;
  const units = unitsOf(d);
  const width = units === d ? 1 : 4;
  const plan = layerNormPlan(pass, { rows, d }, x.device);
  const options = {
    grid: grid1d(Math.ceil((rows * plan.lanes) / plan.threads)),
    types: { V: width === 4 ? "vec4f" : "f32" },
    constants: { WG: plan.threads, WIDTH: width, LANES: plan.lanes },
    hooks: finishHook(width),
  };
  return { rows, units, d, plan, options };
}
