// Norms of pictures [n, c, h, w]: batch norm in training, group norm, and RMS norm of rows.
import { batchNorm } from "../src/kernels/batch_norm.ts";
import { groupNorm } from "../src/kernels/group_norm.ts";
import { rmsNorm } from "../src/kernels/rms_norm.ts";
import type { Bench, Ready } from "./kernels.ts";
import { type Operand, operand } from "./products.ts";

const [N, C, SIDE] = [16, 32, 32];
const GROUPS = 8;
const EPS = 1e-5; // PyTorch's default
const [ROWS, D] = [1024, 512];

const pictures = (kernel: string, setup: () => Ready): Bench => ({
  kernel,
  shape: `[${N},${C},${SIDE},${SIDE}]`,
  flops: 8 * N * C * SIDE * SIDE,
  bytes: 2 * 4 * N * C * SIDE * SIDE,
  roof: "stream",
  setup,
});

export const norms: readonly Bench[] = [
  pictures("batch norm", batch),
  pictures("group norm", group),
  {
    kernel: "RMS norm",
    shape: `[${ROWS},${D}]`,
    flops: 5 * ROWS * D,
    bytes: 8 * ROWS * D,
    roof: "stream",
    setup: rms,
  },
];

const PLANE = SIDE * SIDE;
const channelOf = (i: number) => Math.floor(i / PLANE) % C;

/** (x - mean) / sqrt(variance + eps) * weight + bias with the statistics of all elements that share a key. */
function normalised(
  x: Float64Array,
  keyOf: (i: number) => number,
  weight: Operand,
  bias: Operand,
): Float64Array {
  const [count, sum, squares] = [
    new Map<number, number>(),
    new Map<number, number>(),
    new Map<number, number>(),
  ];
  const add = (to: Map<number, number>, key: number, value: number) =>
    to.set(key, (to.get(key) ?? 0) + value);
  x.forEach((v, i) => {
    add(count, keyOf(i), 1);
    add(sum, keyOf(i), v);
    add(squares, keyOf(i), v * v);
  });
  return x.map((v, i) => {
    const key = keyOf(i);
    const mean = sum.get(key)! / count.get(key)!;
    const variance = squares.get(key)! / count.get(key)! - mean * mean;
    return ((v - mean) / Math.sqrt(variance + EPS)) * weight.data[channelOf(i)]! + bias.data[channelOf(i)]!;
  });
}

function operands() {
  return { x: operand([N, C, SIDE, SIDE], 1), weight: operand([C], 2), bias: operand([C], 3) };
}

function batch(): Ready {
  const { x, weight, bias } = operands();
  const options = { weight: weight.tensor, bias: bias.tensor, training: true };
  return {
    run: () => batchNorm(x.tensor, options),
    reference: () => normalised(x.data, channelOf, weight, bias),
  };
}

function group(): Ready {
  const { x, weight, bias } = operands();
  const size = (C / GROUPS) * PLANE;
  return {
    run: () => groupNorm(x.tensor, GROUPS, weight.tensor, bias.tensor),
    reference: () => normalised(x.data, (i) => Math.floor(i / size), weight, bias),
  };
}

function rms(): Ready {
  const [x, weight] = [operand([ROWS, D], 1), operand([D], 2)];
  return {
    run: () => rmsNorm(x.tensor, D, weight.tensor, EPS),
    reference: () => {
      const y = new Float64Array(ROWS * D);
      for (let at = 0; at < y.length; at += D) {
        const row = x.data.subarray(at, at + D);
        const mean = row.reduce((sum, v) => sum + v * v, 0) / D;
        row.forEach((v, j) => {
          y[at + j] = (v / Math.sqrt(mean + EPS)) * weight.data[j]!;
        });
      }
      return y;
    },
  };
}
