// Fully connected layer: y = x weight^T + bias.

import { linear } from "../kernels/linear.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { uniformParameter } from "./defaults.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPositive } from "./options.ts";

export interface LinearOptions extends InitOptions {
  /** Add a bias. Default true. */
  readonly bias?: boolean;
}

/**
 * y = x weight^T + bias (torch.nn.Linear).
 *
 * Shapes: x [..., inFeatures] -> [..., outFeatures]; weight [outFeatures, inFeatures], bias [outFeatures].
 * Initial values: both U(-b, b), b = 1 / sqrt(inFeatures).
 *
 * @throws OptionError unless both sizes are positive integers
 */
export class Linear extends Module {
  readonly weight: Parameter; // [outFeatures, inFeatures]
  readonly bias: Parameter | null; // [outFeatures]

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkPositive("Linear", { inFeatures, outFeatures });
    this.weight = uniformParameter([outFeatures, inFeatures], inFeatures, options);
    this.bias = (options.bias ?? true) ? uniformParameter([outFeatures], inFeatures, options) : null;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  protected override describe(): string {
    return `${this.inFeatures}, ${this.outFeatures}${this.bias ? "" : ", bias=false"}`;
  }
}
