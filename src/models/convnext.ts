// ConvNeXt-tiny (Liu et al. 2022), as torchvision has it: blocks of a 7x7 convolution of every channel by itself, layer norm
// over the channels of each pixel, and a perceptron of each pixel; scaled by a learned, at first tiny, number per channel.

import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { add, mul } from "../kernels/binary.ts";
import { permute } from "../kernels/permute.ts";
import { GELU } from "../layers/activation.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Flatten } from "../layers/flatten.ts";
import { type InitOptions, truncNormal } from "../layers/init.ts";
import { LayerNorm } from "../layers/layer_norm.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive, checkRange } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import { StochasticDepth } from "../layers/stochastic_depth.ts";
import { type Parameter, parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initialise } from "./initialise.ts";

export interface ConvNeXtOptions extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Channels of each stage. Default [96, 192, 384, 768]. */
  readonly widths?: readonly number[];
  /** Blocks of each stage. Default [3, 3, 9, 3]. */
  readonly depths?: readonly number[];
  /** Probability that the branch of the last block is dropped; the first is always kept. Default 0.1. */
  readonly stochasticDepth?: number;
  /** What branches are scaled by at first. Default 1e-6. */
  readonly layerScale?: number;
}

const EPS = 1e-6; // not PyTorch's default

/** [b, c, h, w] -> [b, h, w, c], or back. */
class Permute extends Module {
  constructor(private readonly axes: readonly number[]) {
    super();
  }

  forward(x: Tensor): Tensor {
    return permute(x, this.axes);
  }
}

/** Layer norm over the channels of every pixel: x [b, c, h, w] -> the same */
class LayerNorm2d extends LayerNorm {
  constructor(channels: number) {
    super(channels, { eps: EPS });
  }

  override forward(x: Tensor): Tensor {
    return permute(super.forward(permute(x, [0, 2, 3, 1])), [0, 3, 1, 2]);
  }
}

/** x [b, c, h, w] -> the same */
class Block extends Module {
  readonly layerScale: Parameter; // layer_scale [c, 1, 1]
  readonly block: Sequential;
  readonly stochasticDepth: StochasticDepth;

  constructor(c: number, layerScale: number, dropped: number) {
    super();
    const scale = parameter([c, 1, 1], () => new Float32Array(c).fill(layerScale));
    this.layerScale = this.registerParameter("layer_scale", scale);
    this.block = new Sequential(
      new Conv2d(c, c, { kernelSize: 7, padding: 3, groups: c }), // [b, c, h, w]
      new Permute([0, 2, 3, 1]), // [b, h, w, c]
      new LayerNorm(c, { eps: EPS }),
      new Linear(c, 4 * c), // [b, h, w, 4 c]
      new GELU(),
      new Linear(4 * c, c), // [b, h, w, c]
      new Permute([0, 3, 1, 2]), // [b, c, h, w]
    );
    this.stochasticDepth = new StochasticDepth(dropped);
  }

  forward(x: Tensor): Tensor {
    return add(this.stochasticDepth.forward(mul(this.layerScale, this.block.forward(x))), x);
  }
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.convnext_tiny); sides should be multiples of 32.
 * 28,589,128 parameters by default.
 *
 * Initial values as torchvision's: weights N(0, 0.02^2) cut at 2, biases 0.
 *
 * @throws OptionError for sizes that are no positive integers, unlike many widths and depths, probabilities out of range
 */
export class ConvNeXt extends Module {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(options: ConvNeXtOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, generator } = options;
    const { widths = [96, 192, 384, 768], depths = [3, 3, 9, 3] } = options;
    const { stochasticDepth = 0.1, layerScale = 1e-6 } = options;
    checkPositive("ConvNeXt", { numClasses, inChannels, stages: widths.length });
    checkPositive("ConvNeXt", Object.fromEntries(widths.map((n, i) => [`widths[${i}]`, n])));
    checkPositive("ConvNeXt", Object.fromEntries(widths.map((_, i) => [`depths[${i}]`, depths[i]])));
    checkRange("ConvNeXt", "depths.length", depths.length, widths.length, widths.length);
    checkRange("ConvNeXt", "stochasticDepth", stochasticDepth, 0, 1);
    const last = depths.reduce((a, b) => a + b) - 1;
    let before = 0;
    const features: Layer[] = [
      new Sequential(
        new Conv2d(inChannels, widths[0], { kernelSize: 4, stride: 4 }), // [b, widths[0], h / 4, w / 4]
        new LayerNorm2d(widths[0]),
      ),
    ];
    widths.forEach((width, i) => {
      const dropped = () => (stochasticDepth * before++) / Math.max(1, last);
      const blocks = Array.from({ length: depths[i] }, () => new Block(width, layerScale, dropped()));
      features.push(new Sequential(...blocks));
      if (i === widths.length - 1) return;
      const halve = new Conv2d(width, widths[i + 1], { kernelSize: 2, stride: 2 });
      features.push(new Sequential(new LayerNorm2d(width), halve));
    });
    this.features = new Sequential(...features);
    const channels = widths.at(-1)!;
    this.classifier = new Sequential(
      new LayerNorm2d(channels),
      new Flatten(),
      new Linear(channels, numClasses),
    );
    const weights = (w: Tensor) => truncNormal(w, 0, 0.02, -2, 2, { generator });
    initialise(this, { conv: weights, linear: weights });
  }

  forward(x: Tensor): Tensor {
    const y = adaptiveAvgPool2d(this.features.forward(x), 1); // [b, channels, 1, 1]
    return this.classifier.forward(y); // [b, numClasses]
  }
}

export const convnextTiny = (options?: ConvNeXtOptions): ConvNeXt => new ConvNeXt(options);
