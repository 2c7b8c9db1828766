// RNN, LSTM or GRU by name, batch first, with their states as a list, so that one model serves all three.

import { OptionError } from "../gpu/errors.ts";
import { cat } from "../kernels/concat.ts";
import { select } from "../kernels/slice.ts";
import { GRU } from "../layers/gru.ts";
import { LSTM } from "../layers/lstm.ts";
import type { RecurrentCall, RecurrentLayerOptions } from "../layers/recurrent.ts";
import { RNN } from "../layers/rnn.ts";
import type { Tensor } from "../tensor/tensor.ts";

const CELLS = { RNN, LSTM, GRU };

export type Cell = keyof typeof CELLS;
export type RecurrentStack = RNN | LSTM | GRU;

/** [h], of an LSTM [h, c]; each [layers directions, b, hidden]. */
export type States = readonly Tensor[];

/** Throws OptionError for a cell that there is not, and as the layer itself. */
export function recurrentStack(
  model: string,
  cell: Cell,
  inputs: number,
  hidden: number,
  options: RecurrentLayerOptions,
): RecurrentStack {
  if (!Object.hasOwn(CELLS, cell))
    throw new OptionError(`${model}: cell must be one of ${Object.keys(CELLS).join(", ")}, got ${cell}`);
  return new CELLS[cell](inputs, hidden, { ...options, batchFirst: true });
}

/** x [b, t, inputs] -> [outputs [b, t, directions hidden], the states behind the last step] */
export function runStack(
  rnn: RecurrentStack,
  x: Tensor,
  states: States | null,
  call: RecurrentCall = {},
): [output: Tensor, states: States] {
  if (rnn instanceof LSTM) return rnn.forward(x, states && [states[0], states[1]], call);
  const [y, h] = rnn.forward(x, states?.[0], call);
  return [y, [h]];
}

/** The last layer's h at the end of each sequence, the reverse direction's behind the first's: [b, directions hidden]. */
export function lastState(h: Tensor, bidirectional: boolean): Tensor {
  return bidirectional ? cat([select(h, 0, -2), select(h, 0, -1)], 1) : select(h, 0, -1);
}
