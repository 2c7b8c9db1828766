// The 3x3 convolution by Winograd's F(2x2, 3x3) (Lavin & Gray 2016): 16 products of matrices do the work of a tile's 36, between
// transforms of x, of the weight and of the result, which cost memory. No default: it is for a tuning table to say where it
// pays, and it spreads NaN and infinities over tiles. The weight gradient has none.

import { kernel } from "../gpu/kernel.ts";
import { winogradInput, winogradOutput, winogradWeight } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { directConv } from "./conv2d_direct.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import { type ConvKernels, groupsOf, transposed } from "./conv2d_kernels.ts";
import type { Pass } from "./conv2d_tiles.ts";
import { batchLayout } from "./matmul_batch.ts";
import { runMatmul } from "./matmul_run.ts";

const toInput = kernel(winogradInput);
const toWeight = kernel(winogradWeight);
const toOutput = kernel(winogradOutput);

/** Places of a transformed tile. */
const PLACES = 16;
const TAPS = 9;
/** Elements of transformed x or y, at most: 64 MiB. */
const MAX_TRANSFORMED = 2 ** 24;

/** Forward and data gradient of 3x3 kernels without stride, dilation or groups. */
export function takesWinograd(pass: Pass, g: ConvGeometry): boolean {
  const plain = g.kh === 3 && g.kw === 3 && g.groups === 1;
  const dense = g.strideY === 1 && g.strideX === 1 && g.dilationY === 1 && g.dilationX === 1;
  if (pass === "weightGradient" || !plain || !dense || g.n * g.c * g.o === 0) return false;
  const { count } = tilesOf(pass === "forward" ? g : transposed(g));
  return count > 0 && PLACES * count * Math.max(g.c, g.o) <= MAX_TRANSFORMED;
}

export const winogradConv: ConvKernels = {
  forward({ x, weight, bias, y }, g) {
    run({ x, weight, bias, y }, g, { w0: 0, wo: TAPS * g.c, wc: TAPS, wy: 3, wx: 1 }, "conv2d");
  },
  dataGradient({ dy, weight, dx }, g) {
    const strides = { w0: TAPS - 1, wo: TAPS, wc: TAPS * g.c, wy: -3, wx: -1 };
    run({ x: dy, weight, bias: null, y: dx }, transposed(g), strides, "conv2dDataGradient");
  },
  weightGradient: directConv.weightGradient,
};

interface Walk {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly y: Tensor;
}

type WeightStrides = Readonly<Record<"w0" | "wo" | "wc" | "wy" | "wx", number>>;

function run({ x, weight, bias, y }: Walk, g: ConvGeometry, strides: WeightStrides, label: string): void {
  const { c, o } = g;
  const { count: tiles, tiles_y, tiles_x } = tilesOf(g);
  const made = (rows: number, columns: number) => empty([PLACES, rows, columns], "f32", x.device);
  const [u, v, m] = [made(o, c), made(c, tiles), made(o, tiles)];
  toWeight(
    { weight, u },
    { outputs: o, inputs: c, ...strides },
    { grid: groupsOf(o * c), label: `${label}/weight` },
  );
  const shared = { tiles, tiles_y, tiles_x };
  const patches = { ...shared, channels: c, h: g.h, w: g.w, pad_y: g.padY, pad_x: g.padX };
  toInput({ x, v }, patches, { grid: groupsOf(tiles * c), label: `${label}/input` });
  const layout = batchLayout("conv2d", [PLACES], [PLACES])!;
  const size = { m: o, n: tiles, k: c, batches: PLACES };
  runMatmul({ a: u, b: v, bias: null, y: m, transA: false, transB: false }, size, layout, undefined, label);
  const constants = { HAS_BIAS: bias !== null };
  const result = { ...shared, channels: o, oh: g.oh, ow: g.ow };
  toOutput({ m, bias, y }, result, { grid: groupsOf(tiles * o), constants, label: `${label}/output` });
  for (const t of [u, v, m]) t.release(label);
}

/** Of 2x2 outputs. */
function tilesOf({ n, oh, ow }: ConvGeometry) {
  const [tiles_y, tiles_x] = [Math.ceil(oh / 2), Math.ceil(ow / 2)];
  return { tiles_y, tiles_x, count: n * tiles_y * tiles_x };
}
