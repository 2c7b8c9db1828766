// Attention rollout (Abnar & Zuidema 2020): how much of each input token flows into each output token if attention alone moved
// information: R = ((A_L + I) / 2) ... ((A_1 + I) / 2), A_l the weights of layer l averaged over heads, I the skip connection. A
// picture of where a network looks, not of why it decides.

import { ShapeError } from "../gpu/errors.ts";
import { add } from "../kernels/binary.ts";
import { transpose } from "../kernels/permute.ts";
import { flatten } from "../kernels/reshape.ts";
import type { CnnTransformer } from "../models/cnn_transformer.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** @param layers A_1 ... A_L, each [t, t], rows = queries, of sum 1 @returns [t, t], rows of sum 1. Throws ShapeError. */
export function rollout(layers: readonly ArrayLike<number>[], t: number): Float64Array {
  let flow = Float64Array.from({ length: t * t }, (_, k) => (k % (t + 1) === 0 ? 1 : 0));
  for (const [l, a] of layers.entries()) {
    if (a.length !== t * t)
      throw new ShapeError(`rollout: layer ${l} must be [${t}, ${t}], got [${a.length}]`);
    const next = flow.map((v) => v / 2); // the skip connection
    for (let i = 0; i < t; i++)
      for (let k = 0; k < t; k++) {
        const weight = a[i * t + k]! / 2;
        for (let j = 0; j < t; j++) next[i * t + j]! += weight * flow[k * t + j]!;
      }
    flow = next;
  }
  return flow;
}

/**
 * Share of each input token in the mean over the output tokens, which is what the head of a CnnTransformer sees: the column means
 * of R, [t], of sum 1.
 */
export function meanRollout(layers: readonly ArrayLike<number>[], t: number): Float64Array {
  const flow = rollout(layers, t);
  const shares = new Float64Array(t);
  for (let k = 0; k < flow.length; k++) shares[k % t]! += flow[k]! / t;
  return shares;
}

/** The weights of every layer, averaged over heads: x [b, c, h, w] -> [b, t, t] each. In the mode the model is in. */
export function attentionWeights(model: CnnTransformer, x: Tensor): Tensor[] {
  const tokens = transpose(flatten(model.stem.forward(x), 2), 1, 2); // [b, t, d]
  let y = add(tokens, model.positions); // [b, t, d]
  return model.encoder.layers.map((layer) => {
    const a = layer.norm1.forward(y); // [b, t, d]: pre-norm
    const [, weights] = layer.selfAttn.forward(a, a, a, { needWeights: true }); // [b, t, t]
    y = layer.forward(y); // [b, t, d]
    return weights;
  });
}
