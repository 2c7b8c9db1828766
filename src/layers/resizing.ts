// Layers that change the size of planes without parameters: upsampling, pixel shuffles, windows as columns.

import { OptionError } from "../gpu/errors.ts";
import { type InterpolateOptions, interpolate } from "../kernels/interpolate.ts";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "../kernels/pixel_shuffle.ts";
import { type FoldOptions, fold, type UnfoldOptions, unfold } from "../kernels/unfold.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { checkPositive, formatOptions } from "./options.ts";

/**
 * x resized (torch.nn.Upsample): size or scaleFactor, mode (nearest), alignCorners (false), antialias (false) as in
 * interpolate.
 *
 * Shapes: x [n, c, ...spatial] -> [n, c, ...size]. @throws OptionError for both or neither of size and scaleFactor
 */
export class Upsample extends Module {
  constructor(readonly options: InterpolateOptions) {
    super();
    if ((options.size === undefined) === (options.scaleFactor === undefined)) {
      throw new OptionError("Upsample: needs one of size and scaleFactor");
    }
  }

  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}

/** Channels to pixels (torch.nn.PixelShuffle): x [..., c r^2, h, w] -> [..., c, h r, w r]. */
export class PixelShuffle extends Module {
  constructor(readonly upscaleFactor: number) {
    super();
    checkPositive("PixelShuffle", { upscaleFactor });
  }

  forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }

  protected override describe(): string {
    return formatOptions({ upscaleFactor: this.upscaleFactor });
  }
}

/** Pixels to channels (torch.nn.PixelUnshuffle): x [..., c, h r, w r] -> [..., c r^2, h, w]. */
export class PixelUnshuffle extends Module {
  constructor(readonly downscaleFactor: number) {
    super();
    checkPositive("PixelUnshuffle", { downscaleFactor });
  }

  forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }

  protected override describe(): string {
    return formatOptions({ downscaleFactor: this.downscaleFactor });
  }
}

/** Channels mixed among groups (torch.nn.ChannelShuffle): x [n, c, ...] -> the same. */
export class ChannelShuffle extends Module {
  constructor(readonly groups: number) {
    super();
    checkPositive("ChannelShuffle", { groups });
  }

  forward(x: Tensor): Tensor {
    return channelShuffle(x, this.groups);
  }

  protected override describe(): string {
    return formatOptions({ groups: this.groups });
  }
}

/** Windows as columns (torch.nn.Unfold): x [n, c, h, w] -> [n, c kh kw, oh ow]; options as unfold. */
export class Unfold extends Module {
  constructor(readonly options: UnfoldOptions) {
    super();
  }

  forward(x: Tensor): Tensor {
    return unfold(x, this.options);
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}

/** Columns summed to where Unfold took them from (torch.nn.Fold): x [n, c kh kw, oh ow] -> [n, c, ...outputSize]. */
export class Fold extends Module {
  constructor(readonly options: FoldOptions) {
    super();
  }

  forward(x: Tensor): Tensor {
    return fold(x, this.options);
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}
