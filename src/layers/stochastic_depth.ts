// Stochastic depth: y = x m / (1 - p), one m for each sample, 1 with probability 1 - p, else 0; y = x in evaluation. Drops
// whole residual branches. Single elements: dropout.ts.

import { ShapeError } from "../gpu/errors.ts";
import { mul } from "../kernels/binary.ts";
import { dropout } from "../kernels/dropout.ts";
import { ones } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { checkRange } from "./options.ts";

/**
 * Zeroes whole samples with probability p in training (torchvision.ops.StochasticDepth, mode "row"; Huang et al. 2016).
 *
 * Shapes: x [n, ...] -> the same.
 *
 * @throws OptionError unless 0 <= p <= 1; ShapeError for x without a batch axis
 */
export class StochasticDepth extends Module {
  constructor(readonly p: number) {
    super();
    checkRange("StochasticDepth", "p", p, 0, 1);
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    if (x.rank === 0) throw new ShapeError("StochasticDepth: x needs a batch axis, x []");
    const each = x.shape.map((size, axis) => (axis === 0 ? size : 1));
    return mul(x, dropout(ones(each, { device: x.device }), this.p)); // [n, 1, ...]
  }

  protected override describe(): string {
    return `p=${this.p}`;
  }
}
