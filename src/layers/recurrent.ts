// What RNN, LSTM and GRU share: parameters under PyTorch's keys, the stack of layers and directions, the layout of x. The
// sequence ops themselves: src/kernels/lstm.ts, gru.ts, rnn.ts.

import { ShapeError } from "../gpu/errors.ts";
import { cat, stack } from "../kernels/concat.ts";
import { dropout } from "../kernels/dropout.ts";
import { transpose } from "../kernels/permute.ts";
import { type Lengths, lengthsTensor, type RecurrentWeights } from "../kernels/recurrent.ts";
import { reshape, squeeze, unsqueeze } from "../kernels/reshape.ts";
import { select } from "../kernels/slice.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { uniformParameter } from "./defaults.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPositive, checkRange, formatOptions } from "./options.ts";

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

/** One layer in one direction: [y, ...last states] from x [t, b, in] and initial states [b, h]. */
export type Direction = (
  x: Tensor,
  weights: RecurrentWeights,
  states: readonly (Tensor | null)[],
  options: { readonly reverse: boolean; readonly lengths: Tensor | null },
) => readonly Tensor[];

/** weight_ih, weight_hh and both biases, U(-b, b) with b = 1 / sqrt(hidden), registered under `suffix`ed names. */
export function recurrentWeights(
  register: (name: string, p: Parameter) => Parameter,
  [gates, inputs, hidden]: readonly [number, number, number],
  suffix: string,
  { bias = true, ...init }: InitOptions & { readonly bias?: boolean },
): RecurrentWeights {
  const make = (name: string, ...shape: number[]) =>
    register(name + suffix, uniformParameter(shape, hidden, init));
  return {
    weightIh: make("weight_ih", gates * hidden, inputs),
    weightHh: make("weight_hh", gates * hidden, hidden),
    biasIh: bias ? make("bias_ih", gates * hidden) : null,
    biasHh: bias ? make("bias_hh", gates * hidden) : null,
  };
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
    const { batchFirst = false, dropout: p = 0 } = this.#options;
    const name = this.constructor.name;
    if (x.rank !== 3 && x.rank !== 2) {
      throw new ShapeError(
        `${name}: x must be [time, batch, in] or, for one sequence, [time, in], x ${formatShape(x.shape)}`,
      );
    }
    const single = x.rank === 2;
    let y = single ? unsqueeze(x, 1) : batchFirst ? transpose(x, 0, 1) : x; // [t, b, in]
    const [steps, batch] = y.shape as [number, number];
    if (x.shape.at(-1) !== this.inputSize)
      throw new ShapeError(
        `${name}: the last axis of x must be ${this.inputSize}, x ${formatShape(x.shape)}`,
      );
    const directions = this.#weights[0].length;
    const own = this.#initial(name, states, single, batch);
    const lengths = call.lengths ? lengthsTensor(name, call.lengths, steps, batch, x) : null;
    const last: (readonly Tensor[])[] = []; // by layer and direction
    for (const [layer, weights] of this.#weights.entries()) {
      const input = layer === 0 ? y : dropout(y, p, this.training);
      const outputs = weights.map((w, d) => {
        const at = layer * directions + d;
        const from = own.map(
          (s) => s && (s.shape[0] === 1 ? reshape(s, s.shape.slice(1)) : select(s, 0, at)),
        );
        const [out, ...ends] = direction(input, w, from, { reverse: d === 1, lengths });
        last.push(ends);
        return out;
      });
      y = directions === 1 ? outputs[0] : cat(outputs, 2); // [t, b, directions * h]
    }
    const ends = last[0].map((_, k) =>
      stack(
        last.map((ends) => ends[k]),
        0,
      ),
    ); // [layers * directions, b, h]
    if (single) return [squeeze(y, 1), ...ends.map((s) => squeeze(s, 1))];
    return [batchFirst ? transpose(y, 0, 1) : y, ...ends];
  }

  /** Initial states as [layers * directions, b, h]. */
  #initial(name: string, states: readonly (Tensor | null)[], single: boolean, batch: number) {
    const count = this.#weights.length * this.#weights[0].length;
    const shape = single ? [count, this.hiddenSize] : [count, batch, this.hiddenSize];
    return states.map((s, k) => {
      if (!s) return null;
      if (!sameShape(s.shape, shape)) {
        throw new ShapeError(
          `${name}: ${"hc"[k]}0 must be ${formatShape(shape)}, is ${formatShape(s.shape)}`,
        );
      }
      return single ? unsqueeze(s, 1) : s;
    });
  }

  protected override describe(): string {
    const { generator: _, ...shown } = this.#options;
    const rest = formatOptions(shown);
    return `${this.inputSize}, ${this.hiddenSize}${rest && `, ${rest}`}`;
  }
}

export interface RecurrentCellOptions extends InitOptions {
  /** Two biases. Default true. */
  readonly bias?: boolean;
}

/** One step of one layer: weight_ih, weight_hh, bias_ih, bias_hh. */
export abstract class RecurrentCell extends Module {
  readonly #weights: RecurrentWeights;

  constructor(
    readonly inputSize: number,
    readonly hiddenSize: number,
    gates: number,
    options: RecurrentCellOptions,
  ) {
    super();
    checkPositive(this.constructor.name, { inputSize, hiddenSize });
    const register = (key: string, p: Parameter) => this.registerParameter(key, p);
    this.#weights = recurrentWeights(register, [gates, inputSize, hiddenSize], "", options);
  }

  /** The next states from x [b, in] or [in] and states [b, h] or [h]. */
  protected step(x: Tensor, states: readonly (Tensor | null)[], direction: Direction): readonly Tensor[] {
    const name = this.constructor.name;
    if (x.rank !== 2 && x.rank !== 1)
      throw new ShapeError(`${name}: x must be [batch, in] or [in], x ${formatShape(x.shape)}`);
    const batch = x.rank === 2 ? x.shape[0] : 1;
    const shape = x.rank === 2 ? [batch, this.hiddenSize] : [this.hiddenSize];
    const own = states.map((s, k) => {
      if (!s || sameShape(s.shape, shape)) return s && reshape(s, [batch, this.hiddenSize]);
      throw new ShapeError(`${name}: ${"hc"[k]} must be ${formatShape(shape)}, is ${formatShape(s.shape)}`);
    });
    const steps = reshape(x, [1, batch, x.shape.at(-1)!]); // [1, b, in]
    const [, ...ends] = direction(steps, this.#weights, own, { reverse: false, lengths: null });
    return x.rank === 2 ? ends : ends.map((s) => reshape(s, shape));
  }

  protected override describe(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.#weights.biasIh ? "" : ", bias=false"}`;
  }
}
