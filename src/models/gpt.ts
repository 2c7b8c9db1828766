// A small GPT (Radford et al. 2019; nanoGPT's layout): pre-norm blocks of causal attention and a two-layer perceptron with
// exact GELU, learned positions, a head of its own.

import { gelu } from "../kernels/activation.ts";
import { add } from "../kernels/binary.ts";
import { Embedding } from "../layers/embedding.ts";
import { LayerNorm } from "../layers/layer_norm.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { MultiheadAttention } from "../layers/multihead_attention.ts";
import { checkPositive } from "../layers/options.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface GptOptions {
  /** Different tokens. */
  readonly vocab: number;
  /** Tokens of a sequence. */
  readonly length: number;
  /** Width of a token inside; a multiple of `heads`. */
  readonly d: number;
  readonly heads: number;
  readonly layers: number;
}

class Block extends Module {
  readonly ln1: LayerNorm;
  readonly attn: MultiheadAttention;
  readonly ln2: LayerNorm;
  readonly up: Linear;
  readonly down: Linear;

  constructor(d: number, heads: number) {
    super();
    this.ln1 = new LayerNorm(d);
    this.attn = new MultiheadAttention(d, heads, { batchFirst: true });
    this.ln2 = new LayerNorm(d);
    this.up = new Linear(d, 4 * d);
    this.down = new Linear(4 * d, d);
  }

  /** [b, t, d] -> [b, t, d] */
  forward(x: Tensor): Tensor {
    const a = this.ln1.forward(x); // [b, t, d]
    const y = add(x, this.attn.forward(a, a, a, { isCausal: true })); // [b, t, d]
    return add(y, this.down.forward(gelu(this.up.forward(this.ln2.forward(y))))); // [b, t, d]
  }
}

/** ids i32 [b, t] -> logits [b, t, vocab]; t is `length`. */
export class Gpt extends Module {
  readonly wte: Embedding;
  readonly wpe: Embedding;
  readonly blocks: Block[];
  readonly ln: LayerNorm;
  readonly head: Linear;

  constructor(options: GptOptions) {
    super();
    const { vocab, length, d, heads, layers } = options;
    checkPositive("Gpt", { vocab, length, d, heads, layers });
    this.wte = new Embedding(vocab, d);
    this.wpe = new Embedding(length, d);
    this.blocks = Array.from({ length: layers }, () => new Block(d, heads));
    this.ln = new LayerNorm(d);
    this.head = new Linear(d, vocab, { bias: false });
  }

  forward(ids: Tensor): Tensor {
    let x = add(this.wte.forward(ids), this.wpe.weight); // [b, t, d]
    for (const block of this.blocks) x = block.forward(x); // [b, t, d]
    return this.head.forward(this.ln.forward(x)); // [b, t, vocab]
  }
}
