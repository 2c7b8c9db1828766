// gridSample in plain ops: one kernel finds the taps, the rest reads rows by index, weights and sums them. Its gradients of
// any order are theirs; grid_sample.ts differentiates this under `createGraph`, and nothing else runs it.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { gridTaps } from "../gpu/shaders.gen.ts";
import { op } from "../tensor/op.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./binary.ts";
import { stack } from "./concat.ts";
import { clamp } from "./extremes.ts";
import { indexSelectOrZero } from "./gather.ts";
import type { Sampling } from "./grid_sample_run.ts";
import { TAPS } from "./grid_sample_run.ts";
import { permute } from "./permute.ts";
import { remainder } from "./power.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { select } from "./slice.ts";
import { abs, floor, round } from "./unary.ts";

const findTaps = kernel(gridTaps);
const WG = 64;

/** gridSample of checked operands. */
export function composedGridSample(x: Tensor, grid: Tensor, options: Sampling): Tensor {
  const { mode, paddingMode, alignCorners } = options;
  const [n, c, ...spatial] = x.shape;
  const out = grid.shape.slice(1, -1);
  const points = n * numel(out);
  const axes = spatial.length;
  const flat = reshape(grid, [points, axes]);
  // Places by axis, x first as in the grid. Cubic taps are brought inside one by one, by the kernel.
  const places = spatial.toReversed().map((size, axis) => {
    const at = pixel(select(flat, 1, axis), size, alignCorners); // [points]
    return mode === "bicubic" ? at : broughtInside(at, size, paddingMode, alignCorners);
  });
  const corners = places.map((p) => {
    if (mode === "nearest") return round(p);
    return mode === "bilinear" ? floor(p) : sub(floor(p), 1);
  });
  const outer = paddingMode === "zeros" ? 0 : paddingMode === "border" ? 1 : alignCorners ? 3 : 2;
  const k = TAPS[mode];
  const index = taps(corners, spatial, numel(out), k, mode === "bicubic" ? outer : 0); // [k^axes, points]
  const order = spatial.map((_, i) => i + 2);
  const rows = reshape(permute(x, [0, ...order, 1]), [n * numel(spatial), c]);
  const values = indexSelectOrZero(rows, 0, reshape(index, [index.size])); // [k^axes * points, c]
  let y = values; // [points, c]
  if (mode !== "nearest") {
    const along = mode === "bilinear" ? linearWeights : cubicWeights;
    const weights = places.map((p, i) => along(sub(p, corners[i]))); // [k, points] each
    // The first axis of the grid is the fastest of the taps.
    const all = weights.reduce((inner, w, i) =>
      mul(reshape(w, [k, 1, points]), reshape(inner, [1, k ** i, points])),
    );
    const each = reshape(all, [k ** axes, points, 1]);
    y = sum(mul(reshape(values, [k ** axes, points, c]), each), 0);
  }
  return permute(reshape(y, [n, ...out, c]), [0, axes + 1, ...order.map((i) => i - 1)]);
}

/** From -1..1 to columns or rows of x. */
function pixel(g: Tensor, size: number, alignCorners: boolean): Tensor {
  return alignCorners ? mul(add(g, 1), (size - 1) / 2) : sub(mul(add(g, 1), size / 2), 0.5);
}

function broughtInside(
  at: Tensor,
  size: number,
  mode: Sampling["paddingMode"],
  alignCorners: boolean,
): Tensor {
  if (mode === "zeros") return at;
  if (mode === "border") return clamp(at, { min: 0, max: size - 1 });
  const [low, span] = alignCorners ? [0, size - 1] : [-0.5, size];
  if (span === 0) return mul(at, 0);
  // A wave of period 2 * span: up from low to low + span, and down again.
  const turn = remainder(sub(at, low), 2 * span);
  const wave = add(sub(span, abs(sub(turn, span))), low);
  return clamp(wave, { min: 0, max: size - 1 });
}

/** 1 - t and t. */
function linearWeights(t: Tensor): Tensor {
  return stack([sub(1, t), t]);
}

const A = -0.75; // Keys 1981, as PyTorch has it

/** Keys' kernel at t, t - 1, t - 2, t - 3 with t in [1, 2). */
function cubicWeights(t: Tensor): Tensor {
  const near = (d: Tensor) => add(mul(mul(sub(mul(d, A + 2), A + 3), d), d), 1);
  const far = (d: Tensor) => sub(mul(add(mul(sub(mul(d, A), 5 * A), d), 8 * A), d), 4 * A);
  return stack([far(t), near(sub(t, 1)), near(sub(2, t)), far(sub(3, t))]);
}

function taps(
  [x0, y0, z0]: readonly Tensor[],
  spatial: Shape,
  perImage: number,
  count: number,
  mode: number,
): Tensor {
  const [index] = op("gridSample", [x0, y0, z0], () => {
    const points = x0.size;
    const index = empty([count ** spatial.length, points], "i32", x0.device);
    const [w, h, d = 1] = spatial.toReversed();
    const constants = { TAPS: count, MODE: mode, DEEP: z0 !== undefined };
    findTaps(
      { x0, y0, z0: z0 ?? y0, index },
      { points, per_image: perImage, d, h, w },
      {
        grid: grid1d(Math.ceil(points / WG)),
        constants,
        label: "gridSample",
      },
    );
    return { outputs: [index] };
  });
  return index;
}
