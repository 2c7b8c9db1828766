// What RNNCell, LSTMCell and GRUCell share: a sequence of one step. Layers over sequences: recurrent.ts.

import { ShapeError } from "../gpu/errors.ts";
import type { RecurrentWeights } from "../kernels/recurrent.ts";
import { reshape } from "../kernels/reshape.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPositive } from "./options.ts";
import { type Direction, recurrentWeights } from "./recurrent_weights.ts";

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
