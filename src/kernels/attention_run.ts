// Dispatches attention's forward, with its log-sum-exp, and what all its kernels are given. Gradients: attention_gradient_run.ts.
// Random numbers: attention_draw_run.ts. What they compute: attention.ts. Which variant: attention_plan.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { attention as attentionShader, attentionSwap } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { NAME } from "./attention_check.ts";
import { ATTENTION, attentionVariant } from "./attention_choices.ts";
import {
  type AttentionLayout,
  type AttentionPass,
  type AttentionSize,
  resultParams,
  resultShape,
  strideParams,
  viewRole,
} from "./attention_layout.ts";
import { type AttentionPlan, planAttention } from "./attention_plan.ts";
import { floatResult } from "./operand.ts";
import { chosen } from "./tuning_family.ts";

const forwardKernels = { alone: kernel(attentionShader), quads: kernel(attentionSwap) };

/** Hooks for V = f32: rows that are no whole vectors are stored by single elements. */
export const SCALAR = { to_v: "fn to_v(x: vec4<f32>) -> V { return x.x; }" };
const NO_LIMIT = 0x7fffffff; // keys ahead of a query: not causal

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

export function runForward(call: AttentionCall, draw: Tensor | null): { y: Tensor; lse: Tensor } {
  const { q, k, v, mask, size, layout } = call;
  const y = empty(resultShape(size, layout.order), floatResult(q, k, v), q.device);
  const lse = empty([size.b, size.h, size.t], "f32", q.device);
  const { run, params, options } = setup(call, "forward", size.h, size.t, forwardKernels);
  const constants = { ...options.constants, ...maskConstants(call) };
  run({ q, k, v, mask, draw, y, lse }, params, { ...options, constants, flops: flops(call, 2), label: NAME });
  return { y, lse };
}

/** The table's plan, and what the call says against it. */
export function planOf({ q, size, causal, plan }: AttentionCall, pass: AttentionPass): AttentionPlan {
  const { device } = q;
  const { adapter, features, tuning } = device;
  const given = { software: adapter.software, subgroups: features.has("subgroups") };
  const own = planAttention(pass, { d: size.d, heads: size.b * size.hk }, given);
  const variant = tuning.idle ? null : chosen(device, ATTENTION[pass], { ...size, causal });
  return { ...own, ...(variant !== null && attentionVariant(pass, variant, device)), ...plan };
}

/** `heads` of `count` rows are shared out among threads. */
export function setup<K>(
  call: AttentionCall,
  pass: AttentionPass,
  heads: number,
  count: number,
  kernels: { alone: K; quads: K },
) {
  const { mask, size, layout, scale, causal, drop } = call;
  const { b, h, hk, t, s, d } = size;
  const plan = planOf(call, pass);
  const lanes = pass === "whole" ? 4 : plan.lanes;
  const tiles = Math.ceil(count / (lanes * plan.rows));
  const groups = (pass === "whole" ? 1 : tiles) * heads * b;
  const strides = strideParams(size, layout, mask);
  const vec = d % 4 === 0;
  const vectors = Math.ceil(d / 4);
  const keep_scale = drop === 1 ? 0 : 1 / (1 - drop);
  return {
    run: kernels[plan.quads ? "quads" : "alone"],
    params: {
      ...{ t, s, h, group: h / Math.max(hk, 1), groups, tiles },
      ...{ reach: causal ? 0 : NO_LIMIT, scale, drop, keep_scale },
      ...{ ...strides, ...resultParams(strides, pass) },
    },
    options: {
      grid: grid1d(groups),
      role: viewRole(size, pass),
      types: { V: vec ? "vec4<f32>" : "f32" },
      hooks: vec ? {} : SCALAR,
      constants: {
        WG: lanes,
        R: plan.rows,
        D: d,
        C: vectors,
        G: Math.min(4, Math.ceil(vectors / 2)),
        VEC: vec,
        DROP: drop > 0,
      },
    },
  };
}

/** For the kernels that take a mask. */
export function maskConstants({ mask, size, layout }: AttentionCall) {
  return {
    MASK: mask ? (mask.dtype === "bool" ? 1 : 2) : 0,
    MASK_KEYS: mask !== null && strideParams(size, layout, mask).m_t === 0,
  };
}

/** Of so many products of [t, d] and [d, s]. */
export function flops({ size: { b, h, t, s, d }, causal }: AttentionCall, products: number): number {
  return (products * 2 * b * h * t * s * d) / (causal ? 2 : 1);
}
