// LSTM: i, f, o = sigmoid and g = tanh of x W_ih^T + b_ih + h W_hh^T + b_hh; c' = f c + i g, h' = o tanh(c').

import { lstm } from "../kernels/lstm.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type RecurrentCall, RecurrentLayer, type RecurrentLayerOptions } from "./recurrent.ts";
import { RecurrentCell, type RecurrentCellOptions } from "./recurrent_cell.ts";
import type { Direction } from "./recurrent_weights.ts";

export type LSTMOptions = RecurrentLayerOptions;

/** Hidden and cell state. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

const direction: Direction = (x, weights, [h0, c0], options) => lstm(x, weights, { h0, c0, ...options });

/**
 * Layers of long short-term memory (torch.nn.LSTM; Hochreiter & Schmidhuber 1997).
 *
 * Shapes, d = 2 if bidirectional else 1: x [t, b, inputSize] ([b, t, ..] with batchFirst; [t, inputSize] for one
 * sequence) -> [output [t, b, d * hiddenSize], [h, c] each [numLayers * d, b, hiddenSize]]. Gates i, f, g, o.
 * Initial values: U(-k, k), k = 1 / sqrt(hiddenSize); states 0. With `lengths`, output is 0 past each sequence's end, and
 * h and c stand at it.
 *
 * @throws OptionError for sizes or a dropout out of range; ShapeError, in forward, for shapes that do not fit or t = 0
 */
export class LSTM extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super(inputSize, hiddenSize, 4, options);
  }

  forward(
    x: Tensor,
    state: LSTMState | null = null,
    call: RecurrentCall = {},
  ): [output: Tensor, state: [h: Tensor, c: Tensor]] {
    const [output, h, c] = this.run(x, state ?? [null, null], call, direction);
    return [output, [h, c]];
  }
}

/**
 * One step of an LSTM (torch.nn.LSTMCell): x [b, inputSize], state [h, c] each [b, hiddenSize] -> the next [h, c]; the batch
 * axis may be left out everywhere.
 *
 * @throws OptionError unless both sizes are positive integers; ShapeError, in forward, for shapes that do not fit
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super(inputSize, hiddenSize, 4, options);
  }

  forward(x: Tensor, state: LSTMState | null = null): [h: Tensor, c: Tensor] {
    const [h, c] = this.step(x, state ?? [null, null], direction);
    return [h, c];
  }
}
