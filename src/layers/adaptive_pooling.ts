// Pooling layers over the last two axes into a fixed number of windows, whatever the size of x. No
// parameters.

import { adaptiveAvgPool2d, adaptiveMaxPool2d } from "../kernels/adaptive_pool.ts";
import type { ReturnIndices } from "../kernels/max_pool.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { checkPair, formatPair, type Pair } from "./options.ts";
import type { Pooled } from "./pooling.ts";

/**
 * Means of outputSize windows that cover x (torch.nn.AdaptiveAvgPool2d).
 *
 * Shapes: x [n, c, h, w] -> [n, c, ...outputSize].
 */
export class AdaptiveAvgPool2d extends Module {
  constructor(readonly outputSize: Pair) {
    super();
    checkPair("AdaptiveAvgPool2d", "outputSize", outputSize, 1);
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }

  protected override describe(): string {
    return formatPair(this.outputSize);
  }
}

/**
 * Maxima of outputSize windows that cover x (torch.nn.AdaptiveMaxPool2d). Option: returnIndices (false; true: forward gives
 * [y, indices]).
 *
 * Shapes: x [n, c, h, w] -> [n, c, ...outputSize].
 */
export class AdaptiveMaxPool2d<B extends boolean = false> extends Module {
  constructor(
    readonly outputSize: Pair,
    readonly options: Partial<ReturnIndices<B>> = {},
  ) {
    super();
    checkPair("AdaptiveMaxPool2d", "outputSize", outputSize, 1);
  }

  forward(x: Tensor): Pooled<B> {
    return adaptiveMaxPool2d(x, this.outputSize, this.options as object) as Pooled<B>;
  }

  protected override describe(): string {
    return formatPair(this.outputSize);
  }
}
