// Dispatches of gridSample and its two gradients, on checked f32 operands. No op: grid_sample.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import * as shaders from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

const sample = kernel(shaders.gridSample);
const gridGradient = kernel(shaders.gridSampleGridGradient);
const link = kernel(shaders.gridSampleLink);
const order = kernel(shaders.scatterOrder);
const dataGradient = kernel(shaders.gridSampleDataGradient);

/** The options of gridSample, none left out. */
export interface Sampling {
  readonly mode: "bilinear" | "nearest" | "bicubic";
  readonly paddingMode: "zeros" | "border" | "reflection";
  readonly alignCorners: boolean;
}

/** Taps along each axis. */
export const TAPS = { nearest: 1, bilinear: 2, bicubic: 4 } as const;
const PADDING = { zeros: 0, border: 1, reflection: 2 } as const;

const WG = 64;
/** Threads that fill the adapter: with fewer points, several threads share the channels of one. */
const FILLING_THREADS = { software: 512, hardware: 32768 } as const;
/** Channels of a thread of the gradient in x, as in its shader. */
const CHANNELS = 4;

/** y [n, c, out]. */
export function runGridSample(x: Tensor, grid: Tensor, s: Sampling): Tensor {
  const y = empty([...x.shape.slice(0, 2), ...grid.shape.slice(1, -1)], "f32", x.device);
  const { n, c, points, image } = measure(x.shape, grid, s);
  const filling = FILLING_THREADS[x.device.adapter.software ? "software" : "hardware"];
  const step = Math.max(1, Math.ceil(c / Math.ceil(filling / Math.max(1, n * points))));
  const blocks = Math.ceil(c / step);
  const threads = n * blocks * points;
  const flops = 2 * y.size * tapCount(s, x.rank);
  sample(
    { x, grid, y },
    { threads, points, blocks, step, c, ...image },
    { ...variant(s, x.rank, threads), flops },
  );
  return y;
}

/** The grid's shape; zeros for mode nearest. */
export function runGridGradient(x: Tensor, grid: Tensor, dy: Tensor, s: Sampling): Tensor {
  const dgrid = empty(grid.shape, "f32", grid.device);
  if (s.mode === "nearest" || dy.size === 0) return fill(dgrid, 0);
  const { n, c, points, image } = measure(x.shape, grid, s);
  const threads = n * points;
  const flops = 2 * dy.size * tapCount(s, x.rank);
  const options = { ...variant(s, x.rank, threads), flops };
  gridGradient({ x, grid, dy, dgrid }, { threads, points, c, ...image }, options);
  return dgrid;
}

/** x's shape: every element adds up the taps that read it, in the order of the points. */
export function runImageGradient(shape: Shape, grid: Tensor, dy: Tensor, s: Sampling): Tensor {
  return scope(() => {
    const dx = empty(shape, "f32", dy.device);
    const { n, c, points, area, image } = measure(shape, grid, s);
    if (dy.size === 0) return fill(dx, 0);
    const i32 = (count: number) => empty([count], "i32", dy.device);
    const all_points = n * points;
    const entries = all_points * tapCount(s, shape.length);
    const head = fill(i32(n * area), -1);
    const [keys, next, first, after] = [i32(entries), i32(entries), i32(n * area), i32(entries)];
    const weights = empty([entries], "f32", dy.device);
    const perPoint = variant(s, shape.length, all_points);
    link({ grid, head, keys, next, weights }, { threads: all_points, points, ...image }, perPoint);
    order({ keys, head, next, first, after }, { size: entries }, plain(entries));
    const blocks = Math.ceil(c / CHANNELS);
    const threads = n * blocks * area;
    const params = { threads, all_points, points, blocks, c, area };
    const options = { ...plain(threads), flops: 2 * entries * c };
    dataGradient({ dy, weights, head, first, after, dx }, params, options);
    return dx;
  }, "gridSample");
}

/** `image`: struct Image of grid_sample_point.wgsl. */
function measure([n, c, ...spatial]: Shape, grid: Tensor, s: Sampling) {
  const [w, h, d = 1] = spatial.toReversed();
  const image = { d, h, w, padding: PADDING[s.paddingMode], align: Number(s.alignCorners) };
  return { n, c, points: numel(grid.shape.slice(1, -1)), area: numel(spatial), image };
}

function tapCount(s: Sampling, rank: number): number {
  return TAPS[s.mode] ** (rank - 2);
}

function variant({ mode }: Sampling, rank: number, threads: number) {
  const deep = rank === 5;
  const constants = { TAPS: TAPS[mode], LAYERS: deep ? TAPS[mode] : 1, DEEP: deep };
  return { ...plain(threads), constants };
}

function plain(threads: number) {
  return { grid: grid1d(Math.ceil(threads / WG)), label: "gridSample" };
}
