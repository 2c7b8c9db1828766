// A small GPT (Radford et al. 2019; nanoGPT's layout) for the bench: pre-norm blocks, exact GELU, untied head.
import { gelu } from "../../src/kernels/activation.ts";
import { add } from "../../src/kernels/binary.ts";
import { Embedding } from "../../src/layers/embedding.ts";
import { LayerNorm } from "../../src/layers/layer_norm.ts";
import { Linear } from "../../src/layers/linear.ts";
import { Module } from "../../src/layers/module.ts";
import { MultiheadAttention } from "../../src/layers/multihead_attention.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

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
    const a = this.ln1.forward(x);
    const y = add(x, this.attn.forward(a, a, a, { isCausal: true }));
    return add(y, this.down.forward(gelu(this.up.forward(this.ln2.forward(y)))));
  }
}

/** ids [b, t] -> logits [b, t, vocab]; t is `length`. */
export class Gpt extends Module {
  readonly wte: Embedding;
  readonly wpe: Embedding;
  readonly blocks: Block[];
  readonly ln: LayerNorm;
  readonly head: Linear;

  constructor({
    vocab,
    length,
    d,
    heads,
    layers,
  }: Record<"vocab" | "length" | "d" | "heads" | "layers", number>) {
    super();
    this.wte = new Embedding(vocab, d);
    this.wpe = new Embedding(length, d);
    this.blocks = Array.from({ length: layers }, () => new Block(d, heads));
    this.ln = new LayerNorm(d);
    this.head = new Linear(d, vocab, { bias: false });
  }

  forward(ids: Tensor): Tensor {
    let x = add(this.wte.forward(ids), this.wpe.weight); // [b, t, d]
    for (const block of this.blocks) x = block.forward(x);
    return this.head.forward(this.ln.forward(x));
  }
}
