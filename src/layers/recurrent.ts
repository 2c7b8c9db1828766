// What RNN, LSTM and GRU share: parameters under PyTorch's keys, the stack of layers and directions, the layout of x. Cells of
// one step: recurrent_cell.ts. The sequence ops themselves: src/kernels/lstm.ts, gru.ts, rnn.ts.

import { ShapeError } from "../gpu/errors.ts";
import { cat, stack } from "../kernels/concat.ts";
import { dropout } from "../kernels/dropout.ts";
import { transpose } from "../kernels/permute.ts";
import { type Lengths, lengthsTensor, type RecurrentWeights } from "../kernels/recurrent.ts";
import { squeeze, unsqueeze } from "../kernels/reshape.ts";
import { select } from "../kernels/slice.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPositive, checkRange, formatOptions } from "./options.ts";
import { type Direction, recurrentWeights } from "./recurrent_weights.ts";

export interface RecurrentLayerOptions extends InitOptions {
  /** Layers, each reading the outputs of the one before. Default 1. */
  readonly numLayers?: number;
  /** Two biases a layer and direction. Default true. */
  readonly bias?: boolean;
  /** x and output are [b, t, ..] instead of [t, b, ..]; states are not changed by it. Default false. */
  readonly batchFirst?: boolean;
  /** In training, zeroes outputs between layers with this probability. Default 0. */
  readonly dropout?: number;
  /** A second direction, from the end; its outputs stand behind the first's. Default false. */
  readonly bidirectional?: boolean;
}

export interface RecurrentCall {
  /** Steps of each sequence, in any order (torch: pack_padded_sequence). Default: all. */
  readonly lengths?: Lengths | null;
}

export abstract class RecurrentLayer extends Module {
  /** By layer, then direction. */
  readonly #weights: RecurrentWeights[][];
  readonly #options: RecurrentLayerOptions;

  constructor(
    readonly inputSize: number,
    readonly hiddenSize: number,
    gates: number,
    options: RecurrentLayerOptions,
  ) {
    super();
    const { numLayers = 1, dropout = 0, bidirectional = false } = options;
    const name = this.constructor.name;
    checkPositive(name, { inputSize, hiddenSize, numLayers });
    checkRange(name, "dropout", dropout, 0, 1);
    this.#options = options;
    const directions = bidirectional ? 2 : 1;
    const register = (key: string, p: Parameter) => this.registerParameter(key, p);
    this.#weights = Array.from({ length: numLayers }, (_, layer) =>
      ["", "_reverse"].slice(0, directions).map((suffix) => {
        const inputs = layer === 0 ? inputSize : directions * hiddenSize;
        return recurrentWeights(register, [gates, inputs, hiddenSize], `_l${layer}${suffix}`, options);
      }),
    );
  }

  /** [output, ...last states [layers * directions, b, h]] from initial states of that shape. */
  protected run(x: Tensor, states: readonly (Tensor | null)[], call: RecurrentCall, direction: Direction) {
    const name = this.constructor.name;
    if ((x.rank !== 3 && x.rank !== 2) || x.shape.at(-1) !== this.inputSize) {
      const layout = this.#options.batchFirst ? "[batch, time" : "[time, batch";
      throw new ShapeError(
        `${name}: x must be ${layout}, ${this.inputSize}] or [time, ${this.inputSize}], x ${formatShape(x.shape)}`,
      );
    }
    const swap = x.rank === 3 && this.#options.batchFirst === true;
    const steps = x.rank === 2 ? unsqueeze(x, 1) : swap ? transpose(x, 0, 1) : x; // [t, b, in]
    const batch = steps.shape[1]!;
    const own = states.map((s, k) => s && this.#initial(s, `${name}: ${"hc"[k]}0`, x.rank === 2, batch));
    const lengths = call.lengths ? lengthsTensor(name, call.lengths, steps.shape[0]!, batch, x) : null;
    const [y, ...ends] = this.#layers(steps, own, lengths, direction);
    if (x.rank === 2) return [squeeze(y, 1), ...ends.map((s) => squeeze(s, 1))];
    return [swap ? transpose(y, 0, 1) : y, ...ends];
  }

  #layers(x: Tensor, states: readonly (Tensor | null)[], lengths: Tensor | null, direction: Direction) {
    const { dropout: p = 0 } = this.#options;
    let y = x; // [t, b, in], then [t, b, directions * h]
    const last: (readonly Tensor[])[] = []; // by layer and direction
    for (const [layer, weights] of this.#weights.entries()) {
      const input = layer === 0 ? y : dropout(y, p, this.training);
      const outputs = weights.map((w, d) => {
        const from = states.map((s) => s && select(s, 0, last.length)); // [b, h]
        const [out, ...ends] = direction(input, w, from, { reverse: d === 1, lengths });
        last.push(ends);
        return out;
      });
      y = outputs.length === 1 ? outputs[0] : cat(outputs, 2);
    }
    return [
      y,
      ...last[0].map((_, k) =>
        stack(
          last.map((ends) => ends[k]),
          0,
        ),
      ),
    ]; // [layers * directions, b, h]
  }

  /** An initial state as [layers * directions, b, h]. */
  #initial(state: Tensor, what: string, single: boolean, batch: number): Tensor {
    const count = this.#weights.length * this.#weights[0].length;
    const shape = single ? [count, this.hiddenSize] : [count, batch, this.hiddenSize];
    if (sameShape(state.shape, shape)) return single ? unsqueeze(state, 1) : state;
    throw new ShapeError(`${what} must be ${formatShape(shape)}, is ${formatShape(state.shape)}`);
  }

  protected override describe(): string {
    const { generator: _, ...shown } = this.#options;
    const rest = formatOptions(shown);
    return `${this.inputSize}, ${this.hiddenSize}${rest && `, ${rest}`}`;
  }
}
