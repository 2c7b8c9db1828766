// Flatten joins axes; Identity passes its input on. No parameters.

import { flatten } from "../kernels/reshape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * Joins axes startAxis to endAxis (torch.nn.Flatten); shares storage.
 *
 * Shapes: x [n, ...] -> [n, product]; defaults: all but the first axis.
 */
export class Flatten extends Module {
  constructor(
    readonly startAxis = 1,
    readonly endAxis = -1,
  ) {
    super();
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startAxis, this.endAxis);
  }

  protected override describe(): string {
    return `startAxis=${this.startAxis}, endAxis=${this.endAxis}`;
  }
}

/** y = x (torch.nn.Identity): what stands where an option leaves a layer out. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}
