// LSTM over whole sequences: forward, and forward with the gradients of input and weights. Judged by the outputs and by dx, which
// is what all gradients of the gates run into.
import { lstm } from "../src/kernels/lstm.ts";
import { grad } from "../src/tensor/autograd.ts";
import type { Bench, Ready, Sweep } from "./kernels.ts";
import { type Operand, operand } from "./products.ts";
import { forwardReference, inputGradient, type Size as Sizes, type Values } from "./recurrence_reference.ts";

interface Size extends Sizes {
  readonly sweep?: Sweep;
}

const SIZES: readonly Size[] = [
  { t: 32, b: 16, h: 64 },
  { t: 64, b: 32, h: 128, sweep: "full" },
  { t: 128, b: 8, h: 256, sweep: "full" },
];

export const recurrences: readonly Bench[] = SIZES.flatMap((size) => {
  const { t, b, h, sweep } = size;
  const products = 2 * t * b * 4 * h * 2 * h; // of x and of h with their weights
  const bytes = 4 * (2 * t * b * h + 8 * h * h + 4 * h);
  const shared = { shape: `t${t} b${b} h${h}`, roof: "peak" as const, sweep };
  return [
    { ...shared, kernel: "lstm", flops: products, bytes, setup: () => forward(size) },
    {
      ...shared,
      kernel: "lstm with gradients",
      flops: 3 * products,
      bytes: 3 * bytes,
      setup: () => gradients(size),
    },
  ];
});

interface Operands {
  readonly x: Operand; // [t, b, h]
  readonly wIh: Operand; // [4 h, h]
  readonly wHh: Operand; // [4 h, h]
  readonly bias: Operand; // [4 h]
  readonly dy: Operand; // [t, b, h]
}

function operands({ t, b, h }: Size): Operands {
  const small = 1 / Math.sqrt(h);
  return {
    x: operand([t, b, h], 1),
    wIh: operand([4 * h, h], 2, small),
    wHh: operand([4 * h, h], 3, small),
    bias: operand([4 * h], 4, small),
    dy: operand([t, b, h], 5),
  };
}

function valuesOf(o: Operands): Values {
  return { x: o.x.data, wIh: o.wIh.data, wHh: o.wHh.data, bias: o.bias.data, dy: o.dy.data };
}

function run({ x, wIh, wHh, bias }: Operands) {
  return lstm(x.tensor, { weightIh: wIh.tensor, weightHh: wHh.tensor, biasIh: bias.tensor })[0];
}

function forward(size: Size): Ready {
  const o = operands(size);
  return { run: () => run(o), reference: () => forwardReference(size, valuesOf(o)).y };
}

function gradients(size: Size): Ready {
  const o = operands(size);
  const leaves = [o.x.tensor, o.wIh.tensor, o.wHh.tensor, o.bias.tensor];
  for (const p of leaves) p.requiresGrad = true;
  return {
    run: () => grad(run(o), leaves, { gradOutputs: [o.dy.tensor] })[0]!,
    reference: () => inputGradient(size, valuesOf(o)),
  };
}
