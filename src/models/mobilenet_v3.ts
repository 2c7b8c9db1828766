// MobileNetV3, large and small (Howard et al. 2019), as torchvision has them: the blocks of MobileNetV2 with squeeze and
// excitation in some, hardswish in the later ones. Batch norm has eps 0.001 and momentum 0.01 here, not PyTorch's defaults.

import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { add } from "../kernels/binary.ts";
import { flatten } from "../kernels/reshape.ts";
import { ReLU } from "../layers/activation.ts";
import { Hardsigmoid, Hardswish } from "../layers/activation_hard.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, kaimingNormal, normal } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import { SqueezeExcitation } from "../layers/squeeze_excitation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkImageModel, convNorm, divisible } from "./conv_norm.ts";
import { initialise } from "./initialise.ts";

export interface MobileNetV3Options extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Factor on all channels, rounded to multiples of 8. Default 1. */
  readonly width?: number;
  /** Probability of dropout in front of the last layer. Default 0.2. */
  readonly dropout?: number;
}

const NORM = { eps: 0.001, momentum: 0.01 };

/** Kernel, channels inside, channels out, squeeze and excitation, hardswish (else relu), stride. */
type Row = readonly [
  kernel: number,
  inner: number,
  to: number,
  se: boolean,
  hardswish: boolean,
  stride: number,
];

/** Table 1 of the paper. */
const LARGE: readonly Row[] = [
  [3, 16, 16, false, false, 1],
  [3, 64, 24, false, false, 2],
  [3, 72, 24, false, false, 1],
  [5, 72, 40, true, false, 2],
  [5, 120, 40, true, false, 1],
  [5, 120, 40, true, false, 1],
  [3, 240, 80, false, true, 2],
  [3, 200, 80, false, true, 1],
  [3, 184, 80, false, true, 1],
  [3, 184, 80, false, true, 1],
  [3, 480, 112, true, true, 1],
  [3, 672, 112, true, true, 1],
  [5, 672, 160, true, true, 2],
  [5, 960, 160, true, true, 1],
  [5, 960, 160, true, true, 1],
];

/** Table 2. */
const SMALL: readonly Row[] = [
  [3, 16, 16, true, false, 2],
  [3, 72, 24, false, false, 2],
  [3, 88, 24, false, false, 1],
  [5, 96, 40, true, true, 2],
  [5, 240, 40, true, true, 1],
  [5, 240, 40, true, true, 1],
  [5, 120, 48, true, true, 1],
  [5, 144, 48, true, true, 1],
  [5, 288, 96, true, true, 2],
  [5, 576, 96, true, true, 1],
  [5, 576, 96, true, true, 1],
];

class InvertedResidual extends Module {
  readonly block: Sequential;
  readonly #residual: boolean;

  constructor(from: number, [kernelSize, inner, to, se, hardswish, stride]: Row) {
    super();
    const activation = hardswish ? new Hardswish() : new ReLU();
    const squeezed = divisible(Math.floor(inner / 4));
    this.block = new Sequential(
      ...(inner !== from ? [convNorm(from, inner, { kernelSize: 1, norm: NORM, activation })] : []), // [b, inner, h, w]
      convNorm(inner, inner, { kernelSize, stride, groups: inner, norm: NORM, activation }), // [b, inner, oh, ow]
      ...(se ? [new SqueezeExcitation(inner, squeezed, { gate: new Hardsigmoid() })] : []),
      convNorm(inner, to, { kernelSize: 1, norm: NORM }), // [b, to, oh, ow]
    );
    this.#residual = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    const y = this.block.forward(x); // [b, to, oh, ow]
    return this.#residual ? add(x, y) : y;
  }
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.MobileNetV3).
 *
 * @throws OptionError for sizes that are no positive integers, width or dropout out of range
 */
export class MobileNetV3 extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  /** @param hidden channels between the two last layers */
  constructor(rows: readonly Row[], hidden: number, options: MobileNetV3Options = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, width = 1, dropout = 0.2, generator } = options;
    checkImageModel("MobileNetV3", { numClasses, inChannels, width });
    const wide = (channels: number) => divisible(channels * width);
    let from = wide(16);
    const features: Layer[] = [
      convNorm(inChannels, from, { stride: 2, norm: NORM, activation: new Hardswish() }), // [b, 16, h / 2, w / 2]
    ];
    for (const [kernel, inner, to, ...rest] of rows) {
      features.push(new InvertedResidual(from, [kernel, wide(inner), wide(to), ...rest]));
      from = wide(to);
    }
    features.push(convNorm(from, 6 * from, { kernelSize: 1, norm: NORM, activation: new Hardswish() })); // [b, 6 from, h / 32, w / 32]
    this.features = new Sequential(...features);
    this.classifier = new Sequential(
      new Linear(6 * from, wide(hidden)), // [b, hidden]
      new Hardswish(),
      new Dropout(dropout),
      new Linear(wide(hidden), numClasses), // [b, numClasses]
    );
    initialise(this, {
      conv: (w) => kaimingNormal(w, { mode: "fanOut", generator }),
      linear: (w) => normal(w, 0, 0.01, { generator }),
    });
  }

  forward(x: Tensor): Tensor {
    const y = adaptiveAvgPool2d(this.features.forward(x), 1); // [b, 6 from, 1, 1]
    return this.classifier.forward(flatten(y, 1)); // [b, numClasses]
  }
}

/** 2,542,856 parameters. */
export const mobilenetV3Small = (options?: MobileNetV3Options): MobileNetV3 =>
  new MobileNetV3(SMALL, 1024, options);
/** 5,483,032 parameters. */
export const mobilenetV3Large = (options?: MobileNetV3Options): MobileNetV3 =>
  new MobileNetV3(LARGE, 1280, options);
