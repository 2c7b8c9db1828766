// Each fused kernel beside the same function in plain ops, forward and with gradients, over a range of sizes: what
// `npm run bench -- --node --fused` times in turns. A fused kernel must be at least as fast in every row.
import { scaledDotProductAttention } from "../src/kernels/attention.ts";
import { callOf, checkAttention } from "../src/kernels/attention_check.ts";
import { composeAttention } from "../src/kernels/attention_composition.ts";
import { add, div, mul, sub } from "../src/kernels/binary.ts";
import { gru } from "../src/kernels/gru.ts";
import { layerNorm } from "../src/kernels/layer_norm.ts";
import { linear } from "../src/kernels/linear.ts";
import { lstm } from "../src/kernels/lstm.ts";
import { composeGru, composeLstm } from "../src/kernels/recurrent_composition.ts";
import { mean, sum } from "../src/kernels/reduce.ts";
import { amax } from "../src/kernels/reduce_max.ts";
import { softmax } from "../src/kernels/softmax.ts";
import { exp, rsqrt, square } from "../src/kernels/unary.ts";
import type { Shape } from "../src/tensor/shape.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { operand } from "./products.ts";

type Call = (...inputs: Tensor[]) => Tensor;

export interface FusedPair {
  readonly kernel: string;
  readonly shape: string;
  /** Of the forward; a multiply-add counts two. */
  readonly flops: number;
  /** Leaves of the gradients. */
  readonly inputs: () => readonly Tensor[];
  readonly fused: Call;
  readonly composed: Call;
}

const GATES = { lstm: 4, gru: 3 } as const;
const LENGTHS = [64, 128, 256, 512, 1024];
const SEQUENCES = [
  [32, 16, 64],
  [16, 16, 64],
  [32, 32, 128],
] as const;
const ROWS = [
  [64, 1024],
  [512, 65],
  [4096, 128],
  [256, 512],
] as const;

export const fusedPairs: readonly FusedPair[] = [
  ...LENGTHS.flatMap((t) => [32, 64].flatMap((d) => [true, false].map((causal) => attention(t, d, causal)))),
  ...SEQUENCES.flatMap((size) => [recurrent("lstm", size), recurrent("gru", size)]),
  ...ROWS.map(softmaxRows),
  ...ROWS.map(layerNormRows),
];

const leaves = (shapes: readonly Shape[], scale = 1) =>
  shapes.map((shape, i) => operand(shape, i + 1, scale).tensor);

function attention(t: number, d: number, causal: boolean): FusedPair {
  const [b, h] = [2, 4];
  const shape = [b, h, t, d];
  const options = { isCausal: causal };
  return {
    kernel: "attention",
    shape: `b${b} h${h} t${t} d${d} ${causal ? "causal" : "full"}`,
    flops: (4 * b * h * t * t * d) / (causal ? 2 : 1),
    inputs: () => leaves([shape, shape, shape]),
    fused: (q, k, v) => scaledDotProductAttention(q!, k!, v!, options),
    composed: (q, k, v) => {
      const size = checkAttention(q!, k!, v!, options);
      return composeAttention(callOf(q!, k!, v!, size, { order: "bhtd", joined: false }, options), null).y;
    },
  };
}

function recurrent(kind: keyof typeof GATES, [t, b, h]: readonly [number, number, number]): FusedPair {
  const gates = GATES[kind];
  const sequence = { steps: t, batch: b, hidden: h, gates, reverse: false, lengths: null };
  return {
    kernel: kind,
    shape: `t${t} b${b} h${h}`,
    flops: 4 * t * b * gates * h * h,
    inputs: () => leaves([[t, b, h], [gates * h, h], [gates * h, h], [gates * h]], 1 / Math.sqrt(h)),
    fused: (x, weightIh, weightHh, biasIh) =>
      (kind === "lstm" ? lstm : gru)(x!, { weightIh: weightIh!, weightHh: weightHh!, biasIh })[0],
    composed: (x, wIh, wHh, bias) => {
      const gx = linear(x!, wIh!, bias!);
      return kind === "lstm"
        ? composeLstm(sequence, gx, wHh!, null, null)[0]!
        : composeGru(sequence, gx, wHh!, null, null)[0]!;
    },
  };
}

function softmaxRows([rows, n]: readonly [number, number]): FusedPair {
  return {
    kernel: "softmax",
    shape: `[${rows},${n}]`,
    flops: 5 * rows * n,
    inputs: () => leaves([[rows, n]]),
    fused: (x) => softmax(x!),
    composed: (x) => {
      const e = exp(sub(x!, amax(x!, -1, true)));
      return div(e, sum(e, -1, true));
    },
  };
}

function layerNormRows([rows, n]: readonly [number, number]): FusedPair {
  return {
    kernel: "layer norm",
    shape: `[${rows},${n}]`,
    flops: 8 * rows * n,
    inputs: () => leaves([[rows, n], [n], [n]]),
    fused: (x, weight, bias) => layerNorm(x!, n, weight!, bias!),
    composed: (x, weight, bias) => {
      const centered = sub(x!, mean(x!, -1, true));
      const scaled = mul(centered, rsqrt(add(mean(square(centered), -1, true), 1e-5)));
      return add(mul(scaled, weight!), bias!);
    },
  };
}
