// Benches bound by arithmetic: matrix products in the three layouts that training needs, and convolutions with both
// gradients at the shapes of LeNet and of a small residual network.
import { conv2d, conv2dDataGradient, conv2dWeightGradient } from "../src/kernels/conv2d.ts";
import { type ConvGeometry, convGeometry } from "../src/kernels/conv2d_geometry.ts";
import { batchedMatmul } from "../src/kernels/matmul.ts";
import {
  dataGradientReference,
  forwardReference,
  weightGradientReference,
} from "../src/selftest/reference/conv2d_reference.ts";
import { noise } from "../src/selftest/reference/matmul_reference.ts";
import { tensor } from "../src/tensor/create.ts";
import { numel, type Shape } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { Bench, Ready, Sweep } from "./kernels.ts";

export interface Operand {
  readonly tensor: Tensor;
  readonly data: Float64Array;
}

/** A tensor of numbers in [-scale, scale), the same in every run, and its values for the reference. */
export function operand(shape: Shape, seed: number, scale = 1): Operand {
  const values = Float32Array.from(noise(shape, seed).data, (v) => scale * v);
  return { tensor: tensor(values, { shape }), data: Float64Array.from(values) };
}

const LAYOUTS = {
  NN: { transA: false, transB: false }, // forward
  NT: { transA: false, transB: true }, // data gradient
  TN: { transA: true, transB: false }, // weight gradient
} as const;

type Layout = keyof typeof LAYOUTS;

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly layouts: readonly Layout[];
  readonly sweep?: Sweep;
}

const EVERY = Object.keys(LAYOUTS) as Layout[];
const square = (side: number, sweep?: Sweep): Product => ({
  m: side,
  k: side,
  n: side,
  layouts: EVERY,
  sweep,
});

const PRODUCTS: readonly Product[] = [
  ...[64, 128, 256, 512].map((side) => square(side)),
  ...[1024, 2048].map((side) => square(side, "full")),
  // A layer of 784 -> 256 at batch 64, its head, a row times a matrix, a long sum, many rows through a small layer.
  { m: 64, k: 784, n: 256, layouts: EVERY },
  { m: 64, k: 256, n: 10, layouts: EVERY },
  { m: 1, k: 1024, n: 1024, layouts: ["NN", "NT"] },
  { m: 32, k: 8192, n: 32, layouts: ["NN", "TN"] },
  { m: 8192, k: 32, n: 32, layouts: ["NN", "NT"] },
];

export const products: readonly Bench[] = PRODUCTS.flatMap((p) =>
  p.layouts.map((layout) => ({
    kernel: "matmul",
    shape: `${p.m}x${p.k}x${p.n} ${layout}`,
    flops: 2 * p.m * p.k * p.n,
    bytes: 4 * (p.m * p.k + p.k * p.n + p.m * p.n),
    roof: "peak" as const,
    sweep: p.sweep,
    setup: () => product(p, layout),
  })),
);

function product({ m, k, n }: Product, layout: Layout): Ready {
  const { transA, transB } = LAYOUTS[layout];
  const a = operand(transA ? [k, m] : [m, k], 1);
  const b = operand(transB ? [n, k] : [k, n], 2);
  const left = (i: number, l: number) => a.data[transA ? l * m + i : i * k + l]!;
  const right = (l: number, j: number) => b.data[transB ? j * k + l : l * n + j]!;
  const valueAt = (index: number) => {
    const [i, j] = [Math.floor(index / n), index % n];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += left(i, l) * right(l, j);
    return sum;
  };
  const isSmall = m * k * n <= SMALL_PRODUCT;
  return {
    run: () => batchedMatmul(a.tensor, b.tensor, { transA, transB }),
    reference: () =>
      isSmall ? Float64Array.from({ length: m * n }, (_, i) => valueAt(i)) : { length: m * n, valueAt },
  };
}

/** Up to here every value is compared. */
const SMALL_PRODUCT = 256 ** 3;

export interface Convolution {
  readonly name: string;
  readonly x: Shape; // [n, c, h, w]
  readonly weight: Shape; // [o, c / groups, kh, kw]
  readonly padding: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly sweep?: Sweep;
}

const CONVOLUTIONS: readonly Convolution[] = [
  { name: "n64 c1 28x28 -> 8, 5x5 pad 2", x: [64, 1, 28, 28], weight: [8, 1, 5, 5], padding: 2 },
  { name: "n64 c8 14x14 -> 32, 5x5 pad 2", x: [64, 8, 14, 14], weight: [32, 8, 5, 5], padding: 2 },
  { name: "n8 c16 32x32 -> 32, 3x3 pad 1", x: [8, 16, 32, 32], weight: [32, 16, 3, 3], padding: 1 },
  { name: "n8 c16 32x32 -> 32, 1x1", x: [8, 16, 32, 32], weight: [32, 16, 1, 1], padding: 0 },
  { name: "n8 dw32 32x32, 3x3 pad 1", x: [8, 32, 32, 32], weight: [32, 1, 3, 3], padding: 1, groups: 32 },
];

export const convolutions: readonly Bench[] = CONVOLUTIONS.flatMap(convolutionBenches);

/** Forward and both gradients. */
export function convolutionBenches(c: Convolution): Bench[] {
  const g = convGeometry("bench", c.x, c.weight, optionsOf(c));
  const yShape = [g.n, g.o, g.oh, g.ow];
  const flops = 2 * numel(yShape) * g.cg * g.kh * g.kw;
  const bytes = 4 * (numel(c.x) + numel(c.weight) + numel(yShape));
  const shared = { shape: c.name, flops, bytes, roof: "peak" as const, sweep: c.sweep };
  return [
    { ...shared, kernel: "conv2d", setup: () => forward(c, g) },
    { ...shared, kernel: "conv2d data gradient", setup: () => dataGradient(c, g, yShape) },
    { ...shared, kernel: "conv2d weight gradient", setup: () => weightGradient(c, g, yShape) },
  ];
}

function optionsOf({ padding, stride = 1, groups = 1 }: Convolution) {
  return { padding, stride, groups };
}

function forward(c: Convolution, g: ConvGeometry): Ready {
  const [a, w] = [operand(c.x, 1), operand(c.weight, 2)];
  return {
    run: () => conv2d(a.tensor, w.tensor, null, optionsOf(c)),
    reference: () => forwardReference(a.data, w.data, null, g),
  };
}

function dataGradient(c: Convolution, g: ConvGeometry, yShape: Shape): Ready {
  const [dy, w] = [operand(yShape, 1), operand(c.weight, 2)];
  return {
    run: () => conv2dDataGradient(dy.tensor, w.tensor, c.x, optionsOf(c)),
    reference: () => dataGradientReference(dy.data, w.data, g),
  };
}

function weightGradient(c: Convolution, g: ConvGeometry, yShape: Shape): Ready {
  const [a, dy] = [operand(c.x, 1), operand(yShape, 2)];
  return {
    run: () => conv2dWeightGradient(a.tensor, dy.tensor, c.weight, optionsOf(c)),
    reference: () => weightGradientReference(a.data, dy.data, g),
  };
}
