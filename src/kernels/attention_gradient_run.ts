// Dispatches the gradients of attention: of q (and of an added mask), and of k and v; or all in one. The forward:
// attention_run.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  attentionDkv,
  attentionDkvSwap,
  attentionDq,
  attentionDqkv,
  attentionDqSwap,
  attentionRows,
} from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { NAME } from "./attention_check.ts";
import { strideParams, viewRole } from "./attention_layout.ts";
import { type AttentionCall, flops, maskConstants, planOf, setup } from "./attention_run.ts";

const queryKernels = { alone: kernel(attentionDq), quads: kernel(attentionDqSwap) };
const keyKernels = { alone: kernel(attentionDkv), quads: kernel(attentionDkvSwap) };
const whole = kernel(attentionDqkv);
const wholeKernels = { alone: whole, quads: whole };
const rowsKernel = kernel(attentionRows);

const WG = 64; // of attention_rows.wgsl

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
  const width = d % 4 === 0 ? 4 : 1;
  rowsKernel(
    { dy, y, lse, draw, rows },
    { n, h, t, vectors: d / width, y_b, y_h, y_t, dy_b: y_b, dy_h: y_h, dy_t: y_t },
    {
      grid: grid1d(Math.ceil(n / WG)),
      constants: { DROP: draw !== null, WIDTH: width },
      types: { V: width === 4 ? "vec4<f32>" : "f32" },
      role: viewRole(size, "rows"),
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
  const constants = { ...options.constants, ...maskConstants(call), MASK_GRADIENT: maskGradient };
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
  const constants = { ...options.constants, ...maskConstants(call), JOINED: dv === null };
  const label = `${NAME}/dkv`;
  run({ q, k, v, mask, dy, rows, dk, dv }, params, { ...options, constants, flops: flops(call, 4), label });
}

/** Whether one kernel can give dq, dk and dv: it has no binding left for a mask, and adds up dq where it stands. */
export function takesWhole(call: AttentionCall): boolean {
  const { q, mask, size } = call;
  if (mask || q.dtype !== "f32" || size.s === 0) return false;
  const { whole, quads } = planOf(call, "whole");
  return whole && quads;
}

/** Fills dq, dk and dv; with a joined layout dq is the whole gradient of q, k and v, and the others null. */
export function runWholeGradient(
  call: AttentionCall,
  dy: Tensor,
  rows: Tensor,
  [dq, dk, dv]: readonly [Tensor, Tensor | null, Tensor | null],
): void {
  const { q, k, v, size } = call;
  const { run, params, options } = setup(call, "whole", size.hk, size.s, wholeKernels);
  const constants = { ...options.constants, JOIN_K: dk === null, JOIN_V: dv === null };
  const label = `${NAME}/dqkv`;
  run({ q, k, v, dy, rows, dq, dk, dv }, params, { ...options, constants, flops: flops(call, 5), label });
}
