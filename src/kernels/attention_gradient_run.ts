// Dispatches the gradients of attention: of q (and of an added mask), and of k and v. The forward: attention_run.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  attentionDkv,
  attentionDkvSwap,
  attentionDq,
  attentionDqSwap,
  attentionRows,
} from "../gpu/shaders.gen.ts";
import { fill } from "../tensor/primitives.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { NAME } from "./attention_check.ts";
import { strideParams, viewRole } from "./attention_layout.ts";
import { type AttentionCall, flops, setup } from "./attention_run.ts";

const queryKernels = { alone: kernel(attentionDq), quads: kernel(attentionDqSwap) };
const keyKernels = { alone: kernel(attentionDkv), quads: kernel(attentionDkvSwap) };
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
  rowsKernel(
    { dy, y, lse, draw, rows },
    { n, h, t, d, y_b, y_h, y_t, dy_b: y_b, dy_h: y_h, dy_t: y_t },
    {
      grid: grid1d(Math.ceil(n / WG)),
      constants: { DROP: draw !== null },
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
