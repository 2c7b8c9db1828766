// Embedding: a table of vectors, looked up by index. The gradient is a scatter-add in fixed order.

import { OptionError } from "../gpu/errors.ts";
import { embedding } from "../kernels/embedding.ts";
import { type Parameter, parameter } from "../tensor/parameter.ts";
import { defaultGenerator } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPositive } from "./options.ts";

export interface EmbeddingOptions extends InitOptions {
  /** A row that starts as zeros and gets no gradient; negative from the end. Default: none. */
  readonly paddingIdx?: number;
}

/**
 * y = weight[ids] (torch.nn.Embedding).
 *
 * Shapes: ids i32 [...] -> [..., dim]; weight [count, dim]. Initial values: N(0, 1).
 *
 * @throws OptionError unless both sizes are positive integers and paddingIdx is a row
 */
export class Embedding extends Module {
  readonly weight: Parameter; // [count, dim]
  readonly paddingIdx: number | undefined;

  constructor(
    readonly count: number,
    readonly dim: number,
    { paddingIdx, generator = defaultGenerator }: EmbeddingOptions = {},
  ) {
    super();
    checkPositive("Embedding", { count, dim });
    if (paddingIdx !== undefined) {
      if (!Number.isInteger(paddingIdx) || paddingIdx < -count || paddingIdx >= count) {
        throw new OptionError(`Embedding: paddingIdx must be a row of ${count}, got ${paddingIdx}`);
      }
      this.paddingIdx = paddingIdx < 0 ? paddingIdx + count : paddingIdx;
    }
    const row = (this.paddingIdx ?? count) * dim; // beyond the end: none
    this.weight = parameter([count, dim], () => generator.normal(count * dim).fill(0, row, row + dim));
  }

  forward(ids: Tensor): Tensor {
    return embedding(ids, this.weight, { paddingIdx: this.paddingIdx });
  }

  protected override describe(): string {
    const padding = this.paddingIdx === undefined ? "" : `, paddingIdx=${this.paddingIdx}`;
    return `${this.count}, ${this.dim}${padding}`;
  }
}
