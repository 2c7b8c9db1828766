// Squeeze and excitation: y = x * gate(fc2(act(fc1(mean of every plane of x)))): every channel scaled by what all of them
// hold on average (Hu, Shen & Sun 2018).

import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { mul } from "../kernels/binary.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ReLU, Sigmoid } from "./activation.ts";
import { Conv2d } from "./conv2d.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import type { Layer } from "./sequential.ts";

export interface SqueezeExcitationOptions extends InitOptions {
  /** Between the two products. Default ReLU. */
  readonly activation?: Layer;
  /** From the second product to the scale. Default Sigmoid. */
  readonly gate?: Layer;
}

/**
 * Squeeze and excitation (torchvision.ops.SqueezeExcitation, timm's SEModule), with biased 1x1 convolutions.
 *
 * Shapes: x [n, channels, h, w] -> the same; fc1.weight [squeezed, channels, 1, 1], fc2.weight [channels, squeezed, 1, 1].
 *
 * @throws OptionError unless both sizes are positive integers
 */
export class SqueezeExcitation extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;
  readonly activation: Layer;
  readonly gate: Layer;

  constructor(channels: number, squeezed: number, options: SqueezeExcitationOptions = {}) {
    super();
    const { activation = new ReLU(), gate = new Sigmoid(), generator } = options;
    this.fc1 = new Conv2d(channels, squeezed, { kernelSize: 1, generator });
    this.fc2 = new Conv2d(squeezed, channels, { kernelSize: 1, generator });
    this.activation = activation;
    this.gate = gate;
  }

  forward(x: Tensor): Tensor {
    const mean = adaptiveAvgPool2d(x, 1); // [n, channels, 1, 1]
    const inner = this.activation.forward(this.fc1.forward(mean)); // [n, squeezed, 1, 1]
    return mul(x, this.gate.forward(this.fc2.forward(inner))); // [n, channels, h, w]
  }
}
