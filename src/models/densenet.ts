// DenseNet-121 (Huang et al. 2017), as torchvision has it: within a block every layer sees the channels of all before it and
// adds growthRate of its own; between blocks channels and sides are halved.

import { relu } from "../kernels/activation.ts";
import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { avgPool2d } from "../kernels/avg_pool.ts";
import { cat } from "../kernels/concat.ts";
import { maxPool2d } from "../kernels/max_pool.ts";
import { flatten } from "../kernels/reshape.ts";
import { BatchNorm2d } from "../layers/batch_norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, kaimingNormal } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import type { Layer } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initialise } from "./initialise.ts";

export interface DenseNetOptions extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Channels that a layer adds. Default 32. */
  readonly growthRate?: number;
  /** Layers of each block. Default [6, 12, 24, 16]. */
  readonly layers?: readonly number[];
  /** Channels of the first convolution. Default 64. */
  readonly width?: number;
  /** Channels inside a layer, in growth rates. Default 4. */
  readonly bottleneck?: number;
  /** Probability of dropout after each layer. Default 0. */
  readonly dropout?: number;
}

/** x [b, from, h, w] -> [b, growthRate, h, w] */
class DenseLayer extends Module {
  readonly norm1: BatchNorm2d;
  readonly conv1: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly dropout: Dropout;

  constructor(from: number, growthRate: number, bottleneck: number, dropout: number) {
    super();
    const inner = bottleneck * growthRate;
    this.norm1 = new BatchNorm2d(from);
    this.conv1 = new Conv2d(from, inner, { kernelSize: 1, bias: false });
    this.norm2 = new BatchNorm2d(inner);
    this.conv2 = new Conv2d(inner, growthRate, { kernelSize: 3, padding: 1, bias: false });
    this.dropout = new Dropout(dropout);
  }

  forward(x: Tensor): Tensor {
    const y = this.conv1.forward(relu(this.norm1.forward(x))); // [b, inner, h, w]
    const z = this.conv2.forward(relu(this.norm2.forward(y))); // [b, growthRate, h, w]
    return this.dropout.p > 0 ? this.dropout.forward(z) : z;
  }
}

/** x [b, from, h, w] -> [b, from + layers * growthRate, h, w] */
class DenseBlock extends Module {
  readonly #layers: readonly DenseLayer[];

  constructor(layers: readonly DenseLayer[]) {
    super();
    this.#layers = layers;
  }

  forward(x: Tensor): Tensor {
    let parts = [x];
    for (const layer of this.#layers) parts = [...parts, layer.forward(cat(parts, 1))];
    return cat(parts, 1); // [b, from + layers * growthRate, h, w]
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [i, layer] of this.#layers.entries()) yield [`denselayer${i + 1}`, layer];
  }
}

/** x [b, from, h, w] -> [b, from / 2, h / 2, w / 2] */
class Transition extends Module {
  readonly norm: BatchNorm2d;
  readonly conv: Conv2d;

  constructor(from: number) {
    super();
    this.norm = new BatchNorm2d(from);
    this.conv = new Conv2d(from, Math.floor(from / 2), { kernelSize: 1, bias: false });
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(this.conv.forward(relu(this.norm.forward(x))), { kernelSize: 2 });
  }
}

/** All but the classifier: conv0, norm0, then denseblock1, transition1, denseblock2, ... and the last norm. */
class Features extends Module {
  readonly conv0: Conv2d;
  readonly norm0: BatchNorm2d;
  readonly #rest: readonly (readonly [string, Layer])[];
  readonly channels: number;

  constructor(inChannels: number, options: Required<Omit<DenseNetOptions, "generator" | "inChannels">>) {
    super();
    const { width, layers, growthRate, bottleneck, dropout } = options;
    this.conv0 = new Conv2d(inChannels, width, { kernelSize: 7, stride: 2, padding: 3, bias: false });
    this.norm0 = new BatchNorm2d(width);
    let from = width;
    const rest: (readonly [string, Layer])[] = [];
    layers.forEach((count, i) => {
      const block = Array.from({ length: count }, () => {
        const layer = new DenseLayer(from, growthRate, bottleneck, dropout);
        from += growthRate;
        return layer;
      });
      rest.push([`denseblock${i + 1}`, new DenseBlock(block)]);
      if (i === layers.length - 1) return;
      rest.push([`transition${i + 1}`, new Transition(from)]);
      from = Math.floor(from / 2);
    });
    this.#rest = [...rest, ["norm5", new BatchNorm2d(from)]]; // so called whatever the number of stages
    this.channels = from;
  }

  forward(x: Tensor): Tensor {
    const y = relu(this.norm0.forward(this.conv0.forward(x))); // [b, width, h / 2, w / 2]
    const start = maxPool2d(y, { kernelSize: 3, stride: 2, padding: 1 }); // [b, width, h / 4, w / 4]
    return relu(this.#rest.reduce((z, [, layer]) => layer.forward(z), start)); // [b, channels, h / 32, w / 32]
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    yield* super.members();
    yield* this.#rest;
  }
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.densenet121). 7,978,856 parameters by default.
 *
 * Initial values as torchvision's: convolutions N(0, 2 / fanIn), the bias of the classifier 0.
 *
 * @throws OptionError for sizes that are no positive integers, no layers at all, dropout out of range
 */
export class DenseNet extends Module {
  readonly features: Features;
  readonly classifier: Linear;

  constructor(options: DenseNetOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, growthRate = 32, layers = [6, 12, 24, 16] } = options;
    const { width = 64, bottleneck = 4, dropout = 0, generator } = options;
    checkPositive("DenseNet", { numClasses, inChannels, growthRate, width, bottleneck });
    checkPositive("DenseNet", Object.fromEntries(layers.map((n, i) => [`layers[${i}]`, n])));
    checkPositive("DenseNet", { "layers.length": layers.length });
    const sizes = { numClasses, growthRate, layers, width, bottleneck, dropout };
    this.features = new Features(inChannels, sizes);
    this.classifier = new Linear(this.features.channels, numClasses, { generator });
    initialise(this, { conv: (w) => kaimingNormal(w, { generator }), linear: () => {} });
  }

  forward(x: Tensor): Tensor {
    const y = this.features.forward(x); // [b, channels, h / 32, w / 32]
    return this.classifier.forward(flatten(adaptiveAvgPool2d(y, 1), 1)); // [b, numClasses]
  }
}

export const densenet121 = (options?: DenseNetOptions): DenseNet => new DenseNet(options);
