// The 1x1 convolution as a matmul: every image is a matrix [c, h * w], which the weight [o, c] multiplies. No default: whether
// it beats conv2d_quad.ts, which knows the same trick, is for a tuning table to say.

import { copyInto } from "../tensor/primitives.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { add } from "./binary.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { ConvKernels } from "./conv2d_kernels.ts";
import { inSplits, MAX_PARTIAL } from "./conv2d_partials.ts";
import { batchLayout } from "./matmul_batch.ts";
import { runMatmul } from "./matmul_run.ts";
import { reshape } from "./reshape.ts";

/** One group, one tap, no step and no padding. */
export function isPointwise(g: ConvGeometry): boolean {
  const still = g.strideY === 1 && g.strideX === 1 && g.padY === 0 && g.padX === 0;
  const whole = g.oh === g.h && g.ow === g.w;
  return (
    g.groups === 1 && g.kh === 1 && g.kw === 1 && still && whole && g.n > 0 && g.n * g.o * g.c <= MAX_PARTIAL
  );
}

export const pointwiseConv: ConvKernels = {
  forward({ x, weight, bias, y }, g) {
    const layout = batchLayout("conv2d", [], [g.n])!;
    const size = { m: g.o, n: g.h * g.w, k: g.c, batches: g.n };
    const product = bias ? empty(y.shape, y.dtype, y.device) : y;
    const sides = { a: weight, b: x, transA: false, transB: false };
    runMatmul({ ...sides, bias: null, y: product }, size, layout, undefined, "conv2d");
    if (bias) addChannels(y, product, bias);
  },
  dataGradient({ dy, weight, dx }, g) {
    const layout = batchLayout("conv2d", [], [g.n])!;
    const size = { m: g.c, n: g.h * g.w, k: g.o, batches: g.n };
    const sides = { a: weight, b: dy, transA: true, transB: false };
    runMatmul({ ...sides, bias: null, y: dx }, size, layout, undefined, "conv2dDataGradient");
  },
  weightGradient({ x, dy, dw }, g) {
    const label = "conv2dWeightGradient";
    const layout = batchLayout("conv2d", [g.n], [g.n])!;
    const size = { m: g.o, n: g.c, k: g.h * g.w, batches: g.n };
    const sides = { a: dy, b: x, transA: false, transB: true };
    inSplits({ dw }, g.n, ({ partial }) => {
      runMatmul({ ...sides, bias: null, y: partial }, size, layout, undefined, label); // a product an image
    });
  },
};

/** y = product + bias: inside a program the sum becomes the product's epilogue, and the copy nothing. */
function addChannels(y: Tensor, product: Tensor, bias: Tensor): void {
  const sum = add(product, reshape(bias, [bias.size, 1, 1])); // [n, o, h, w]
  copyInto(y, sum);
  sum.release("conv2d");
  product.release("conv2d");
}
