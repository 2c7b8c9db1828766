// AlexNet (Krizhevsky 2014, "One weird trick"), as torchvision has it: one column, no local response norm.

import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { flatten } from "../kernels/reshape.ts";
import { ReLU } from "../layers/activation.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { MaxPool2d } from "../layers/pooling.ts";
import { Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRoom } from "./room.ts";

export interface AlexNetOptions extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Channels of the two hidden linear layers. Default 4096. */
  readonly hidden?: number;
  /** Probability of dropout. Default 0.5. */
  readonly dropout?: number;
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.alexnet); h and w at least 63. 61,100,840 parameters
 * by default, of which the first linear layer has 37.7 million. Initial values: PyTorch's defaults.
 *
 * @throws OptionError for sizes that are no positive integers, dropout out of range; LimitError where a linear layer exceeds what
 *   the adapter binds
 */
export class AlexNet extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(options: AlexNetOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, hidden = 4096, dropout = 0.5, generator } = options;
    checkPositive("AlexNet", { numClasses, inChannels, hidden });
    checkRoom("AlexNet", {
      "classifier.1.weight": [hidden, 256 * 6 * 6],
      "classifier.4.weight": [hidden, hidden],
      "classifier.6.weight": [numClasses, hidden],
    });
    const pool = () => new MaxPool2d({ kernelSize: 3, stride: 2 });
    this.features = new Sequential(
      new Conv2d(inChannels, 64, { kernelSize: 11, stride: 4, padding: 2, generator }), // [b, 64, 55, 55] from 224
      new ReLU(),
      pool(), // [b, 64, 27, 27]
      new Conv2d(64, 192, { kernelSize: 5, padding: 2, generator }),
      new ReLU(),
      pool(), // [b, 192, 13, 13]
      new Conv2d(192, 384, { kernelSize: 3, padding: 1, generator }),
      new ReLU(),
      new Conv2d(384, 256, { kernelSize: 3, padding: 1, generator }),
      new ReLU(),
      new Conv2d(256, 256, { kernelSize: 3, padding: 1, generator }),
      new ReLU(),
      pool(), // [b, 256, 6, 6]
    );
    this.classifier = new Sequential(
      new Dropout(dropout),
      new Linear(256 * 6 * 6, hidden, { generator }), // [b, hidden]
      new ReLU(),
      new Dropout(dropout),
      new Linear(hidden, hidden, { generator }), // [b, hidden]
      new ReLU(),
      new Linear(hidden, numClasses, { generator }), // [b, numClasses]
    );
  }

  forward(x: Tensor): Tensor {
    const y = adaptiveAvgPool2d(this.features.forward(x), 6); // [b, 256, 6, 6]
    return this.classifier.forward(flatten(y, 1)); // [b, numClasses]
  }
}

export const alexnet = (options?: AlexNetOptions): AlexNet => new AlexNet(options);
