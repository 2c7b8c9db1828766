// Pooling layers over the last two axes into a fixed number of windows, whatever the size of x. No
// parameters.

import { adaptiveAvgPool2d, adaptiveMaxPool2d } from "../kernels/adaptive_pool.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { checkPair, formatPair, type Pair } from "./options.ts";

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
 * Maxima of outputSize windows that cover x (torch.nn.AdaptiveMaxPool2d).
 *
 * Shapes: x [n, c, h, w] -> [n, c, ...outputSize].
 */
export class AdaptiveMaxPool2d extends Module {
  constructor(readonly outputSize: Pair) {
    super();
    checkPair("AdaptiveMaxPool2d", "outputSize", outputSize, 1);
  }

  forward(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x, this.outputSize);
  }

  protected override describe(): string {
    return formatPair(this.outputSize);
  }
}
