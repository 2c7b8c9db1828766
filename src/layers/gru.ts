// GRU: r, z = sigmoid(x W_i^T + b_i + h W_h^T + b_h), n = tanh(x W_in^T + b_in + r (h W_hn^T + b_hn)), h' = (1 - z) n + z h.

import { gru } from "../kernels/gru.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type RecurrentCall, RecurrentLayer, type RecurrentLayerOptions } from "./recurrent.ts";
import { RecurrentCell, type RecurrentCellOptions } from "./recurrent_cell.ts";
import type { Direction } from "./recurrent_weights.ts";

export type GRUOptions = RecurrentLayerOptions;

const direction: Direction = (x, weights, [h0], options) => gru(x, weights, { h0, ...options });

/**
 * Layers of gated recurrent units (torch.nn.GRU; Cho et al. 2014).
 *
 * Shapes, d = 2 if bidirectional else 1: x [t, b, inputSize] ([b, t, ..] with batchFirst; [t, inputSize] for one
 * sequence) -> [output [t, b, d * hiddenSize], h [numLayers * d, b, hiddenSize]]. Gates r, z, n.
 * Initial values: U(-k, k), k = 1 / sqrt(hiddenSize); state 0. With `lengths`, output is 0 past each sequence's end, and h
 * stands at it.
 *
 * @throws OptionError for sizes or a dropout out of range; ShapeError, in forward, for shapes that do not fit or t = 0
 */
export class GRU extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: GRUOptions = {}) {
    super(inputSize, hiddenSize, 3, options);
  }

  forward(x: Tensor, h0: Tensor | null = null, call: RecurrentCall = {}): [output: Tensor, h: Tensor] {
    const [output, h] = this.run(x, [h0], call, direction);
    return [output, h];
  }
}

/**
 * One step of a GRU (torch.nn.GRUCell): x [b, inputSize], h [b, hiddenSize] -> the next h; the batch axis may be left out.
 *
 * @throws OptionError unless both sizes are positive integers; ShapeError, in forward, for shapes that do not fit
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super(inputSize, hiddenSize, 3, options);
  }

  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return this.step(x, [h], direction)[0];
  }
}
