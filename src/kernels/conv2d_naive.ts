// The convolution kernels with one thread per output: any size, no tuning, the oracle of the others.

import { kernel } from "../gpu/kernel.ts";
import { conv2dDataGradientNaive, conv2dNaive, conv2dWeightGradientNaive } from "../gpu/shaders.gen.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import { type ConvKernels, flops, groupsOf, tileParams } from "./conv2d_kernels.ts";

const forwardNaive = kernel(conv2dNaive);
const dataNaive = kernel(conv2dDataGradientNaive);
const weightNaive = kernel(conv2dWeightGradientNaive);

export const naiveConv: ConvKernels = {
  forward({ x, weight, bias, y }, g) {
    const constants = { HAS_BIAS: bias !== null };
    const options = { grid: groupsOf(y.size), constants, label: "conv2d", flops: flops(g) };
    forwardNaive({ x, weight, bias, y }, { size: y.size, ...allParams(g) }, options);
  },
  dataGradient({ dy, weight, dx }, g) {
    const options = { grid: groupsOf(dx.size), label: "conv2dDataGradient", flops: flops(g) };
    dataNaive({ dy, weight, dx }, { size: dx.size, ...allParams(g) }, options);
  },
  weightGradient({ x, dy, dw }, g) {
    const options = { grid: groupsOf(dw.size), label: "conv2dWeightGradient", flops: flops(g) };
    weightNaive({ x, dy, dw }, { size: dw.size, ...allParams(g) }, options);
  },
};

function allParams(g: ConvGeometry) {
  const { groups: _, ...shared } = tileParams(g);
  return { ...shared, n: g.n, c: g.c, o: g.o, kh: g.kh, stride_y: g.strideY, dilation_y: g.dilationY };
}
