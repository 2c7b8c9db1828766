// GPT-2 (Radford et al. 2019) under Hugging Face's keys (`transformer.h.0.attn.c_attn.weight`): pre-norm blocks of causal
// attention and a perceptron, learned positions, logits by the table that the tokens are read with. Its linear layers keep
// weights as [in, out]. A smaller one in nanoGPT's layout: gpt.ts.

import { gelu } from "../kernels/activation.ts";
import { add } from "../kernels/binary.ts";
import { matmul } from "../kernels/matmul.ts";
import { projectedAttention } from "../kernels/projected_attention.ts";
import { reshape } from "../kernels/reshape.ts";
import { constantParameter } from "../layers/defaults.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { type InitOptions, normal } from "../layers/init.ts";
import { LayerNorm } from "../layers/layer_norm.ts";
import { Module } from "../layers/module.ts";
import { checkRange } from "../layers/options.ts";
import { renamed } from "../layers/renamed.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { TiedLinear } from "./tied_linear.ts";
import {
  checkTokens,
  positionsOf,
  readableKeys,
  scaleTable,
  type TokenModelOptions,
  type TokenModelSizes,
  tokenModelSizes,
} from "./tokens.ts";

/** By default GPT-2 small: 50257 tokens, sequences of 1024. */
export interface Gpt2Options extends TokenModelOptions {
  /** Of the sum of tokens and positions. Default 0.1. */
  readonly embeddingDropout?: number;
  /** Of what a block adds. Default 0.1. */
  readonly residualDropout?: number;
}

type Sizes = TokenModelSizes & Required<Pick<Gpt2Options, "embeddingDropout" | "residualDropout">>;

export interface Gpt2Inputs {
  /** bool or i32 [b, t]: 0 at padding, which no token attends to. Default: none. */
  readonly attentionMask?: Tensor | null;
  /** i32 [b, t]. Default 0 to t - 1: padding on the left needs others. */
  readonly positionIds?: Tensor | null;
}

const STD = 0.02; // of initial weights

/** y = x weight + bias, x [b, t, from] -> [b, t, to]: a Linear whose weight is [from, to] (Hugging Face's Conv1D). */
class Conv1D extends Module {
  readonly weight: Parameter; // [from, to]
  readonly bias: Parameter; // [to]

  constructor(from: number, to: number, std: number, options: InitOptions) {
    super();
    this.weight = constantParameter([from, to], 0);
    normal(this.weight, 0, std, options);
    this.bias = constantParameter([to], 0);
  }

  forward(x: Tensor): Tensor {
    const [b, t, from] = x.shape;
    const y = add(matmul(reshape(x, [b * t, from]), this.weight), this.bias); // [b t, to]
    return reshape(y, [b, t, this.bias.size]); // [b, t, to]
  }
}

class Block extends Module {
  readonly ln1: LayerNorm;
  readonly qkv: Conv1D;
  readonly proj: Conv1D;
  readonly ln2: LayerNorm;
  readonly up: Conv1D;
  readonly down: Conv1D;
  readonly dropout: Dropout;
  readonly #heads: number;
  readonly #attentionDropout: number;

  constructor({ d, mlp, heads, layers, attentionDropout, residualDropout }: Sizes, options: InitOptions) {
    super();
    const residual = STD / Math.sqrt(2 * layers); // 2 layers branches add up
    this.ln1 = new LayerNorm(d);
    this.qkv = new Conv1D(d, 3 * d, STD, options);
    this.proj = new Conv1D(d, d, residual, options);
    this.ln2 = new LayerNorm(d);
    this.up = new Conv1D(d, mlp, STD, options);
    this.down = new Conv1D(mlp, d, residual, options);
    this.dropout = new Dropout(residualDropout);
    this.#heads = heads;
    this.#attentionDropout = attentionDropout;
  }

