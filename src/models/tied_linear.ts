// A linear layer that owns nothing: weight and bias are another layer's, and train with it. Language models read tokens and
// predict them by one table (Press & Wolf 2017).

import { linear } from "../kernels/linear.ts";
import { Module } from "../layers/module.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** y = x weight^T + bias: x [..., in] -> [..., out]. Both stand in the state dict a second time, as in PyTorch's. */
export class TiedLinear extends Module {
  /**
   * @param weight [out, in]
   * @param bias [out]
   */
  constructor(
    readonly weight: Parameter,
    readonly bias: Parameter | null = null,
  ) {
    super();
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  protected override describe(): string {
    const [out, from] = this.weight.shape;
    return `${from}, ${out}, tied`;
  }
}
