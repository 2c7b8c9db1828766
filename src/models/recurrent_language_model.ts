// A language model of tokens or characters: embedding, layers of LSTM or GRU, a head that predicts the next token at every step
// (Mikolov et al. 2010; Karpathy's char-rnn). The states behind one stretch of text are where the next begins.

import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Cell, type RecurrentStack, recurrentStack, runStack, type States } from "./recurrent_stack.ts";

export interface RecurrentLanguageModelOptions extends InitOptions {
  /** Different tokens. */
  readonly vocab: number;
  /** Numbers a token is embedded in. Default 64. */
  readonly d?: number;
  /** Default "LSTM". */
  readonly cell?: Cell;
  /** Default 128. */
  readonly hidden?: number;
  /** Default 2. */
  readonly layers?: number;
  /** Of embeddings, between layers, and in front of the head. Default 0. */
  readonly dropout?: number;
}

/**
 * ids i32 [b, t], states or none -> [logits [b, t, vocab], states], those at token i predicting token i + 1. States are a list:
 * [h], of an LSTM [h, c], each [layers, b, hidden]; `initialStates(b)` gives zeros. For training on consecutive stretches (truncated
 * backpropagation through time) carry what a compiled step returns, or `detach()` it: gradients end there. Initial values as of
 * the layers.
 *
 * @throws OptionError for sizes that are no positive integers, a cell that there is not, dropout out of range
 */
export class RecurrentLanguageModel extends Module {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly rnn: RecurrentStack;
  readonly head: Linear;
  readonly #sizes: { readonly layers: number; readonly hidden: number; readonly states: number };

  constructor(options: RecurrentLanguageModelOptions) {
    super();
    const { vocab, d = 64, cell = "LSTM", hidden = 128, layers = 2, dropout = 0, generator } = options;
    checkPositive("RecurrentLanguageModel", { vocab, d, hidden, layers });
    this.embedding = new Embedding(vocab, d, { generator });
    this.dropout = new Dropout(dropout);
    const stack = { numLayers: layers, dropout, generator };
    this.rnn = recurrentStack("RecurrentLanguageModel", cell, d, hidden, stack);
    this.head = new Linear(hidden, vocab, { generator });
    this.#sizes = { layers, hidden, states: cell === "LSTM" ? 2 : 1 };
  }

  initialStates(batch: number): Tensor[] {
    const { layers, hidden, states } = this.#sizes;
    const { device } = this.head.weight;
    return Array.from({ length: states }, () => zeros([layers, batch, hidden], { device }));
  }

  forward(ids: Tensor, states: States | null = null): [logits: Tensor, states: States] {
    const x = this.dropout.forward(this.embedding.forward(ids)); // [b, t, d]
    const [y, next] = runStack(this.rnn, x, states); // [b, t, hidden]
    return [this.head.forward(this.dropout.forward(y)), next]; // [b, t, vocab]
  }
}
