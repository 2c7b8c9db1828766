// A class for a whole sequence: layers of RNN, LSTM or GRU read it, and a linear layer tells the class from the last states.
// Tokens pass through an embedding first. One prediction per step: recurrent_language_model.ts.

import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import type { RecurrentCall } from "../layers/recurrent.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Cell, lastState, type RecurrentStack, recurrentStack, runStack } from "./recurrent_stack.ts";

export interface RecurrentClassifierOptions extends InitOptions {
  /** Features of a step; with `vocab` those a token is embedded in. */
  readonly inputs: number;
  readonly numClasses: number;
  /** Different tokens: x holds ids then. Default: none, x holds features. */
  readonly vocab?: number;
  /** Default "LSTM". */
  readonly cell?: Cell;
  /** Default 128. */
  readonly hidden?: number;
  /** Default 1. */
  readonly layers?: number;
  /** Default false. */
  readonly bidirectional?: boolean;
  /** Between layers, and in front of the head. Default 0. */
  readonly dropout?: number;
}

/**
 * x [b, t, inputs], or ids i32 [b, t] with `vocab` -> logits [b, numClasses]. Initial values as of the layers.
 *
 * @throws OptionError for sizes that are no positive integers, a cell that there is not, dropout out of range
 */
export class RecurrentClassifier extends Module {
  readonly embedding: Embedding | null;
  readonly rnn: RecurrentStack;
  readonly dropout: Dropout;
  readonly head: Linear;
  readonly #bidirectional: boolean;

  constructor(options: RecurrentClassifierOptions) {
    super();
    const { inputs, numClasses, vocab, cell = "LSTM", hidden = 128, layers = 1 } = options;
    const { bidirectional = false, dropout = 0, generator } = options;
    checkPositive("RecurrentClassifier", { inputs, numClasses, hidden, layers });
    this.embedding = vocab === undefined ? null : new Embedding(vocab, inputs, { generator });
    const stack = { numLayers: layers, bidirectional, dropout, generator };
    this.rnn = recurrentStack("RecurrentClassifier", cell, inputs, hidden, stack);
    this.dropout = new Dropout(dropout);
    this.#bidirectional = bidirectional;
    this.head = new Linear((bidirectional ? 2 : 1) * hidden, numClasses, { generator });
  }

  /** @param call `lengths`: steps of each sequence; those behind them change nothing */
  forward(x: Tensor, call: RecurrentCall = {}): Tensor {
    const steps = this.embedding ? this.embedding.forward(x) : x; // [b, t, inputs]
    const [, [h]] = runStack(this.rnn, steps, null, call); // [layers directions, b, hidden]
    const last = lastState(h, this.#bidirectional); // [b, directions hidden]
    return this.head.forward(this.dropout.forward(last)); // [b, numClasses]
  }
}
