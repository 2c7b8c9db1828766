// Initial values of whole models, as torchvision sets them: one rule for the weights of all convolutions, one for those of
// all linear layers, biases 0. Norms start at scale 1 and shift 0 by themselves.

import { Conv2d } from "../layers/conv2d.ts";
import { zeros } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import type { Module } from "../layers/module.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface InitRules {
  /** Weights of 2-D convolutions. Without it they and their biases stay as the layer made them. */
  readonly conv?: (weight: Tensor) => unknown;
  readonly linear?: (weight: Tensor) => unknown;
}

export function initialise(model: Module, { conv, linear }: InitRules): void {
  model.apply((m) => {
    const rule = m instanceof Conv2d ? conv : m instanceof Linear ? linear : undefined;
    if (!rule) return;
    const { weight, bias } = m as Conv2d | Linear;
    rule(weight);
    if (bias) zeros(bias);
  });
}
