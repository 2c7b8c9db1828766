// The critic of WGAN-GP (Gulrajani et al. 2017): DCGAN's discriminator without sigmoid and without batch norm, under which
// the penalty on the gradient of one picture would depend on the others. The penalty: functional/gradient_penalty.ts.

import { OptionError } from "../gpu/errors.ts";
import { reshape } from "../kernels/reshape.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { DcganDiscriminatorOptions } from "./dcgan.ts";
import { drawGan, type GanNorm, ganImage, halvings, imageStages } from "./gan_parts.ts";

export interface WganCriticOptions extends DcganDiscriminatorOptions {
  /** Over each picture, or none. Default "layer". */
  readonly norm?: Exclude<GanNorm, "batch">;
}

/**
 * x [b, inChannels, imageSize, imageSize] -> scores [b], the higher the more real. Trained on
 * mean(score(fake)) - mean(score(real)) + 10 F.gradientPenalty(score, real, fake). 2,765,568 parameters by default. Layer norms
 * have a scale and a shift per channel, as in the authors' code (torch.nn.GroupNorm of one group). Initial values as
 * DcganDiscriminator's.
 *
 * @throws OptionError as DcganDiscriminator, and for another norm; ShapeError, in forward, for pictures of another size
 */
export class WganCritic extends Module {
  readonly main: Sequential;
  readonly #shape: readonly number[];

  constructor(options: WganCriticOptions = {}) {
    super();
    const { ndf = 64, inChannels = 3, imageSize = 64, norm = "layer", generator } = options;
    checkPositive("WganCritic", { ndf, inChannels, imageSize });
    if (norm !== "layer" && norm !== "none")
      throw new OptionError(`WganCritic: norm must be layer or none, got ${norm}`);
    const { base, stages } = imageStages("WganCritic", imageSize);
    this.#shape = [inChannels, imageSize, imageSize];
    const { layers, channels } = halvings({ inChannels, width: ndf, stages, norm, generator });
    this.main = new Sequential(
      ...layers, // [b, channels, base, base]
      new Conv2d(channels, 1, { kernelSize: base, bias: false, generator }), // [b, 1, 1, 1]
    );
    drawGan(this, { generator });
  }

  forward(x: Tensor): Tensor {
    return reshape(this.main.forward(ganImage("WganCritic", x, this.#shape)), [x.shape[0]]); // [b]
  }
}
