// Convolutions that find short patterns in a signal, and a recurrence that reads their order (DeepConvLSTM, Ordóñez & Roggen
// 2016): sensors, activities, ECG. Pictures: cnn_transformer.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { transpose } from "../kernels/permute.ts";
import { ReLU } from "../layers/activation.ts";
import { BatchNorm1d } from "../layers/batch_norm.ts";
import { Conv1d } from "../layers/conv_nd.ts";
import { Dropout } from "../layers/dropout.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { MaxPool1d } from "../layers/pooling_nd.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Cell, lastState, type RecurrentStack, recurrentStack, runStack } from "./recurrent_stack.ts";

export interface CnnRnnOptions extends InitOptions {
  /** Channels of the signal. */
  readonly inChannels: number;
  readonly numClasses: number;
  /** Channels behind each convolution; each halves the length. Default [32, 64]. */
  readonly widths?: readonly number[];
  /** Odd. Default 5. */
  readonly kernelSize?: number;
  /** Default "LSTM". */
  readonly cell?: Cell;
  /** Of the recurrence. Default 64. */
  readonly hidden?: number;
  /** Of the recurrence. Default 1. */
  readonly layers?: number;
  /** Default false. */
  readonly bidirectional?: boolean;
  /** Between recurrent layers, and in front of the head. Default 0. */
  readonly dropout?: number;
}

/**
 * x [b, inChannels, t] -> logits [b, numClasses]; t at least 2^widths.length. Initial values as of the layers.
 *
 * @throws OptionError for sizes that are no positive integers, an even kernel, no widths, a cell that there is not, dropout out of
 *   range; ShapeError, in forward, for a signal of other channels or too short
 */
export class CnnRnn extends Module {
  readonly stem: Sequential;
  readonly rnn: RecurrentStack;
  readonly dropout: Dropout;
  readonly head: Linear;
  readonly #options: CnnRnnOptions;

  constructor(options: CnnRnnOptions) {
    super();
    const { inChannels, numClasses, widths = [32, 64], kernelSize = 5, cell = "LSTM", hidden = 64 } = options;
    const { layers = 1, bidirectional = false, dropout = 0, generator } = options;
    checkPositive("CnnRnn", { inChannels, numClasses, kernelSize, hidden, layers });
    checkPositive("CnnRnn", Object.fromEntries(widths.map((w, i) => [`widths[${i}]`, w])));
    if (widths.length === 0)
      throw new OptionError("CnnRnn: widths must have a number for each convolution, got []");
    if (kernelSize % 2 === 0) throw new OptionError(`CnnRnn: kernelSize must be odd, got ${kernelSize}`);
    this.#options = { ...options, widths };
    const padding = (kernelSize - 1) / 2;
    const stem = widths.flatMap((to, i): Layer[] => [
      new Conv1d(widths[i - 1] ?? inChannels, to, { kernelSize, padding, bias: false, generator }),
      new BatchNorm1d(to),
      new ReLU(),
      new MaxPool1d(2), // [b, to, t / 2^(i + 1)]
    ]);
    this.stem = new Sequential(...stem);
    const stack = { numLayers: layers, bidirectional, dropout, generator };
    this.rnn = recurrentStack("CnnRnn", cell, widths.at(-1)!, hidden, stack);
    this.dropout = new Dropout(dropout);
    this.head = new Linear((bidirectional ? 2 : 1) * hidden, numClasses, { generator });
  }

  forward(x: Tensor): Tensor {
    const { inChannels, widths = [], bidirectional = false } = this.#options;
    if (x.rank !== 3 || x.shape[1] !== inChannels || x.shape[2] < 2 ** widths.length) {
      const rule = `x must be [b, ${inChannels}, t] with t at least ${2 ** widths.length}`;
      throw new ShapeError(`CnnRnn: ${rule}, x ${formatShape(x.shape)}`);
    }
    const steps = transpose(this.stem.forward(x), 1, 2); // [b, t', channels]
    const [, [h]] = runStack(this.rnn, steps, null); // [layers directions, b, hidden]
    return this.head.forward(this.dropout.forward(lastState(h, bidirectional))); // [b, numClasses]
  }
}

type Rest = Omit<CnnRnnOptions, "cell" | "bidirectional">;

export const cnnLstm = (options: Rest): CnnRnn => new CnnRnn({ ...options, cell: "LSTM" });
export const cnnBilstm = (options: Rest): CnnRnn =>
  new CnnRnn({ ...options, cell: "LSTM", bidirectional: true });
export const cnnGru = (options: Rest): CnnRnn => new CnnRnn({ ...options, cell: "GRU" });
export const cnnBigru = (options: Rest): CnnRnn =>
  new CnnRnn({ ...options, cell: "GRU", bidirectional: true });
