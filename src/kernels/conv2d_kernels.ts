// What every set of convolution kernels offers, and the params that they share. The sets: conv2d_naive.ts, conv2d_direct.ts.

import { grid1d } from "../gpu/kernel.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";

type Tensors<K extends string> = Readonly<Record<K, Tensor>>;

export interface ConvKernels {
  forward(t: Tensors<"x" | "weight" | "y"> & { readonly bias: Tensor | null }, g: ConvGeometry): void;
  dataGradient(t: Tensors<"dy" | "weight" | "dx">, g: ConvGeometry): void;
  /** With `db` [o], where `biasGradient` says so, also the sums of dy over all but its channels. */
  weightGradient(t: Tensors<"x" | "dy" | "dw"> & { readonly db?: Tensor | null }, g: ConvGeometry): void;
  /** Whether weightGradient can give the gradient of the bias too. */
  readonly biasGradient?: boolean;
}

const WG = 64; // as in the shaders

export function groupsOf(threads: number): [number, number, number] {
  return grid1d(Math.ceil(threads / WG));
}

/** Two for every tap of every output, those in the padding too: the count that benches use. */
export function flops(g: ConvGeometry): number {
  return 2 * g.n * g.o * g.oh * g.ow * g.cg * g.kh * g.kw;
}

/** Sizes as the shaders name them. */
export function tileParams({
  groups,
  h,
  w,
  oh,
  ow,
  cg,
  og,
  kw,
  strideX,
  dilationX,
  padY,
  padX,
}: ConvGeometry) {
  return {
    groups,
    h,
    w,
    oh,
    ow,
    cg,
    og,
    kw,
    stride_x: strideX,
    dilation_x: dilationX,
    pad_y: padY,
    pad_x: padX,
  };
}

/** The convolution that a data gradient of stride 1 is, with the weight's channels exchanged and its taps backwards. */
export function transposed(g: ConvGeometry): ConvGeometry {
  const sizes = { c: g.o, h: g.oh, w: g.ow, o: g.c, oh: g.h, ow: g.w, cg: g.og, og: g.cg };
  const padY = (g.kh - 1) * g.dilationY - g.padY;
  const padX = (g.kw - 1) * g.dilationX - g.padX;
  return { ...g, ...sizes, padY, padX };
}
