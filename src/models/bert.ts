// BERT (Devlin et al. 2019) under Hugging Face's keys (`encoder.layer.0.attention.self.query.weight`): post-norm blocks of
// attention in both directions and a perceptron; tokens, positions and sentence numbers added up and normed. Heads for masked
// words and for classes: bert_heads.ts.

import { gelu } from "../kernels/activation.ts";
import { add } from "../kernels/binary.ts";
import { projectedAttention } from "../kernels/projected_attention.ts";
import { select } from "../kernels/slice.ts";
import { tanh } from "../kernels/unary.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { constant, type InitOptions, normal } from "../layers/init.ts";
import { LayerNorm } from "../layers/layer_norm.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive, checkRange } from "../layers/options.ts";
import { renamed } from "../layers/renamed.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  checkTokens,
  positionsOf,
  readableKeys,
  scaleTable,
  type TokenModelOptions,
  type TokenModelSizes,
  tokenModelSizes,
} from "./tokens.ts";

/** By default BERT base: 30522 tokens, sequences of 512. */
export interface BertOptions extends TokenModelOptions {
  /** Different sentence numbers. Default 2. */
  readonly tokenTypes?: number;
  /** The token of padding: its row of the table gets no gradient by being read. Default 0. */
  readonly padding?: number;
  /** Of the sum of tables and of what a block adds. Default 0.1. */
  readonly dropout?: number;
  /** Also give tanh of a linear map of the first token. Default true. */
  readonly pooler?: boolean;
}

type Sizes = TokenModelSizes & Required<Omit<BertOptions, keyof TokenModelOptions>>;

export interface BertInputs {
  /** bool or i32 [b, t]: 0 at padding, which no token attends to. Default: none. */
  readonly attentionMask?: Tensor | null;
  /** i32 [b, t]: which sentence a token belongs to. Default 0. */
  readonly tokenTypeIds?: Tensor | null;
  /** i32 [b, t]. Default 0 to t - 1. */
  readonly positionIds?: Tensor | null;
}

/** The smaller ones of Turc et al. 2019: `new BertForMaskedLM({ ...BERT_MINI, vocab: 5000 })`. */
export const BERT_MEDIUM = { d: 512, layers: 8, heads: 8 } as const;
export const BERT_SMALL = { d: 512, layers: 4, heads: 8 } as const;
export const BERT_MINI = { d: 256, layers: 4, heads: 4 } as const;
export const BERT_TINY = { d: 128, layers: 2, heads: 2 } as const;

const EPS = 1e-12; // of layer norms: not PyTorch's default
const STD = 0.02; // of initial weights

/** As Hugging Face starts it: weight N(0, 0.02^2), bias 0. */
export function bertLinear(from: number, to: number, { generator }: InitOptions): Linear {
  const layer = new Linear(from, to, { generator });
  normal(layer.weight, 0, STD, { generator });
  constant(layer.bias!, 0);
  return layer;
}

export const bertNorm = (d: number): LayerNorm => new LayerNorm(d, { eps: EPS });

class Block extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly proj: Linear;
  readonly norm1: LayerNorm;
  readonly up: Linear;
  readonly down: Linear;
  readonly norm2: LayerNorm;
  readonly dropout: Dropout;
  readonly #heads: number;
  readonly #attentionDropout: number;

  constructor({ d, heads, mlp, dropout, attentionDropout }: Sizes, options: InitOptions) {
    super();
    this.query = bertLinear(d, d, options);
    this.key = bertLinear(d, d, options);
    this.value = bertLinear(d, d, options);
    this.proj = bertLinear(d, d, options);
    this.norm1 = bertNorm(d);
    this.up = bertLinear(d, mlp, options);
    this.down = bertLinear(mlp, d, options);
    this.norm2 = bertNorm(d);
    this.dropout = new Dropout(dropout);
    this.#heads = heads;
    this.#attentionDropout = attentionDropout;
  }

  /** x [b, t, d] -> the same; mask bool [b, 1, 1, t] */
  forward(x: Tensor, mask: Tensor | null): Tensor {
    const qkv = [this.query, this.key, this.value].map((layer) => layer.forward(x)); // each [b, t, d]
    const { y: a } = projectedAttention(qkv, {
      heads: this.#heads,
      order: "bthd",
      mask,
      dropoutP: this.training ? this.#attentionDropout : 0,
    }); // [b, t, d]
    const y = this.norm1.forward(add(this.dropout.forward(this.proj.forward(a)), x)); // [b, t, d]
    const hidden = gelu(this.up.forward(y)); // [b, t, mlp]
    return this.norm2.forward(add(this.dropout.forward(this.down.forward(hidden)), y)); // [b, t, d]
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), {
      query: "attention.self.query",
      key: "attention.self.key",
      value: "attention.self.value",
      proj: "attention.output.dense",
      norm1: "attention.output.LayerNorm",
      up: "intermediate.dense",
      down: "output.dense",
      norm2: "output.LayerNorm",
    });
  }
}

