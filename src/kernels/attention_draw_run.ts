// Random numbers of attention's dropout: the draw that its kernels repeat, and the same written out as a mask.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { attentionDraw, attentionKept } from "../gpu/shaders.gen.ts";
import { drawParams } from "../tensor/random.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { NAME } from "./attention_check.ts";
import type { AttentionCall } from "./attention_run.ts";

const drawKernel = kernel(attentionDraw);
const keptKernel = kernel(attentionKept);

const WG = 64; // of attention_kept.wgsl

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
