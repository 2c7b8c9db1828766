// DCGAN (Radford, Metz & Chintala 2016) as in PyTorch's example, `main.0.weight`: a generator of transposed convolutions,
// each doubling the picture, and a discriminator of convolutions, each halving it. With classes: conditional_gan.ts. Without
// batch norm, for a gradient penalty: wgan_critic.ts.

import { sigmoid } from "../kernels/activation.ts";
import { reshape } from "../kernels/reshape.ts";
import { ReLU, Tanh } from "../layers/activation.ts";
import { BatchNorm2d } from "../layers/batch_norm.ts";
import { ConvTranspose2d } from "../layers/conv_transpose.ts";
import { Conv2d } from "../layers/conv2d.ts";
import type { InitOptions } from "../layers/init.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { drawGan, ganImage, halvings, imageStages } from "./gan_parts.ts";

export interface DcganOptions extends InitOptions {
  /** Channels of the picture. Default 3. */
  readonly inChannels?: number;
  /** Pixels a side: 4 or 7 times a power of two, such as 28, 32, 64. Default 64. */
  readonly imageSize?: number;
}

export interface DcganGeneratorOptions extends DcganOptions {
  /** Numbers a picture is made of. Default 100. */
  readonly nz?: number;
  /** Channels in front of the last layer; doubled with every one before. Default 64. */
  readonly ngf?: number;
}

export interface DcganDiscriminatorOptions extends DcganOptions {
  /** Channels behind the first layer; doubled with every further one. Default 64. */
  readonly ndf?: number;
}

/** Doubles a picture. */
const TWICE = { kernelSize: 4, stride: 2, padding: 1, bias: false };

/**
 * z [b, nz, 1, 1] or [b, nz] -> pictures [b, inChannels, imageSize, imageSize] in (-1, 1). 3,576,704 parameters by default.
 *
 * Initial values: weights of convolutions N(0, 0.02^2), those of norms N(1, 0.02^2), biases 0.
 *
 * @throws OptionError for sizes that are no positive integers, an imageSize that is no 4 or 7 times a power of two
 */
export class DcganGenerator extends Module {
  readonly main: Sequential;
  readonly nz: number;

  constructor(options: DcganGeneratorOptions = {}) {
    super();
    const { nz = 100, ngf = 64, inChannels = 3, imageSize = 64, generator } = options;
    checkPositive("DcganGenerator", { nz, ngf, inChannels, imageSize });
    const { base, stages } = imageStages("DcganGenerator", imageSize);
    this.nz = nz;
    const widths = Array.from({ length: stages }, (_, i) => ngf * 2 ** (stages - 1 - i)); // at base, 2 base ...
    const layers: Layer[] = widths.flatMap((to, i) => [
      i === 0
        ? new ConvTranspose2d(nz, to, { kernelSize: base, bias: false, generator })
        : new ConvTranspose2d(2 * to, to, { ...TWICE, generator }),
      new BatchNorm2d(to),
      new ReLU(), // [b, to, base 2^i, base 2^i]
    ]);
    layers.push(new ConvTranspose2d(ngf, inChannels, { ...TWICE, generator }), new Tanh());
    this.main = new Sequential(...layers);
    drawGan(this, { generator });
  }

  forward(z: Tensor): Tensor {
    return this.main.forward(reshape(z, [z.shape[0] ?? 0, this.nz, 1, 1])); // [b, inChannels, size, size]
  }
}

/**
 * x [b, inChannels, imageSize, imageSize] -> the probability that each is real, [b]; `logits` gives what the sigmoid is taken
 * of, for F.binaryCrossEntropyWithLogits. 2,765,568 parameters by default. Initial values as of the generator.
 *
 * @throws OptionError as DcganGenerator; ShapeError, in forward, for pictures of another size
 */
export class DcganDiscriminator extends Module {
  readonly main: Sequential;
  readonly #shape: readonly number[];

  constructor(options: DcganDiscriminatorOptions = {}) {
    super();
    const { ndf = 64, inChannels = 3, imageSize = 64, generator } = options;
    checkPositive("DcganDiscriminator", { ndf, inChannels, imageSize });
    const { base, stages } = imageStages("DcganDiscriminator", imageSize);
    this.#shape = [inChannels, imageSize, imageSize];
    const { layers, channels } = halvings({ inChannels, width: ndf, stages, norm: "batch", generator });
    this.main = new Sequential(
      ...layers, // [b, channels, base, base]
      new Conv2d(channels, 1, { kernelSize: base, bias: false, generator }), // [b, 1, 1, 1]
    );
    drawGan(this, { generator });
  }

  forward(x: Tensor): Tensor {
    return sigmoid(this.logits(x)); // [b]
  }

  logits(x: Tensor): Tensor {
    return reshape(this.main.forward(ganImage("DcganDiscriminator", x, this.#shape)), [x.shape[0]]); // [b]
  }
}

/** The generator of DCGAN; the same as `new DcganGenerator(options)`. */
export const dcganG = (options?: DcganGeneratorOptions): DcganGenerator => new DcganGenerator(options);

/** The discriminator of DCGAN; the same as `new DcganDiscriminator(options)`. */
export const dcganD = (options?: DcganDiscriminatorOptions): DcganDiscriminator =>
  new DcganDiscriminator(options);