/**
 * ids i32 [b, t] -> hidden [b, t, d], and pooled [b, d] (Hugging Face's BertModel). 109,482,240 parameters by default.
 *
 * Initial values: weights and tables N(0, 0.02^2), the row of padding and biases 0.
 *
 * @throws OptionError for sizes that are no positive integers, d no multiple of heads, dropout out of range, padding no token;
 *   LimitError where the table of words or a perceptron exceeds what the adapter binds
 */
export class Bert extends Module {
  readonly words: Embedding;
  readonly positions: Embedding;
  readonly types: Embedding;
  readonly norm: LayerNorm;
  readonly blocks: readonly Block[];
  readonly pooler: Linear | null;
  readonly dropout: Dropout;

  constructor(options: BertOptions = {}) {
    super();
    const sizes = sizesOf(options);
    const { vocab, length, d, layers, tokenTypes, padding, dropout, pooler } = sizes;
    const { generator } = options;
    this.words = new Embedding(vocab, d, { paddingIdx: padding, generator });
    this.positions = new Embedding(length, d, { generator });
    this.types = new Embedding(tokenTypes, d, { generator });
    for (const table of [this.words, this.positions, this.types]) scaleTable(table, STD);
    this.norm = bertNorm(d);
    this.blocks = Array.from({ length: layers }, () => new Block(sizes, { generator }));
    this.pooler = pooler ? bertLinear(d, d, { generator }) : null;
    this.dropout = new Dropout(dropout);
  }

  forward(ids: Tensor, inputs: BertInputs = {}): { readonly hidden: Tensor; readonly pooled: Tensor | null } {
    const { attentionMask, tokenTypeIds, positionIds } = inputs;
    checkTokens("Bert", ids, this.positions.count, { attentionMask, tokenTypeIds, positionIds });
    const mask = readableKeys(attentionMask); // [b, 1, 1, t]
    const types = tokenTypeIds ? this.types.forward(tokenTypeIds) : select(this.types.weight, 0, 0); // [b, t, d] or [d]
    const positions = positionsOf(this.positions, ids.shape[1], positionIds); // [t, d]
    const sum = add(add(this.words.forward(ids), types), positions); // [b, t, d]
    let x = this.dropout.forward(this.norm.forward(sum)); // [b, t, d]
    for (const block of this.blocks) x = block.forward(x, mask); // [b, t, d]
    return { hidden: x, pooled: this.pooler && tanh(this.pooler.forward(select(x, 1, 0))) };
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), {
      words: "embeddings.word_embeddings",
      positions: "embeddings.position_embeddings",
      types: "embeddings.token_type_embeddings",
      norm: "embeddings.LayerNorm",
      blocks: "encoder.layer",
      pooler: "pooler.dense",
    });
  }
}

function sizesOf(options: BertOptions): Sizes {
  const { tokenTypes = 2, padding = 0, dropout = 0.1, pooler = true } = options;
  const defaults = { vocab: 30522, length: 512 };
  const keys = {
    words: "embeddings.word_embeddings.weight",
    up: "encoder.layer.0.intermediate.dense.weight",
  };
  checkPositive("Bert", { tokenTypes });
  checkRange("Bert", "dropout", dropout, 0, 1);
  return { ...tokenModelSizes("Bert", options, defaults, keys), tokenTypes, padding, dropout, pooler };
}

/** BERT base: 109,482,240 parameters, those of the pooler among them. */
export const bertBase = (options?: BertOptions): Bert => new Bert(options);

/** 41,373,184 parameters. */
export const bertMedium = (options: BertOptions = {}): Bert => new Bert({ ...BERT_MEDIUM, ...options });
/** 28,763,648 parameters. */
export const bertSmall = (options: BertOptions = {}): Bert => new Bert({ ...BERT_SMALL, ...options });
/** 11,170,560 parameters. */
export const bertMini = (options: BertOptions = {}): Bert => new Bert({ ...BERT_MINI, ...options });
/** 4,385,920 parameters. */
export const bertTiny = (options: BertOptions = {}): Bert => new Bert({ ...BERT_TINY, ...options });
