// A LeNet-style network for 28x28 digits: two 5x5 convolutions, each halved by pooling, and one linear layer
// (LeCun et al. 1998, with relu, max pooling and, if asked for, batch norm and dropout).

import { ReLU } from "../layers/activation.ts";
import { BatchNorm2d } from "../layers/batch_norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive, checkRange } from "../layers/options.ts";
import { MaxPool2d } from "../layers/pooling.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface LeNetOptions extends InitOptions {
  /** Channels of the two convolutions. Default [8, 32]. */
  readonly channels?: readonly [number, number];
  /** Classes. Default 10. */
  readonly classes?: number;
  /** Normalise after each convolution. Default false. */
  readonly batchNorm?: boolean;
  /** Probability of dropout in front of the linear layer. Default 0: none. */
  readonly dropout?: number;
}

const SIZE = 28 / 4; // pixels a side that reach the linear layer

/** x [b, 1, 28, 28] -> logits [b, classes]. 22,330 parameters with the default options. */
export class LeNet extends Module {
  readonly features: Sequential;
  readonly head: Sequential;

  constructor(options: LeNetOptions = {}) {
    super();
    const { channels = [8, 32], classes = 10, batchNorm = false, dropout = 0, generator } = options;
    const [c1, c2] = channels;
    checkPositive("LeNet", { "channels[0]": c1, "channels[1]": c2, classes });
    checkRange("LeNet", "dropout", dropout, 0, 1);
    const block = (from: number, to: number): Layer[] => [
      new Conv2d(from, to, { kernelSize: 5, padding: 2, generator }), // [b, to, s, s]
      ...(batchNorm ? [new BatchNorm2d(to)] : []),
      new ReLU(),
      new MaxPool2d(2), // [b, to, s / 2, s / 2]
    ];
    this.features = new Sequential(...block(1, c1), ...block(c1, c2)); // [b, c2, 7, 7]
    this.head = new Sequential(
      new Flatten(), // [b, c2 * 49]
      ...(dropout > 0 ? [new Dropout(dropout)] : []),
      new Linear(c2 * SIZE * SIZE, classes, { generator }), // [b, classes]
    );
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.features.forward(x));
  }
}
