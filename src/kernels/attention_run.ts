// Dispatches of attention: the forward with its log-sum-exp, the gradient of q (and of an added mask), the gradients of k and v.
// What they compute: attention.ts. Which variant: attention_plan.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  attentionDkv,
  attentionDkvSwap,
  attentionDq,
  attentionDqSwap,
  attentionDraw,
  attentionKept,
  attentionRows,
  attention as attentionShader,
  attentionSwap,
} from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { drawParams } from "../tensor/random.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { type AttentionLayout, type AttentionSize, resultShape, strideParams } from "./attention_layout.ts";
import { type AttentionPass, type AttentionPlan, planAttention } from "./attention_plan.ts";

const forwardKernels = { alone: kernel(attentionShader), quads: kernel(attentionSwap) };
const queryKernels = { alone: kernel(attentionDq), quads: kernel(attentionDqSwap) };
const keyKernels = { alone: kernel(attentionDkv), quads: kernel(attentionDkvSwap) };
const rowsKernel = kernel(attentionRows);
const drawKernel = kernel(attentionDraw);
const keptKernel = kernel(attentionKept);

const WG = 64; // of the shaders with one element a thread
const NAME = "scaledDotProductAttention";

/** One call, checked. With a joined layout q, k and v are the same tensor. */
export interface AttentionCall {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly mask: Tensor | null;
  readonly size: AttentionSize;
  readonly layout: AttentionLayout;
  readonly scale: number;
  readonly causal: boolean;
  readonly drop: number;
  /** Replaces the table's plan: tests and benches. */
  readonly plan?: Partial<AttentionPlan>;
}

/** Key and offset of this call's random numbers, u32 [4]: a tensor, so that gradients and replays draw the same. */
export function runDraw({ q, size: { b, h, t, s } }: AttentionCall): Tensor {
  const draw = empty([4], "u32", q.device);
  drawKernel({ draw }, drawParams(b * h * t * 4 * Math.ceil(s / 4)), { grid: [1], label: `${NAME}/draw` });
  return draw;
}

/** Which scores the dropout keeps: bool [b, h, t, s]. */
export function runKept({ q, drop, size: { b, h, t, s } }: AttentionCall, draw: Tensor): Tensor {
  const kept = empty([b, h, t, s], "bool", q.device);
  const blocks = Math.ceil(s / 4);
  const n = b * h * t * blocks;
  const options = { grid: grid1d(Math.ceil(n / WG)), label: `${NAME}/kept` };
  keptKernel({ draw, kept }, { n, s, blocks, drop }, options);
  return kept;
}

export function runForward(call: AttentionCall, draw: Tensor | null): { y: Tensor; lse: Tensor } {
  const { q, k, v, mask, size, layout } = call;
  const y = empty(resultShape(size, layout.order), "f32", q.device);
  const lse = empty([size.b, size.h, size.t], "f32", q.device);
  const { run, params, options } = setup(call, "forward", size.h, size.t, forwardKernels);
  run({ q, k, v, mask, draw, y, lse }, params, { ...options, flops: flops(call, 2), label: NAME });
  return { y, lse };
}

/** Per query (log-sum-exp, sum of dy * y), behind the draw: u32 [2 + b h t, 2]. */
export function runRows(
  call: AttentionCall,
  dy: Tensor,
  y: Tensor,
  lse: Tensor,
  draw: Tensor | null,
): Tensor {
  const { size, layout } = call;
  const { b, h, t, d } = size;
  const { y_b, y_h, y_t } = strideParams(size, layout, null);
  const rows = empty([2 + b * h * t, 2], "u32", y.device);
  const n = b * h * t;
  rowsKernel(
    { dy, y, lse, draw, rows },
    { n, h, t, d, y_b, y_h, y_t },
    {
      grid: grid1d(Math.ceil(n / WG)),
      constants: { DROP: draw !== null },
      label: `${NAME}/rows`,
      flops: 2 * n * d,
    },
  );
  return rows;
}

/** Fills dq, and gives the gradient of the scores [b, h, t, s] if asked: that of a mask before its broadcast axes are summed. */
export function runQueryGradient(
  call: AttentionCall,
  dy: Tensor,
  rows: Tensor,
  dq: Tensor,
  maskGradient: boolean,
): Tensor | null {
  const { q, k, v, mask, size, causal } = call;
  const { b, h, t, s } = size;
  const dmask = maskGradient ? empty([b, h, t, s], "f32", q.device) : null;
  if (dmask && causal) fill(dmask, 0);
  const { run, params, options } = setup(call, "queries", h, t, queryKernels);
  const constants = { ...options.constants, MASK_GRADIENT: maskGradient };
  const label = `${NAME}/dq`;
  run({ q, k, v, mask, dy, rows, dq, dmask }, params, {
    ...options,
    constants,
    flops: flops(call, 3),
    label,
  });
  return dmask;
}

/** Fills dk and dv; with a joined layout dk is the whole gradient of q, k and v, and dv null. */
export function runKeyGradient(
  call: AttentionCall,
  dy: Tensor,
  rows: Tensor,
  dk: Tensor,
  dv: Tensor | null,
): void {
  const { q, k, v, mask, size } = call;
  const { run, params, options } = setup(call, "keys", size.hk, size.s, keyKernels);
  const constants = { ...options.constants, JOINED: dv === null };
  const label = `${NAME}/dkv`;
  run({ q, k, v, mask, dy, rows, dk, dv }, params, { ...options, constants, flops: flops(call, 4), label });
}

/** `heads` of `count` rows are shared out among threads. */
function setup<K>(
  call: AttentionCall,
  pass: AttentionPass,
  heads: number,
  count: number,
  kernels: { alone: K; quads: K },
) {
  const { q, mask, size, layout, scale, causal, drop } = call;
  const { b, h, hk, t, s, d } = size;
  const { adapter, features } = q.device;
  const table = planAttention(pass, d, { software: adapter.software, subgroups: features.has("subgroups") });
  const plan = { ...table, ...call.plan };
  const tiles = Math.ceil(count / (plan.lanes * plan.rows));
  const groups = tiles * heads * b;
  const strides = strideParams(size, layout, mask);
  const vec = d % 4 === 0;
  const keep_scale = drop === 1 ? 0 : 1 / (1 - drop);
  return {
    run: kernels[plan.quads ? "quads" : "alone"],
    params: { t, s, h, group: h / Math.max(hk, 1), groups, tiles, scale, drop, keep_scale, ...strides },
    options: {
      grid: grid1d(groups),
      types: { V: vec ? "vec4<f32>" : "f32" },
      constants: {
        WG: plan.lanes,
        R: plan.rows,
        D: d,
        C: Math.ceil(d / 4),
        VEC: vec,
        CAUSAL: causal,
        MASK: mask ? (mask.dtype === "bool" ? 1 : 2) : 0,
        MASK_KEYS: mask !== null && strides.m_t === 0,
        DROP: drop > 0,
      },
    },
  };
}

/** Of so many products of [t, d] and [d, s]. */
function flops({ size: { b, h, t, s, d }, causal }: AttentionCall, products: number): number {
  return (products * 2 * b * h * t * s * d) / (causal ? 2 : 1);
}
