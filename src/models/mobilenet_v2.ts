// MobileNetV2 (Sandler et al. 2018), as torchvision has it: blocks that widen t times by 1x1, filter every channel by itself,
// and narrow again without activation; x is added where sizes allow.

import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { add } from "../kernels/binary.ts";
import { flatten } from "../kernels/reshape.ts";
import { ReLU6 } from "../layers/activation_hard.ts";
import { BatchNorm2d, type BatchNormOptions } from "../layers/batch_norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, kaimingNormal, normal } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkImageModel, convNorm, divisible } from "./conv_norm.ts";
import { initialise } from "./initialise.ts";

export interface MobileNetV2Options extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Factor on all channels, rounded to multiples of 8. Default 1. */
  readonly width?: number;
  /** Probability of dropout in front of the last layer. Default 0.2. */
  readonly dropout?: number;
  readonly norm?: BatchNormOptions;
  /** Of the strided convolutions: see `ConvNormOptions`. Default "torch". */
  readonly padding?: "torch" | "tensorflow";
}

/** Stages: widening t, channels, blocks, stride of the first. Table 2 of the paper. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

type Like = Pick<MobileNetV2Options, "norm" | "padding">;

class InvertedResidual extends Module {
  readonly conv: Sequential;
  readonly #residual: boolean;

  constructor(from: number, to: number, stride: number, widening: number, like: Like) {
    super();
    const inner = from * widening;
    const activation = new ReLU6();
    this.conv = new Sequential(
      ...(widening > 1 ? [convNorm(from, inner, { ...like, kernelSize: 1, activation })] : []), // [b, inner, h, w]
      convNorm(inner, inner, { ...like, stride, groups: inner, activation }), // [b, inner, oh, ow]
      new Conv2d(inner, to, { kernelSize: 1, bias: false }), // [b, to, oh, ow]
      new BatchNorm2d(to, like.norm),
    );
    this.#residual = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    const y = this.conv.forward(x); // [b, to, oh, ow]
    return this.#residual ? add(x, y) : y;
  }
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.mobilenet_v2). 3,504,872 parameters by default.
 *
 * @throws OptionError for sizes that are no positive integers, width or dropout out of range
 */
export class MobileNetV2 extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(options: MobileNetV2Options = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, width = 1, dropout = 0.2, generator, norm, padding } = options;
    const like = { norm, padding };
    checkImageModel("MobileNetV2", { numClasses, inChannels, width });
    let from = divisible(32 * width);
    const last = divisible(1280 * Math.max(1, width));
    const features: Layer[] = [convNorm(inChannels, from, { ...like, stride: 2, activation: new ReLU6() })]; // [b, 32, h / 2, w / 2]
    for (const [widening, channels, blocks, stride] of STAGES) {
      const to = divisible(channels * width);
      for (let i = 0; i < blocks; i++) {
        features.push(new InvertedResidual(from, to, i === 0 ? stride : 1, widening, like));
        from = to;
      }
    }
    features.push(convNorm(from, last, { ...like, kernelSize: 1, activation: new ReLU6() })); // [b, 1280, h / 32, w / 32]
    this.features = new Sequential(...features);
    this.classifier = new Sequential(new Dropout(dropout), new Linear(last, numClasses));
    initialise(this, {
      conv: (w) => kaimingNormal(w, { mode: "fanOut", generator }),
      linear: (w) => normal(w, 0, 0.01, { generator }),
    });
  }

  forward(x: Tensor): Tensor {
    const y = adaptiveAvgPool2d(this.features.forward(x), 1); // [b, 1280, 1, 1]
    return this.classifier.forward(flatten(y, 1)); // [b, numClasses]
  }
}

export const mobilenetV2 = (options?: MobileNetV2Options): MobileNetV2 => new MobileNetV2(options);
