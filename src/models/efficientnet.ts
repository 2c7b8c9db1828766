// EfficientNet-B0 (Tan & Le 2019), as torchvision has it: MobileNetV2's blocks with squeeze and excitation and SiLU; whole
// branches are dropped at random in training (stochastic depth), the later the more often.

import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { add } from "../kernels/binary.ts";
import { flatten } from "../kernels/reshape.ts";
import { SiLU } from "../layers/activation.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, kaimingNormal, uniform } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkRange } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import { SqueezeExcitation } from "../layers/squeeze_excitation.ts";
import { StochasticDepth } from "../layers/stochastic_depth.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkImageModel, convNorm, divisible } from "./conv_norm.ts";
import { initialise } from "./initialise.ts";

export interface EfficientNetOptions extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Factor on all channels, rounded to multiples of 8. Default 1. */
  readonly width?: number;
  /** Factor on the blocks of every stage, rounded up. Default 1. */
  readonly depth?: number;
  /** Probability of dropout in front of the last layer. Default 0.2. */
  readonly dropout?: number;
  /** Probability that a branch is dropped, of a block beyond the last; the first is always kept. Default 0.2. */
  readonly stochasticDepth?: number;
}

interface Stage {
  readonly widening: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly to: number;
  readonly blocks: number;
}

/** Table 1 of the paper. */
const STAGES: readonly Stage[] = [
  { widening: 1, kernelSize: 3, stride: 1, to: 16, blocks: 1 },
  { widening: 6, kernelSize: 3, stride: 2, to: 24, blocks: 2 },
  { widening: 6, kernelSize: 5, stride: 2, to: 40, blocks: 2 },
  { widening: 6, kernelSize: 3, stride: 2, to: 80, blocks: 3 },
  { widening: 6, kernelSize: 5, stride: 1, to: 112, blocks: 3 },
  { widening: 6, kernelSize: 5, stride: 2, to: 192, blocks: 4 },
  { widening: 6, kernelSize: 3, stride: 1, to: 320, blocks: 1 },
];

class MBConv extends Module {
  readonly block: Sequential;
  readonly stochasticDepth: StochasticDepth;
  readonly #residual: boolean;

  constructor(from: number, { widening, kernelSize, stride, to }: Omit<Stage, "blocks">, dropped: number) {
    super();
    const inner = divisible(from * widening);
    const activation = new SiLU();
    this.block = new Sequential(
      ...(inner !== from ? [convNorm(from, inner, { kernelSize: 1, activation })] : []), // [b, inner, h, w]
      convNorm(inner, inner, { kernelSize, stride, groups: inner, activation }), // [b, inner, oh, ow]
      new SqueezeExcitation(inner, Math.max(1, Math.floor(from / 4)), { activation }),
      convNorm(inner, to, { kernelSize: 1 }), // [b, to, oh, ow]
    );
    this.stochasticDepth = new StochasticDepth(dropped);
    this.#residual = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    const y = this.block.forward(x); // [b, to, oh, ow]
    return this.#residual ? add(this.stochasticDepth.forward(y), x) : y;
  }
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.EfficientNet).
 *
 * @throws OptionError for sizes that are no positive integers, factors or probabilities out of range
 */
export class EfficientNet extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(options: EfficientNetOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, width = 1, depth = 1, generator } = options;
    const { dropout = 0.2, stochasticDepth = 0.2 } = options;
    checkImageModel("EfficientNet", { numClasses, inChannels, width });
    checkRange("EfficientNet", "depth", depth, 0.01, 100);
    checkRange("EfficientNet", "stochasticDepth", stochasticDepth, 0, 1);
    const wide = (channels: number) => divisible(channels * width);
    const stages = STAGES.map((s) => ({ ...s, to: wide(s.to), blocks: Math.ceil(s.blocks * depth) }));
    const all = stages.reduce((n, s) => n + s.blocks, 0);
    let from = wide(32);
    let before = 0;
    const features: Layer[] = [convNorm(inChannels, from, { stride: 2, activation: new SiLU() })]; // [b, 32, h / 2, w / 2]
    for (const stage of stages) {
      const blocks = Array.from({ length: stage.blocks }, (_, i) => {
        const sizes = { ...stage, stride: i === 0 ? stage.stride : 1 };
        const block = new MBConv(from, sizes, (stochasticDepth * before++) / all);
        from = stage.to;
        return block;
      });
      features.push(new Sequential(...blocks));
    }
    features.push(convNorm(from, 4 * from, { kernelSize: 1, activation: new SiLU() })); // [b, 4 from, h / 32, w / 32]
    this.features = new Sequential(...features);
    this.classifier = new Sequential(new Dropout(dropout), new Linear(4 * from, numClasses));
    const bound = 1 / Math.sqrt(numClasses);
    initialise(this, {
      conv: (w) => kaimingNormal(w, { mode: "fanOut", generator }),
      linear: (w) => uniform(w, -bound, bound, { generator }),
    });
  }

  forward(x: Tensor): Tensor {
    const y = adaptiveAvgPool2d(this.features.forward(x), 1); // [b, 4 from, 1, 1]
    return this.classifier.forward(flatten(y, 1)); // [b, numClasses]
  }
}

/** 5,288,548 parameters. */
export const efficientnetB0 = (options?: EfficientNetOptions): EfficientNet => new EfficientNet(options);
