// VGG (Simonyan & Zisserman 2015), as torchvision has it: 3x3 convolutions in five stages, each halved by pooling, and three
// linear layers, the first of which has most of the parameters.

import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { flatten } from "../kernels/reshape.ts";
import { ReLU } from "../layers/activation.ts";
import { BatchNorm2d } from "../layers/batch_norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, kaimingNormal, normal } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { MaxPool2d } from "../layers/pooling.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initialise } from "./initialise.ts";
import { checkRoom } from "./room.ts";

export interface VggOptions extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Channels of the first stage; the others have 2, 4, 8 and 8 times as many. Default 64. */
  readonly width?: number;
  /** Channels of the two hidden linear layers. Default 4096. */
  readonly hidden?: number;
  /** Probability of dropout. Default 0.5. */
  readonly dropout?: number;
}

/** Convolutions of each stage: table 1 of the paper, columns A, D and E. */
const VGG11 = [1, 1, 2, 2, 2];
const VGG16 = [2, 2, 3, 3, 3];
const VGG19 = [2, 2, 4, 4, 4];
/** Channels of each stage, in widths. */
const WIDTHS = [1, 2, 4, 8, 8];
const SIDE = 7; // pixels a side that reach the linear layers

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.VGG); h and w at least 32.
 *
 * Initial values as torchvision's: convolutions N(0, 2 / fanOut), linear layers N(0, 0.01^2), biases 0.
 *
 * @throws OptionError for sizes that are no positive integers, dropout out of range; LimitError where a linear layer exceeds what
 *   the adapter binds
 */
export class Vgg extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  /** @param convs convolutions of each stage */
  constructor(convs: readonly number[], batchNorm: boolean, options: VggOptions = {}) {
    super();
    const {
      numClasses = 1000,
      inChannels = 3,
      width = 64,
      hidden = 4096,
      dropout = 0.5,
      generator,
    } = options;
    checkPositive("Vgg", { numClasses, inChannels, width, hidden });
    checkRoom("Vgg", {
      "classifier.0.weight": [hidden, 8 * width * SIDE * SIDE],
      "classifier.3.weight": [hidden, hidden],
      "classifier.6.weight": [numClasses, hidden],
    });
    let from = inChannels;
    const features = convs.flatMap((count, stage): Layer[] => {
      const to = width * WIDTHS[stage];
      const layers = Array.from({ length: count }, (): Layer[] => {
        const conv = new Conv2d(from, to, { kernelSize: 3, padding: 1 }); // [b, to, s, s]
        from = to;
        return [conv, ...(batchNorm ? [new BatchNorm2d(to)] : []), new ReLU()];
      });
      return [...layers.flat(), new MaxPool2d(2)]; // [b, to, s / 2, s / 2]
    });
    this.features = new Sequential(...features); // [b, 8 width, h / 32, w / 32]
    this.classifier = new Sequential(
      new Linear(from * SIDE * SIDE, hidden), // [b, hidden]
      new ReLU(),
      new Dropout(dropout),
      new Linear(hidden, hidden), // [b, hidden]
      new ReLU(),
      new Dropout(dropout),
      new Linear(hidden, numClasses), // [b, numClasses]
    );
    initialise(this, {
      conv: (w) => kaimingNormal(w, { mode: "fanOut", nonlinearity: "relu", generator }),
      linear: (w) => normal(w, 0, 0.01, { generator }),
    });
  }

  forward(x: Tensor): Tensor {
    const y = adaptiveAvgPool2d(this.features.forward(x), SIDE); // [b, 8 width, 7, 7]
    return this.classifier.forward(flatten(y, 1)); // [b, numClasses]
  }
}

/** 132,863,336 parameters. */
export const vgg11 = (options?: VggOptions): Vgg => new Vgg(VGG11, false, options);
/** 138,357,544 parameters. */
export const vgg16 = (options?: VggOptions): Vgg => new Vgg(VGG16, false, options);
/** 138,365,992 parameters. */
export const vgg16Bn = (options?: VggOptions): Vgg => new Vgg(VGG16, true, options);
/** 143,667,240 parameters. */
export const vgg19 = (options?: VggOptions): Vgg => new Vgg(VGG19, false, options);
