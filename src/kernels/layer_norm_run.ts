// Dispatches of layer norm, and of RMS norm (not centered), over rows of d elements: forward, gradient in x, and the column sums that are the gradients of
// weight and bias. What they mean: layer_norm.ts, rms_norm.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  layerNormBackward as backwardShader,
  layerNorm as forwardShader,
  normGradientFold as gradientFoldShader,
  layerNormGradient as gradientShader,
  layerNormGradientSums as gradientSumsShader,
} from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { finishHook } from "./finish.ts";

const forward = kernel(forwardShader);
const backward = kernel(backwardShader);
const gradient = kernel(gradientShader);
const gradientSums = kernel(gradientSumsShader);
const foldGradient = kernel(gradientFoldShader);

const WG = 64;
/** Where each row has one thread: software adapters share out workgroups among few cores. */
const ALONE_WG = 8;
/**
 * Threads that share a row of so many units. One needs no barrier, which on a software adapter costs more than the row
 * ([4096, 64] on SwiftShader: 2.0 ms alone, 18 by four, 86 by sixteen).
 */
const LANES = {
  software: () => 1,
  hardware: (units: number) => [4, 8, 16, 32, 64].find((l) => units <= 4 * l) ?? 64,
} as const;
/**
 * Up to so many rows, and units in all, one dispatch adds up the columns: `lanes` threads a column unit, `units` side by side
 * in a workgroup ([512, 64] on SwiftShader 1.7 times faster than two dispatches, [4096, 64] 1.15, [2048, 1024] slower).
 */
const FEW_ROWS = 4096;
const FEW_UNITS = 2 ** 16;
const COLUMN_TEAMS = { software: { lanes: 1, units: 8 }, hardware: { lanes: 32, units: 4 } } as const;
/** Threads wanted for the column sums, and the fewest rows each shall add. */
const COLUMN_THREADS = 2048;
const LEAST_ROWS = 8;

const ALONE = { team_sums: "fn team_sums(own: Sums, unit: u32, lane: u32) -> Sums { return own; }" };

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
  const { rows, units, d, options } = layout(x, numel(shape));
  const y = empty(x.shape, x.dtype, x.device);
  const mean = empty([2, rows], "f32", x.device);
  const rstd = empty([rows], "f32", x.device);
  const affine = { HAS_WEIGHT: weight !== null, HAS_BIAS: bias !== null };
  const constants = { ...options.constants, ...affine, CENTERED: centered };
  const flops = 7 * x.size;
  forward({ x, weight, bias, y, mean, rstd }, { rows, units, d, eps }, { ...options, constants, flops });
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
  const { rows, units, d, options } = layout(x, x.size / Math.max(rstd.size, 1));
  const dx = empty(x.shape, x.dtype, x.device);
  const constants = { ...options.constants, HAS_WEIGHT: weight !== null, CENTERED: centered };
  const flops = 10 * x.size;
  backward({ dy, x, weight, mean, rstd, dx }, { rows, units, d, eps: 0 }, { ...options, constants, flops });
  return dx;
}

/** Sums of dy * xhat and of dy over the rows. */
export function runGradientSums(
  dy: Tensor,
  x: Tensor,
  s: RowStatistics,
  shape: Shape,
): { dweight: Tensor; dbias: Tensor } {
  const columns = numel(shape);
  const { rows, units, options } = layout(x, columns);
  const [dweight, dbias] = [empty(shape, "f32", x.device), empty(shape, "f32", x.device)];
  if (rows === 0) return { dweight: fill(dweight, 0), dbias: fill(dbias, 0) };
  if (rows <= FEW_ROWS && rows * units <= FEW_UNITS) {
    const team = COLUMN_TEAMS[x.device.adapter.software ? "software" : "hardware"];
    gradient(
      { dy, x, mean: s.mean, rstd: s.rstd, dweight, dbias },
      { rows, units },
      {
        grid: grid1d(Math.ceil(units / team.units)),
        types: options.types,
        constants: { LANES: team.lanes, UNITS: team.units },
        hooks: team.lanes === 1 ? ALONE : {},
        flops: 5 * x.size,
      },
    );
    return { dweight, dbias };
  }
  const most = Math.ceil(rows / LEAST_ROWS);
  const perSplit = Math.ceil(rows / Math.min(most, Math.ceil(COLUMN_THREADS / units)));
  const splits = Math.ceil(rows / perSplit);
  const partial = empty([splits, 2, columns], "f32", x.device);
  gradientSums(
    { dy, x, mean: s.mean, rstd: s.rstd, partial },
    { rows, rows_per_split: perSplit, units },
    { grid: [Math.ceil(units / WG), splits, 1], types: options.types, flops: 5 * x.size },
  );
  const grid = grid1d(Math.ceil(columns / WG));
  const label = "layer_norm_gradient_fold";
  foldGradient({ partial, dweight, dbias }, { columns, splits }, { grid, label });
  return { dweight, dbias };
}

function layout(x: Tensor, d: number) {
  const width = d % 4 === 0 ? 4 : 1;
  const rows = d === 0 ? 0 : x.size / d;
  const units = d / width;
  const lanes = LANES[x.device.adapter.software ? "software" : "hardware"](units);
  const threads = lanes === 1 ? ALONE_WG : WG;
  const options = {
    grid: grid1d(Math.ceil((rows * lanes) / threads)),
    types: { V: width === 4 ? "vec4f" : "f32" },
    constants: { WG: threads, WIDTH: width, LANES: lanes },
    hooks: finishHook(width),
  };
  return { rows, units, d, options };
}
