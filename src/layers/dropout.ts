// Dropout: y = x m / (1 - p), m = 1 with probability 1 - p, else 0; y = x in evaluation. Masks come from the
// one stream of random numbers (manualSeed).

import { dropout } from "../kernels/dropout.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { checkRange } from "./options.ts";

/**
 * Zeroes elements with probability p (default 0.5) in training (torch.nn.Dropout; Srivastava et al. 2014).
 *
 * Shapes: x [...] -> [...].
 *
 * @throws OptionError unless 0 <= p <= 1
 */
export class Dropout extends Module {
  constructor(readonly p = 0.5) {
    super();
    checkRange("Dropout", "p", p, 0, 1);
  }

  forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training);
  }

  protected override describe(): string {
    return `p=${this.p}`;
  }
}
