// Attention of a decoder's states to what an encoder wrote: a = softmax_j(score(q, m_j)), context = sum_j a_j m_j. Scores:
// v . tanh(W q + U m_j), additive (Bahdanau et al. 2015), or q . W m_j, multiplicative (Luong et al. 2015, "general"). With heads,
// scaled and fused: layers/multihead_attention.ts.

import { tanh } from "../kernels/activation.ts";
import { add } from "../kernels/binary.ts";
import { batchedMatmul, matmul } from "../kernels/matmul.ts";
import { squeeze, unsqueeze } from "../kernels/reshape.ts";
import { softmax } from "../kernels/softmax.ts";
import { where } from "../kernels/where.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a sequence offers to attention; made once, read at every step. */
export interface Memory {
  readonly values: Tensor; // [b, s, m]
  readonly keys: Tensor; // [b, s, h]
  /** bool [b, 1, s], false behind the end of a sequence; null: all may be read. */
  readonly readable: Tensor | null;
}

export interface Attended {
  readonly context: Tensor; // [b, t, m]
  readonly weights: Tensor; // [b, t, s]
}

abstract class Alignment extends Module {
  abstract readonly key: Linear;
  abstract score(q: Tensor, keys: Tensor): Tensor;

  memory(values: Tensor, readable: Tensor | null): Memory {
    return { values, keys: this.key.forward(values), readable };
  }

  /** queries [b, t, h] -> context [b, t, m], weights [b, t, s] */
  forward(q: Tensor, { values, keys, readable }: Memory): Attended {
    const scores = this.score(q, keys); // [b, t, s]
    const weights = softmax(readable ? where(readable, scores, Number.NEGATIVE_INFINITY) : scores); // [b, t, s]
    return { context: matmul(weights, values), weights };
  }
}

/** v . tanh(W q + U m_j): queries of h numbers, memory of m, inside `hidden`. Initial values as of Linear; no biases. */
export class AdditiveAlignment extends Alignment {
  readonly query: Linear; // W [hidden, h]
  readonly key: Linear; // U [hidden, m]
  readonly v: Linear; // [1, hidden]

  constructor(h: number, m: number, hidden: number, options: InitOptions = {}) {
    super();
    this.query = new Linear(h, hidden, { ...options, bias: false });
    this.key = new Linear(m, hidden, { ...options, bias: false });
    this.v = new Linear(hidden, 1, { ...options, bias: false });
  }

  score(q: Tensor, keys: Tensor): Tensor {
    const sum = add(unsqueeze(this.query.forward(q), 2), unsqueeze(keys, 1)); // [b, t, s, hidden]
    return squeeze(this.v.forward(tanh(sum)), 3); // [b, t, s]
  }
}

/** q . W m_j: queries of h numbers, memory of m. Initial values as of Linear; no bias. */
export class MultiplicativeAlignment extends Alignment {
  readonly key: Linear; // W [h, m]

  constructor(h: number, m: number, options: InitOptions = {}) {
    super();
    this.key = new Linear(m, h, { ...options, bias: false });
  }

  score(q: Tensor, keys: Tensor): Tensor {
    return batchedMatmul(q, keys, { transB: true }); // [b, t, s]
  }
}
