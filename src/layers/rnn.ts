// Elman RNN: h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh), or relu of it.

import { isRelu, type RnnNonlinearity, rnn } from "../kernels/rnn.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type RecurrentCall, RecurrentLayer, type RecurrentLayerOptions } from "./recurrent.ts";
import { RecurrentCell, type RecurrentCellOptions } from "./recurrent_cell.ts";
import type { Direction } from "./recurrent_weights.ts";

interface Nonlinear {
  /** Default tanh. */
  readonly nonlinearity?: RnnNonlinearity;
}

export interface RNNOptions extends RecurrentLayerOptions, Nonlinear {}
export interface RNNCellOptions extends RecurrentCellOptions, Nonlinear {}

function directionOf(name: string, { nonlinearity }: Nonlinear): Direction {
  isRelu(name, nonlinearity);
  return (x, weights, [h0], options) => rnn(x, weights, { h0, nonlinearity, ...options });
}

/**
 * Layers of an Elman network (torch.nn.RNN).
 *
 * Shapes, d = 2 if bidirectional else 1: x [t, b, inputSize] ([b, t, ..] with batchFirst; [t, inputSize] for one
 * sequence) -> [output [t, b, d * hiddenSize], h [numLayers * d, b, hiddenSize]].
 * Initial values: U(-k, k), k = 1 / sqrt(hiddenSize); state 0. With `lengths`, output is 0 past each sequence's end, and h
 * stands at it.
 *
 * @throws OptionError for sizes, a dropout or a nonlinearity out of range; ShapeError, in forward, for shapes that do not
 *   fit or t = 0
 */
export class RNN extends RecurrentLayer {
  readonly #direction: Direction;

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    super(inputSize, hiddenSize, 1, options);
    this.#direction = directionOf("RNN", options);
  }

  forward(x: Tensor, h0: Tensor | null = null, call: RecurrentCall = {}): [output: Tensor, h: Tensor] {
    const [output, h] = this.run(x, [h0], call, this.#direction);
    return [output, h];
  }
}

/**
 * One step of an RNN (torch.nn.RNNCell): x [b, inputSize], h [b, hiddenSize] -> the next h; the batch axis may be left out.
 *
 * @throws OptionError unless both sizes are positive integers; ShapeError, in forward, for shapes that do not fit
 */
export class RNNCell extends RecurrentCell {
  readonly #direction: Direction;

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    super(inputSize, hiddenSize, 1, options);
    this.#direction = directionOf("RNNCell", options);
  }

  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return this.step(x, [h], this.#direction)[0];
  }
}
