// The convolution kernels by implicit GEMM: a product of matrices from tiles in workgroup memory, the right side of which is
// gathered from x while it runs. Any kernel, stride, dilation and groups; the data gradient with stride 1 only, where it is a
// forward with channels exchanged and taps backwards: of other strides most of the product would be zeros.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  conv2dImplicit as forwardShader,
  conv2dWeightGradientImplicit as weightShader,
} from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import { type ConvKernels, flops, transposed } from "./conv2d_kernels.ts";
import { inSplits, mostSplits } from "./conv2d_partials.ts";
import type { Pass } from "./conv2d_tiles.ts";

const product = kernel(forwardShader);
const weightProduct = kernel(weightShader);

/** Threads along each side of a workgroup, and pixels of a turn: as in conv2d_implicit_tile.wgsl. */
const SIDE = 8;
const TURN = 16;
/** Rows and columns of a thread. */
const WIDE = 8;
const NARROW = 4;
/** Workgroups that fill the adapter: with fewer, tiles are smaller and a weight gradient is split. Not measured on a GPU. */
const FILLING = { software: 4, hardware: 256 } as const;
/** Pixels of a split, at least: fewer would not pay for the sums that it leaves to be added. */
const LEAST_PIXELS = 256;
/** Of channels and taps: so far the shaders divide by reciprocals. */
const MOST_TERMS = 2 ** 20;
/** Channels and terms of a sum below which tiles would stand half empty. */
const WORTH = { channels: 32, terms: 64 } as const;

/** All but data gradients of strides. */
export function takesImplicit(pass: Pass, g: ConvGeometry): boolean {
  const steps = pass === "dataGradient" && (g.strideY !== 1 || g.strideX !== 1);
  return !steps && Math.max(g.cg, g.og) * g.kh * g.kw <= MOST_TERMS;
}

/** Whether a GPU's tiles are filled. */
export function fillsTiles(pass: Pass, full: ConvGeometry): boolean {
  const g = pass === "dataGradient" ? transposed(full) : full;
  const taps = g.cg * g.kh * g.kw;
  const [pixels, terms] = [g.n * g.oh * g.ow, pass === "weightGradient" ? g.n * g.oh * g.ow : taps];
  const columns = pass === "weightGradient" ? taps : pixels;
  return g.og >= WORTH.channels && columns >= WORTH.channels && terms >= WORTH.terms;
}

/** How the kernel reads the weight: see its struct Params. */
type WeightStrides = Readonly<Record<"w0" | "wg" | "wo" | "wi" | "wt", number>>;

export const implicitConv: ConvKernels = {
  forward(t, g) {
    const taps = g.kh * g.kw;
    run(t, g, { w0: 0, wg: g.og * g.cg * taps, wo: g.cg * taps, wi: taps, wt: 1 }, "conv2d");
  },
  dataGradient({ dy, weight, dx }, g) {
    const taps = g.kh * g.kw;
    const strides = { w0: taps - 1, wg: g.og * g.cg * taps, wo: taps, wi: g.cg * taps, wt: -1 };
    run({ x: dy, weight, bias: null, y: dx }, transposed(g), strides, "conv2dDataGradient");
  },
  biasGradient: true,
  weightGradient({ x, dy, dw, db }, g) {
    const pixels = g.n * g.oh * g.ow;
    const columns = g.cg * g.kh * g.kw;
    const { TM, TN, ...tiles } = cut(g, columns, x, Math.max(1, Math.floor(pixels / LEAST_PIXELS)));
    const groups = g.groups * tiles.tiles_m * tiles.tiles_n;
    const wanted = Math.ceil(FILLING[kindOf(x)] / Math.max(groups, 1));
    const most = Math.max(1, Math.min(wanted, Math.floor(pixels / LEAST_PIXELS), mostSplits(dw)));
    const pixels_per_split = TURN * Math.max(1, Math.ceil(pixels / most / TURN));
    const splits = Math.max(1, Math.ceil(pixels / pixels_per_split)); // of an empty batch one, which writes zeros
    const params = { workgroups: groups * splits, ...tiles, pixels, pixels_per_split, columns, ...sizes(g) };
    inSplits({ dw, db }, splits, (partials) => {
      const constants = { TM, TN, HAS_SUMS: partials.partial_sums !== null };
      const options = { grid: grid1d(params.workgroups), constants };
      weightProduct({ x, dy, ...partials }, params, {
        ...options,
        label: "conv2dWeightGradient",
        flops: flops(g),
      });
    });
  },
};

interface Walk {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly y: Tensor;
}

function run({ x, weight, bias, y }: Walk, g: ConvGeometry, strides: WeightStrides, label: string): void {
  const pixels = g.n * g.oh * g.ow;
  const { TM, TN, ...tiles } = cut(g, pixels, x);
  const workgroups = g.groups * tiles.tiles_m * tiles.tiles_n;
  product(
    { x, weight, bias, y },
    { workgroups, ...tiles, pixels, k: g.cg * g.kh * g.kw, ...sizes(g), ...strides },
    {
      grid: grid1d(workgroups),
      constants: { TM, TN, HAS_BIAS: bias !== null },
      label,
      flops: flops(g),
    },
  );
}

/** Tiles over og rows and so many columns: large ones, unless they would idle or, in so many splits, be too few. */
function cut({ og, groups }: ConvGeometry, columns: number, t: Tensor, splits = 1) {
  const count = (size: number, of: number) => Math.ceil(size / (SIDE * of));
  const many = splits * groups * count(og, WIDE) * count(columns, WIDE) >= FILLING[kindOf(t)];
  const [TM, TN] = [og, columns].map((size) => (many && size > SIDE * NARROW ? WIDE : NARROW));
  return { TM, TN, tiles_m: count(og, TM), tiles_n: count(columns, TN) };
}

const kindOf = (t: Tensor) => (t.device.adapter.software ? "software" : "hardware");

/** As the shaders name them. */
function sizes(g: ConvGeometry) {
  const { groups, h, w, oh, ow, cg, og, kw } = g;
  const taps = g.kh * kw;
  const kernel = { kw, taps, per_kw: 1 / kw, per_tap: 1 / taps };
  const steps = { stride_y: g.strideY, stride_x: g.strideX };
  const dilations = { dilation_y: g.dilationY, dilation_x: g.dilationX };
  return { groups, h, w, oh, ow, cg, og, ...kernel, ...steps, ...dilations, pad_y: g.padY, pad_x: g.padX };
}
