// The depthwise convolution's own kernels: threads that walk down strips of columns and keep the rows that windows share.
// Which convolutions they take, and the cuts: conv_depthwise_plan.ts.

import { kernel } from "../gpu/kernel.ts";
import {
  convDepthwiseDataGradient as dataShader,
  convDepthwise as walkShader,
  convDepthwiseWeightGradient as weightShader,
} from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type Adapter,
  bandsOf,
  forwardColumns,
  gradientColumns,
  isFlip,
  rhythm,
  splitsOf,
  weightColumns,
} from "./conv_depthwise_plan.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import { type ConvKernels, flops, groupsOf } from "./conv2d_kernels.ts";
import { inSplits, mostSplits } from "./conv2d_partials.ts";

const walkDown = kernel(walkShader);
const dataWalk = kernel(dataShader);
const weightWalk = kernel(weightShader);

export const depthwiseConv: ConvKernels = {
  forward(t, g) {
    walkForward(t, g, "conv2d", false);
  },
  dataGradient({ dy, weight, dx }, g) {
    if (!isFlip(g)) return stridedGradient(dy, weight, dx, g);
    const swapped = { h: g.oh, w: g.ow, oh: g.h, ow: g.w };
    const pads = {
      padY: (g.kh - 1) * g.dilationY - g.padY,
      padX: (g.kw - 1) * g.dilationX - g.padX,
    };
    walkForward(
      { x: dy, weight, bias: null, y: dx },
      { ...g, ...swapped, ...pads },
      "conv2dDataGradient",
      true,
    );
  },
  biasGradient: true,
  weightGradient({ x, dy, dw, db }, g) {
    const wide = weightColumns(g, adapterOf(x));
    const rest = g.ow % wide;
    // Whole strips, then the columns that fill none.
    const parts = [weightPart(x, dw, g, wide, 0)];
    if (rest > 0) parts.push(weightPart(x, dw, g, rest, g.ow - rest));
    const splits = parts.reduce((sum, part) => sum + part.params.splits, 0);
    inSplits({ dw, db }, splits, (partials) => {
      let split0 = 0;
      for (const { params, ...part } of parts) {
        const threads = params.splits * g.o;
        const share = (params.strips * part.constants.TX) / g.ow;
        const constants = { ...part.constants, HAS_SUMS: partials.partial_sums !== null };
        const label = "conv2dWeightGradient";
        const options = { grid: groupsOf(threads), constants, label, flops: share * flops(g) };
        weightWalk({ x, dy, ...partials }, { ...params, threads, split0 }, options);
        split0 += params.splits;
      }
    });
  },
};

type Operands = Parameters<ConvKernels["forward"]>[0];

function walkForward({ x, weight, bias, y }: Operands, g: ConvGeometry, label: string, FLIP: boolean): void {
  const adapter = adapterOf(x);
  const TX = Math.min(forwardColumns(g, adapter), g.ow);
  const walk = walks(g, Math.ceil(g.ow / TX), adapter);
  const threads = g.n * g.o * walk.bands * walk.out_step * walk.strips;
  const constants = { ...axes(g), TX, HAS_BIAS: bias !== null, FLIP, FIT: g.ow % TX === 0 };
  const options = { grid: groupsOf(threads), constants, label, flops: flops(g) };
  walkDown({ x, weight, bias, y }, { threads, ...walk, ...sizes(g) }, options);
}

function stridedGradient(dy: Tensor, weight: Tensor, dx: Tensor, g: ConvGeometry): void {
  const adapter = adapterOf(dy);
  const TX = gradientColumns(g, adapter);
  const [row0, column0] = [Math.floor(g.padY / g.strideY), Math.floor(g.padX / g.strideX)];
  const rows = Math.floor((g.padY + g.h - 1) / g.strideY) - row0 + 1;
  const columns = Math.floor((g.padX + g.w - 1) / g.strideX) - column0 + 1;
  const strips = Math.ceil(columns / TX);
  const bands = bandsOf(rows, g.n * g.c * strips, adapter);
  const threads = g.n * g.c * bands.bands * strips;
  const whole =
    [g.padY, g.h].every((v) => v % g.strideY === 0) && [g.padX, g.w].every((v) => v % g.strideX === 0);
  const FIT = whole && columns % TX === 0;
  const constants = { KH: g.kh, KW: g.kw, SX: g.strideX, SY: g.strideY, M: g.og, TX, FIT };
  const { channels: _, og: _og, stride_y, dilation_y, ...shared } = sizes(g);
  const params = { threads, channels: g.c, strips, ...bands, row0, rows, column0, ...shared };
  const options = { grid: groupsOf(threads), constants, label: "conv2dDataGradient", flops: flops(g) };
  dataWalk({ dy, weight, dx }, params, options);
}

/** The strips of TX columns from column0 on. */
function weightPart(x: Tensor, dw: Tensor, g: ConvGeometry, TX: number, column0: number) {
  const adapter = adapterOf(x);
  const walk = walks(g, Math.floor((g.ow - column0) / TX), adapter);
  const count = g.n * walk.bands * walk.out_step * walk.strips;
  const splits = Math.max(1, Math.min(splitsOf(count, g.o, adapter), mostSplits(dw)));
  return { params: { ...walk, ...sizes(g), walks: count, splits, column0 }, constants: { ...axes(g), TX } };
}

function walks(g: ConvGeometry, strips: number, adapter: Adapter) {
  const { out_step } = rhythm(g);
  return { strips, out_step, ...bandsOf(Math.ceil(g.oh / out_step), g.n * g.o * out_step * strips, adapter) };
}

function axes(g: ConvGeometry) {
  return { KH: g.kh, KW: g.kw, SX: g.strideX, DX: g.dilationX, NEW: rhythm(g).fresh };
}

function sizes({ o, og, h, w, oh, ow, strideY, dilationY, padY, padX }: ConvGeometry) {
  const steps = { stride_y: strideY, dilation_y: dilationY, pad_y: padY, pad_x: padX };
  return { channels: o, og, h, w, oh, ow, ...steps };
}

function adapterOf(x: Tensor): Adapter {
  return x.device.adapter.software ? "software" : "hardware";
}
