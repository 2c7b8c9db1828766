// Attention: y = softmax(scale q k^T + mask) v, fused (Dao et al. 2022): online softmax forward that keeps the log-sum-exp, weights
// recomputed in the gradients, nothing of size t x s stored. In plain ops: attention_composition.ts. On projections:
// projected_attention.ts.

import { lowered } from "../tensor/autocast.ts";
import { op } from "../tensor/op.ts";
import type { Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { type AttentionOptions, callOf, checkAttention, FUSED_D } from "./attention_check.ts";
import { composeAttention } from "./attention_composition.ts";
import { runDraw } from "./attention_draw_run.ts";
import {
  runKeyGradient,
  runQueryGradient,
  runRows,
  runWholeGradient,
  takesWhole,
} from "./attention_gradient_run.ts";
import { type AttentionCall, runForward } from "./attention_run.ts";
import { sumTo } from "./reduce.ts";

export type { AttentionOptions } from "./attention_check.ts";

interface NeedWeights<N = true> {
  /** Also give the weights [b, h, t, s], after dropout: computed unfused, in memory quadratic in the length. */
  readonly needWeights: N;
}

/**
 * softmax(scale q k^T + mask) v (torch.nn.functional.scaled_dot_product_attention). A query that may attend to no key gives
 * zeros and gradients of zero (PyTorch: NaN). Memory grows linearly with t and s, but for the gradient of a mask, for
 * `needWeights`, under createGraph, and for d beyond 128, where no kernel is fused.
 *
 * Shapes: q [b, h, t, d], k and v [b, hk, s, d] -> [b, h, t, d]. With `enableGqa` h may be a multiple of hk: query
 * head i reads head floor(i hk / h) of k and v, without a copy.
 *
 * @throws ShapeError for shapes that do not fit; DTypeError unless q, k, v are floats and the mask bool or float; OptionError for
 *   dropoutP outside [0, 1] or a scale that is not finite
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options?: AttentionOptions & Partial<NeedWeights<false>>,
): Tensor;
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions & NeedWeights,
): [Tensor, Tensor];
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions & Partial<NeedWeights<boolean>> = {},
): Tensor | [Tensor, Tensor] {
  const size = checkAttention(q, k, v, options);
  [q, k, v] = [lowered(q), lowered(k), lowered(v)];
  const call = callOf(q, k, v, size, { order: "bhtd", joined: false }, options);
  return options.needWeights ? attentionWithWeights(call) : attend(call);
}

/** A checked call, fused where the kernels take its d. */
export function attend(call: AttentionCall): Tensor {
  if (call.size.d > FUSED_D) return attentionWithWeights(call)[0];
  const { q, k, v, mask, layout } = call;
  let draw: Tensor | null = null;
  const [y] = op(
    "scaledDotProductAttention",
    layout.joined ? [q, mask] : [q, k, v, mask],
    () => {
      draw = call.drop > 0 ? runDraw(call) : null;
      const { y, lse } = runForward(call, draw);
      return {
        outputs: draw ? [y, lse, draw] : [y, lse],
        pullback: ([dy]) => gradients(call, dy!, y, lse, draw),
      };
    },
    (...inputs: Tensor[]) => [composeAttention(withInputs(call, inputs), draw).y],
  );
  return y!;
}

/** A checked call in plain ops: y and the weights. */
export function attentionWithWeights(call: AttentionCall): [Tensor, Tensor] {
  const { y, weights } = composeAttention(call, call.drop > 0 ? runDraw(call) : null);
  return [y, weights];
}

function withInputs(call: AttentionCall, inputs: readonly (Tensor | null)[]): AttentionCall {
  const [q, k, v, mask] = call.layout.joined ? [inputs[0], inputs[0], inputs[0], inputs[1]] : inputs;
  return { ...call, q: q!, k: k!, v: v!, mask: mask ?? null };
}

/** [dq, dk, dv, dmask], or [dqkv, dmask]. Not differentiable again: under createGraph backward takes the composition. */
function gradients(
  call: AttentionCall,
  dy: Tensor,
  y: Tensor,
  lse: Tensor,
  draw: Tensor | null,
): readonly (Tensor | null)[] {
  const { q, k, v, mask, layout } = call;
  const like = (t: Tensor) => empty(t.shape as Shape, t.dtype, t.device);
  const wanted = {
    q: q.requiresGrad,
    kv: k.requiresGrad || v.requiresGrad,
    mask: mask?.requiresGrad ?? false,
  };
  const made: (Tensor | null)[] = [];
  op("scaledDotProductAttentionBackward", [dy, q, k, v, mask, y, lse, draw], () => {
    const rows = runRows(call, dy, y, lse, draw);
    if (wanted.q && wanted.kv && takesWhole(call)) {
      const [dk, dv] = layout.joined ? [null, null] : [like(k), like(v)];
      const dq = like(q);
      runWholeGradient(call, dy, rows, [dq, dk, dv]);
      made.push(...(layout.joined ? [dq, null] : [dq, dk, dv, null]));
      return { outputs: made.filter((t) => t !== null) };
    }
    const dq = wanted.q || wanted.mask ? like(q) : null;
    const dscore = dq && runQueryGradient(call, dy, rows, dq, wanted.mask);
    const dmask = dscore && mask ? sumTo(dscore, mask.shape) : null;
    if (layout.joined) {
      if (dq && wanted.kv) runKeyGradient(call, dy, rows, dq, null);
      made.push(dq, dmask);
    } else {
      const [dk, dv] = wanted.kv ? [like(k), like(v)] : [null, null];
      if (dk) runKeyGradient(call, dy, rows, dk, dv);
      made.push(dq, dk, dv, dmask);
    }
    return { outputs: made.filter((t) => t !== null) };
  });
  return made;
}