  /** x [b, t, d] -> the same; mask bool [b, 1, 1, t] */
  forward(x: Tensor, mask: Tensor | null): Tensor {
    const qkv = this.qkv.forward(this.ln1.forward(x)); // [b, t, 3 d]
    const { y: a } = projectedAttention([qkv], {
      heads: this.#heads,
      order: "bthd",
      mask,
      isCausal: true,
      dropoutP: this.training ? this.#attentionDropout : 0,
    }); // [b, t, d]
    const y = add(x, this.dropout.forward(this.proj.forward(a))); // [b, t, d]
    const hidden = gelu(this.up.forward(this.ln2.forward(y)), { approximate: "tanh" }); // [b, t, mlp]
    return add(y, this.dropout.forward(this.down.forward(hidden))); // [b, t, d]
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), {
      ln1: "ln_1",
      qkv: "attn.c_attn",
      proj: "attn.c_proj",
      ln2: "ln_2",
      up: "mlp.c_fc",
      down: "mlp.c_proj",
    });
  }
}

/**
 * ids i32 [b, t] -> logits [b, t, vocab], those at token i predicting token i + 1 (Hugging Face's GPT2LMHeadModel).
 * 124,439,808 parameters by default. The state dict has the table of tokens twice, as `transformer.wte.weight` and
 * `lm_head.weight`. Files from the hub, without the second or the prefix and with causal masks: hugging_face.ts.
 *
 * Initial values: weights and tables N(0, 0.02^2), those that end a branch by 1 / sqrt(2 layers) less, biases 0.
 *
 * @throws OptionError for sizes that are no positive integers, d no multiple of heads, dropout out of range; LimitError where the
 *   table of tokens or a perceptron exceeds what the adapter binds
 */
export class Gpt2 extends Module {
  readonly wte: Embedding;
  readonly wpe: Embedding;
  readonly blocks: readonly Block[];
  readonly ln: LayerNorm;
  readonly head: TiedLinear;
  readonly dropout: Dropout;

  constructor(options: Gpt2Options = {}) {
    super();
    const sizes = sizesOf(options);
    const { vocab, length, d, layers, embeddingDropout } = sizes;
    const { generator } = options;
    this.wte = new Embedding(vocab, d, { generator });
    this.wpe = new Embedding(length, d, { generator });
    for (const table of [this.wte, this.wpe]) scaleTable(table, STD);
    this.blocks = Array.from({ length: layers }, () => new Block(sizes, { generator }));
    this.ln = new LayerNorm(d);
    this.head = new TiedLinear(this.wte.weight);
    this.dropout = new Dropout(embeddingDropout);
  }

  forward(ids: Tensor, { attentionMask, positionIds }: Gpt2Inputs = {}): Tensor {
    checkTokens("Gpt2", ids, this.wpe.count, { attentionMask, positionIds });
    const mask = readableKeys(attentionMask); // [b, 1, 1, t]
    const positions = positionsOf(this.wpe, ids.shape[1], positionIds); // [t, d]
    let x = this.dropout.forward(add(this.wte.forward(ids), positions)); // [b, t, d]
    for (const block of this.blocks) x = block.forward(x, mask); // [b, t, d]
    return this.head.forward(this.ln.forward(x)); // [b, t, vocab]
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), {
      wte: "transformer.wte",
      wpe: "transformer.wpe",
      blocks: "transformer.h",
      ln: "transformer.ln_f",
      head: "lm_head",
    });
  }
}

function sizesOf(options: Gpt2Options): Sizes {
  const defaults = { vocab: 50257, length: 1024 };
  const keys = { words: "transformer.wte.weight", up: "transformer.h.0.mlp.c_fc.weight" };
  const { embeddingDropout = 0.1, residualDropout = 0.1 } = options;
  checkRange("Gpt2", "embeddingDropout", embeddingDropout, 0, 1);
  checkRange("Gpt2", "residualDropout", residualDropout, 0, 1);
  return { ...tokenModelSizes("Gpt2", options, defaults, keys), embeddingDropout, residualDropout };
}

/** GPT-2 small: 124,439,808 parameters. */
export const gpt2 = (options?: Gpt2Options): Gpt2 => new Gpt2(options);

/** DistilGPT-2 (Sanh et al. 2019): 6 layers, 81,912,576 parameters. */
export const distilGpt2 = (options: Gpt2Options = {}): Gpt2 => new Gpt2({ layers: 6, ...options });

/** 6 layers of width 192, minGPT's "gpt-mini". With options of its own, above all `vocab` and `length`. */
export const gpt2Mini = (options: Gpt2Options = {}): Gpt2 =>
  new Gpt2({ d: 192, layers: 6, heads: 6, ...options });
