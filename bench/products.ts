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
import type { Bench, Ready } from "./kernels.ts";

export interface Operand {
  readonly tensor: Tensor;
  readonly data: Float64Array;
}

/** A tensor of numbers in [-1, 1), the same in every run, and its values for the reference. */
export function operand(shape: Shape, seed: number): Operand {
  const { data } = noise(shape, seed);
  return { tensor: tensor(Float32Array.from(data), { shape }), data };
}

const LAYOUTS = {
  NN: { transA: false, transB: false }, // forward
  NT: { transA: false, transB: true }, // data gradient
  TN: { transA: true, transB: false }, // weight gradient
} as const;

type Layout = keyof typeof LAYOUTS;

export const products: readonly Bench[] = [128, 256, 512].flatMap((side) =>
  (Object.keys(LAYOUTS) as Layout[]).map((layout) => ({
    kernel: "matmul",
    shape: `${side}x${side}x${side} ${layout}`,
    flops: 2 * side ** 3,
    bytes: 3 * 4 * side ** 2,
    roof: "peak" as const,
    setup: () => product(side, layout),
  })),
);

function product(side: number, layout: Layout): Ready {
  const [a, b] = [operand([side, side], 1), operand([side, side], 2)];
  const { transA, transB } = LAYOUTS[layout];
  const at = (x: Operand, trans: boolean) => (i: number, j: number) =>
    x.data[trans ? j * side + i : i * side + j]!;
  return {
    run: () => batchedMatmul(a.tensor, b.tensor, { transA, transB }),
    reference: () => {
      const [left, right] = [at(a, transA), at(b, transB)];
      const y = new Float64Array(side * side);
      for (let i = 0; i < side; i++) {
        for (let k = 0; k < side; k++) {
          const factor = left(i, k);
          for (let j = 0; j < side; j++) y[i * side + j]! += factor * right(k, j);
        }
      }
      return y;
    },
  };
}

interface Convolution {
  readonly name: string;
  readonly x: Shape; // [n, c, h, w]
  readonly weight: Shape; // [o, c, kh, kw]
  readonly padding: number;
}

const CONVOLUTIONS: readonly Convolution[] = [
  { name: "n64 c1 28x28 -> 8, 5x5 pad 2", x: [64, 1, 28, 28], weight: [8, 1, 5, 5], padding: 2 },
  { name: "n64 c8 14x14 -> 32, 5x5 pad 2", x: [64, 8, 14, 14], weight: [32, 8, 5, 5], padding: 2 },
  { name: "n8 c16 32x32 -> 32, 3x3 pad 1", x: [8, 16, 32, 32], weight: [32, 16, 3, 3], padding: 1 },
];

export const convolutions: readonly Bench[] = CONVOLUTIONS.flatMap((c) => {
  const g = convGeometry("bench", c.x, c.weight, { padding: c.padding });
  const yShape = [g.n, g.o, g.oh, g.ow];
  const flops = 2 * numel(yShape) * g.cg * g.kh * g.kw;
  const bytes = 4 * (numel(c.x) + numel(c.weight) + numel(yShape));
  const shared = { shape: c.name, flops, bytes, roof: "peak" as const };
  return [
    { ...shared, kernel: "conv2d", setup: () => forward(c, g) },
    { ...shared, kernel: "conv2d data gradient", setup: () => dataGradient(c, g, yShape) },
    { ...shared, kernel: "conv2d weight gradient", setup: () => weightGradient(c, g, yShape) },
  ];
});

function forward({ x, weight, padding }: Convolution, g: ConvGeometry): Ready {
  const [a, w] = [operand(x, 1), operand(weight, 2)];
  return {
    run: () => conv2d(a.tensor, w.tensor, null, { padding }),
    reference: () => forwardReference(a.data, w.data, null, g),
  };
}

function dataGradient({ x, weight, padding }: Convolution, g: ConvGeometry, yShape: Shape): Ready {
  const [dy, w] = [operand(yShape, 1), operand(weight, 2)];
  return {
    run: () => conv2dDataGradient(dy.tensor, w.tensor, x, { padding }),
    reference: () => dataGradientReference(dy.data, w.data, g),
  };
}

function weightGradient({ x, weight, padding }: Convolution, g: ConvGeometry, yShape: Shape): Ready {
  const [a, dy] = [operand(x, 1), operand(yShape, 2)];
  return {
    run: () => conv2dWeightGradient(a.tensor, dy.tensor, weight, { padding }),
    reference: () => weightGradientReference(a.data, dy.data, g),
  };
}
