// SqueezeNet 1.1 (Iandola et al. 2016), as torchvision has it: "fire" modules squeeze to few channels by 1x1 and expand by
// 1x1 and 3x3 side by side; the classes are channels of the last convolution, averaged over the picture.

import { relu } from "../kernels/activation.ts";
import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { cat } from "../kernels/concat.ts";
import { flatten } from "../kernels/reshape.ts";
import { ReLU } from "../layers/activation.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, kaimingUniform, normal } from "../layers/init.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { MaxPool2d } from "../layers/pooling.ts";
import { Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initialise } from "./initialise.ts";

export interface SqueezeNetOptions extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Probability of dropout in front of the last convolution. Default 0.5. */
  readonly dropout?: number;
}

/** x [b, from, h, w] -> [b, 2 half, h, w] by way of `squeezed` channels */
class Fire extends Module {
  readonly squeeze: Conv2d;
  readonly expand1x1: Conv2d;
  readonly expand3x3: Conv2d;

  constructor(from: number, squeezed: number, half: number) {
    super();
    this.squeeze = new Conv2d(from, squeezed, 1);
    this.expand1x1 = new Conv2d(squeezed, half, 1);
    this.expand3x3 = new Conv2d(squeezed, half, { kernelSize: 3, padding: 1 });
  }

  forward(x: Tensor): Tensor {
    const s = relu(this.squeeze.forward(x)); // [b, squeezed, h, w]
    return cat([relu(this.expand1x1.forward(s)), relu(this.expand3x3.forward(s))], 1); // [b, 2 half, h, w]
  }
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.squeezenet1_1); h and w at least 17. 1,235,496
 * parameters by default. As in torchvision a relu ends it: no logit is negative.
 *
 * @throws OptionError for sizes that are no positive integers, dropout out of range
 */
export class SqueezeNet extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(options: SqueezeNetOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, dropout = 0.5, generator } = options;
    checkPositive("SqueezeNet", { numClasses, inChannels });
    const pool = () => new MaxPool2d({ kernelSize: 3, stride: 2, ceilMode: true });
    this.features = new Sequential(
      new Conv2d(inChannels, 64, { kernelSize: 3, stride: 2 }), // [b, 64, h / 2, w / 2]
      new ReLU(),
      pool(), // [b, 64, h / 4, w / 4]
      new Fire(64, 16, 64),
      new Fire(128, 16, 64),
      pool(), // [b, 128, h / 8, w / 8]
      new Fire(128, 32, 128),
      new Fire(256, 32, 128),
      pool(), // [b, 256, h / 16, w / 16]
      new Fire(256, 48, 192),
      new Fire(384, 48, 192),
      new Fire(384, 64, 256),
      new Fire(512, 64, 256), // [b, 512, h / 16, w / 16]
    );
    const last = new Conv2d(512, numClasses, 1); // [b, numClasses, h / 16, w / 16]
    this.classifier = new Sequential(new Dropout(dropout), last, new ReLU());
    const conv = (w: Tensor) =>
      w === last.weight ? normal(w, 0, 0.01, { generator }) : kaimingUniform(w, { generator });
    initialise(this, { conv });
  }

  forward(x: Tensor): Tensor {
    const y = this.classifier.forward(this.features.forward(x)); // [b, numClasses, h / 16, w / 16]
    return flatten(adaptiveAvgPool2d(y, 1), 1); // [b, numClasses]
  }
}

export const squeezenet1_1 = (options?: SqueezeNetOptions): SqueezeNet => new SqueezeNet(options);
