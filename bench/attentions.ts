// Causal attention, b 2, h 4, d 32, from 64 to 2048 positions: forward, and forward with the gradients of q, k and v.
import { scaledDotProductAttention } from "../src/kernels/attention.ts";
import { grad } from "../src/tensor/autograd.ts";
import type { Bench, Formula, Ready } from "./kernels.ts";
import { operand } from "./products.ts";

const [B, H, D] = [2, 4, 32];
const QUICK = [64, 128, 256];
const FULL = [512, 1024, 2048];

export const attentions: readonly Bench[] = [...QUICK, ...FULL].flatMap((t) => {
  const pairs = (t * (t + 1)) / 2; // of query and key
  const shared = {
    shape: `b${B} h${H} t${t} d${D} causal`,
    roof: "peak" as const,
    sweep: QUICK.includes(t) ? ("quick" as const) : ("full" as const),
  };
  const forward = 4 * B * H * pairs * D;
  const tensor = 4 * B * H * t * D; // bytes of q
  return [
    { ...shared, kernel: "attention", flops: forward, bytes: 4 * tensor, setup: () => attention(t) },
    // Five products more: scores again, dp, dq, dk, dv. Read q, k, v, y, dy; written y, dq, dk, dv.
    {
      ...shared,
      kernel: "attention with gradients",
      flops: 3.5 * forward,
      bytes: 12 * tensor,
      setup: () => gradients(t),
    },
  ];
});

const SHAPE = (t: number) => [B, H, t, D];

function operands(t: number) {
  return {
    q: operand(SHAPE(t), 1),
    k: operand(SHAPE(t), 2),
    v: operand(SHAPE(t), 3),
    dy: operand(SHAPE(t), 4),
  };
}

function attention(t: number): Ready {
  const { q, k, v, dy } = operands(t);
  return {
    run: () => scaledDotProductAttention(q.tensor, k.tensor, v.tensor, { isCausal: true }),
    reference: () => formula(t, q.data, k.data, v.data, dy.data).y,
  };
}

/** Judged by dq, into which everything enters: scores, weights, dp. */
function gradients(t: number): Ready {
  const { q, k, v, dy } = operands(t);
  const leaves = [q.tensor, k.tensor, v.tensor];
  for (const x of leaves) x.requiresGrad = true;
  return {
    run: () => {
      const y = scaledDotProductAttention(q.tensor, k.tensor, v.tensor, { isCausal: true });
      return grad(y, leaves, { gradOutputs: [dy.tensor] })[0]!;
    },
    reference: () => formula(t, q.data, k.data, v.data, dy.data).dq,
  };
}

/** y and dq, each value from the row of weights it needs. */
function formula(t: number, q: Float64Array, k: Float64Array, v: Float64Array, dy: Float64Array) {
  const scale = 1 / Math.sqrt(D);
  const dot = (a: Float64Array, i: number, b: Float64Array, j: number) => {
    let sum = 0;
    for (let d = 0; d < D; d++) sum += a[i * D + d]! * b[j * D + d]!;
    return sum;
  };
  /** Weights of query row r (of all B H t rows) over the keys of its head up to itself. */
  const weights = (r: number, first: number) => {
    const scores = Array.from({ length: r - first + 1 }, (_, j) => scale * dot(q, r, k, first + j));
    const top = scores.reduce((a, b) => Math.max(a, b));
    const e = scores.map((s) => Math.exp(s - top));
    const total = e.reduce((a, b) => a + b);
    return e.map((p) => p / total);
  };
  const at = (value: (p: number[], r: number, first: number, d: number) => number): Formula => ({
    length: B * H * t * D,
    valueAt: (index) => {
      const r = Math.floor(index / D);
      const first = r - (r % t);
      return value(weights(r, first), r, first, index % D);
    },
  });
  return {
    y: at((p, _r, first, d) => p.reduce((sum, w, j) => sum + w * v[(first + j) * D + d]!, 0)),
    dq: at((p, r, first, d) => {
      const dp = p.map((_, j) => dot(dy, r, v, first + j));
      const mean = p.reduce((sum, w, j) => sum + w * dp[j]!, 0);
      return p.reduce((sum, w, j) => sum + scale * w * (dp[j]! - mean) * k[(first + j) * D + d]!, 0);
    }),
  };
}
