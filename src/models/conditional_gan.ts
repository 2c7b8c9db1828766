// A GAN that is told a class (Mirza & Osindero 2014): the generator reads its embedding beside z, the discriminator projects
// what it saw onto another embedding of it (Miyato & Koyama 2018): score = w . h + b + e(y) . h, h the picture's features.

import { add, mul } from "../kernels/binary.ts";
import { cat } from "../kernels/concat.ts";
import { sum } from "../kernels/reduce.ts";
import { reshape } from "../kernels/reshape.ts";
import { Embedding } from "../layers/embedding.ts";
import { zeros } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type DcganDiscriminatorOptions, DcganGenerator, type DcganGeneratorOptions } from "./dcgan.ts";
import { drawGan, type GanNorm, ganImage, halvings, imageStages } from "./gan_parts.ts";

export interface ConditionalGeneratorOptions extends DcganGeneratorOptions {
  /** Default 10. */
  readonly numClasses?: number;
  /** Numbers a class is embedded in. Default 50. */
  readonly classDim?: number;
}

export interface ProjectionDiscriminatorOptions extends DcganDiscriminatorOptions {
  /** Default 10. */
  readonly numClasses?: number;
  /** Default "batch"; "layer" or "none" for a critic with a gradient penalty. */
  readonly norm?: GanNorm;
}

/**
 * z [b, nz], classes y i32 [b] -> pictures [b, inChannels, imageSize, imageSize] in (-1, 1). 3,986,804 parameters by default.
 * Initial values: embeddings N(0, 1), the rest as DcganGenerator's.
 *
 * @throws OptionError as DcganGenerator
 */
export class ConditionalGenerator extends Module {
  readonly embedding: Embedding; // [numClasses, classDim]
  readonly generator: DcganGenerator;

  constructor(options: ConditionalGeneratorOptions = {}) {
    super();
    const { numClasses = 10, classDim = 50, nz = 100, ...rest } = options;
    checkPositive("ConditionalGenerator", { numClasses, classDim, nz });
    this.embedding = new Embedding(numClasses, classDim, rest);
    this.generator = new DcganGenerator({ ...rest, nz: nz + classDim });
  }

  forward(z: Tensor, y: Tensor): Tensor {
    const flat = reshape(z, [z.shape[0] ?? 0, -1]); // [b, nz]
    return this.generator.forward(cat([flat, this.embedding.forward(y)], 1)); // [b, inChannels, size, size]
  }
}

/**
 * x [b, inChannels, imageSize, imageSize], classes y i32 [b] -> scores [b], logits of being real. 2,763,009 parameters by
 * default. Initial values: embeddings 0, so that it starts blind to classes, the rest as DcganDiscriminator's.
 *
 * @throws OptionError as DcganDiscriminator, and for a norm that there is not; ShapeError, in forward, for pictures of another
 *   size
 */
export class ProjectionDiscriminator extends Module {
  readonly main: Sequential;
  readonly score: Linear;
  readonly embedding: Embedding; // [numClasses, channels]
  readonly #shape: readonly number[];

  constructor(options: ProjectionDiscriminatorOptions = {}) {
    super();
    const { numClasses = 10, ndf = 64, inChannels = 3, imageSize = 64, norm = "batch", generator } = options;
    checkPositive("ProjectionDiscriminator", { numClasses, ndf, inChannels, imageSize });
    const { stages } = imageStages("ProjectionDiscriminator", imageSize);
    this.#shape = [inChannels, imageSize, imageSize];
    const { layers, channels } = halvings({ inChannels, width: ndf, stages, norm, generator });
    this.main = new Sequential(...layers);
    this.score = new Linear(channels, 1, { generator });
    this.embedding = new Embedding(numClasses, channels, { generator });
    drawGan(this, { generator });
    zeros(this.embedding.weight);
  }

  forward(x: Tensor, y: Tensor): Tensor {
    const features = this.main.forward(ganImage("ProjectionDiscriminator", x, this.#shape)); // [b, c, base, base]
    const h = sum(features, [2, 3]); // [b, c]
    const projected = sum(mul(this.embedding.forward(y), h), 1); // [b]
    return add(reshape(this.score.forward(h), [x.shape[0]]), projected); // [b]
  }
}
