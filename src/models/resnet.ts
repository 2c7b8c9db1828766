// Residual networks (He, Zhang, Ren & Sun 2016), as torchvision has them: y = relu(x + branch(x)), four stages that halve
// the image and double the channels. In a bottleneck the 3x3 convolution strides ("v1.5"), not the first 1x1. With squeeze
// and excitation in the branches: se_resnet.ts.

import { relu } from "../kernels/activation.ts";
import { adaptiveAvgPool2d } from "../kernels/adaptive_pool.ts";
import { add } from "../kernels/binary.ts";
import { maxPool2d } from "../kernels/max_pool.ts";
import { flatten } from "../kernels/reshape.ts";
import { BatchNorm2d } from "../layers/batch_norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { type InitOptions, kaimingNormal } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import { SqueezeExcitation } from "../layers/squeeze_excitation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initialise } from "./initialise.ts";

export interface ResNetOptions extends InitOptions {
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Channels of the first stage; the others have 2, 4 and 8 times as many. Default 64. */
  readonly width?: number;
}

/** What a block of a residual network is made of. */
export interface BlockSizes {
  /** Channels that come in. */
  readonly from: number;
  /** Channels of the 3x3 convolutions. */
  readonly width: number;
  readonly stride: number;
  /** Channels inside squeeze and excitation, of those that come out; without it there is none. */
  readonly squeezed?: (channels: number) => number;
}

const conv3x3 = (from: number, to: number, stride = 1) =>
  new Conv2d(from, to, { kernelSize: 3, stride, padding: 1, bias: false }); // [b, to, h / stride, w / stride]
const conv1x1 = (from: number, to: number, stride = 1) =>
  new Conv2d(from, to, { kernelSize: 1, stride, bias: false });

/** The way around a branch that changes sizes; null where x itself fits. */
function shortcut({ from, stride }: BlockSizes, to: number): Sequential | null {
  if (stride === 1 && from === to) return null;
  return new Sequential(conv1x1(from, to, stride), new BatchNorm2d(to));
}

function excitation({ squeezed }: BlockSizes, to: number): SqueezeExcitation | null {
  return squeezed ? new SqueezeExcitation(to, squeezed(to)) : null;
}

/** Two 3x3 convolutions: x [b, from, h, w] -> [b, width, h / stride, w / stride]. */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly se: SqueezeExcitation | null;
  readonly downsample: Sequential | null;

  constructor(sizes: BlockSizes) {
    super();
    const { from, width, stride } = sizes;
    this.conv1 = conv3x3(from, width, stride);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = conv3x3(width, width);
    this.bn2 = new BatchNorm2d(width);
    this.se = excitation(sizes, width);
    this.downsample = shortcut(sizes, width);
  }

  forward(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x))); // [b, width, oh, ow]
    y = this.bn2.forward(this.conv2.forward(y)); // [b, width, oh, ow]
    if (this.se) y = this.se.forward(y); // [b, width, oh, ow]
    return relu(add(y, this.downsample?.forward(x) ?? x)); // [b, width, oh, ow]
  }
}

/** 1x1, 3x3 and 1x1 convolutions: x [b, from, h, w] -> [b, 4 width, h / stride, w / stride]. */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly se: SqueezeExcitation | null;
  readonly downsample: Sequential | null;

  constructor(sizes: BlockSizes) {
    super();
    const { from, width, stride } = sizes;
    const to = width * Bottleneck.expansion;
    this.conv1 = conv1x1(from, width);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = conv3x3(width, width, stride);
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = conv1x1(width, to);
    this.bn3 = new BatchNorm2d(to);
    this.se = excitation(sizes, to);
    this.downsample = shortcut(sizes, to);
  }

  forward(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x))); // [b, width, h, w]
    y = relu(this.bn2.forward(this.conv2.forward(y))); // [b, width, oh, ow]
    y = this.bn3.forward(this.conv3.forward(y)); // [b, 4 width, oh, ow]
    if (this.se) y = this.se.forward(y); // [b, 4 width, oh, ow]
    return relu(add(y, this.downsample?.forward(x) ?? x)); // [b, 4 width, oh, ow]
  }
}

/**
 * x [b, inChannels, h, w] -> logits [b, numClasses] (torchvision.models.ResNet). Sides should be multiples of 32; at least
 * 33 pixels in training, so that batch norm has more than one value a channel.
 *
 * Initial values as torchvision's: convolutions N(0, 2 / fanOut).
 *
 * @throws OptionError for sizes that are no positive integers
 */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly fc: Linear;

  /** @param depths blocks of each stage */
  constructor(
    Block: typeof BasicBlock | typeof Bottleneck,
    depths: readonly [number, number, number, number],
    options: ResNetOptions & Pick<BlockSizes, "squeezed"> = {},
  ) {
    super();
    const { numClasses = 1000, inChannels = 3, width = 64, generator, squeezed } = options;
    checkPositive("ResNet", { numClasses, inChannels, width });
    checkPositive("ResNet", Object.fromEntries(depths.map((d, i) => [`depths[${i}]`, d])));
    let from = width;
    const stage = (i: number): Sequential => {
      const blocks = Array.from({ length: depths[i] }, (_, j): Layer => {
        const block = new Block({ from, width: width * 2 ** i, stride: i > 0 && j === 0 ? 2 : 1, squeezed });
        from = width * 2 ** i * Block.expansion;
        return block;
      });
      return new Sequential(...blocks);
    };
    this.conv1 = new Conv2d(inChannels, width, { kernelSize: 7, stride: 2, padding: 3, bias: false });
    this.bn1 = new BatchNorm2d(width);
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = stage(3);
    this.fc = new Linear(from, numClasses, { generator });
    initialise(this, { conv: (w) => kaimingNormal(w, { mode: "fanOut", nonlinearity: "relu", generator }) });
  }

  forward(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x))); // [b, width, h / 2, w / 2]
    y = maxPool2d(y, { kernelSize: 3, stride: 2, padding: 1 }); // [b, width, h / 4, w / 4]
    y = this.layer1.forward(y); // [b, width * expansion, h / 4, w / 4]
    y = this.layer2.forward(y); // [b, 2 width * expansion, h / 8, w / 8]
    y = this.layer3.forward(y); // [b, 4 width * expansion, h / 16, w / 16]
    y = this.layer4.forward(y); // [b, 8 width * expansion, h / 32, w / 32]
    return this.fc.forward(flatten(adaptiveAvgPool2d(y, 1), 1)); // [b, numClasses]
  }
}

/** 11,689,512 parameters. */
export const resnet18 = (options?: ResNetOptions): ResNet => new ResNet(BasicBlock, [2, 2, 2, 2], options);
/** 21,797,672 parameters. */
export const resnet34 = (options?: ResNetOptions): ResNet => new ResNet(BasicBlock, [3, 4, 6, 3], options);
/** 25,557,032 parameters. */
export const resnet50 = (options?: ResNetOptions): ResNet => new ResNet(Bottleneck, [3, 4, 6, 3], options);
/** 44,549,160 parameters. */
export const resnet101 = (options?: ResNetOptions): ResNet => new ResNet(Bottleneck, [3, 4, 23, 3], options);
