// What mobile networks are built from: a convolution without bias, batch norm, activation (torchvision.ops.Conv2dNormActivation),
// under the keys 0 and 1; and widths in multiples of 8.

import { pad } from "../kernels/pad.ts";
import { BatchNorm2d, type BatchNormOptions } from "../layers/batch_norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { checkPositive, checkRange } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface ConvNormOptions {
  /** Odd. Default 3. */
  readonly kernelSize?: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default 1. */
  readonly groups?: number;
  readonly norm?: BatchNormOptions;
  /** Absent: none. */
  readonly activation?: Layer;
  /** Where a stride of 2 leaves one row or column of padding: on both sides as PyTorch, or at the end. Default "torch". */
  readonly padding?: "torch" | "tensorflow";
}

/** x [b, from, h, w] -> [b, to, ceil(h / stride), ceil(w / stride)] */
export function convNorm(from: number, to: number, options: ConvNormOptions): Sequential {
  const { kernelSize = 3, stride = 1, groups = 1, norm, activation } = options;
  const atEnd = options.padding === "tensorflow" && stride === 2;
  const padding = atEnd ? 0 : (kernelSize - 1) / 2;
  const conv = new (atEnd ? PaddedAtEnd : Conv2d)(from, to, {
    kernelSize,
    stride,
    padding,
    groups,
    bias: false,
  });
  return new Sequential(conv, new BatchNorm2d(to, norm), ...(activation ? [activation] : []));
}

/** A convolution of stride 2 with TensorFlow's padding "same": of an even size the last window starts one before the end. */
class PaddedAtEnd extends Conv2d {
  override forward(x: Tensor): Tensor {
    const [k] = this.weight.shape.slice(-1) as [number];
    const ends = x.shape
      .slice(-2)
      .map((size) => [Math.floor((k - 2 + (size % 2)) / 2), Math.floor((k - 1) / 2)]);
    return super.forward(pad(x, [...ends[1]!, ...ends[0]!])); // last axis first
  }
}

/** The multiple of `divisor` nearest to `channels`, but no less than nine tenths of it. */
export function divisible(channels: number, divisor = 8): number {
  const nearest = Math.max(divisor, Math.floor((channels + divisor / 2) / divisor) * divisor);
  return nearest < 0.9 * channels ? nearest + divisor : nearest;
}

/** Options that the networks for images share. Throws OptionError. */
export function checkImageModel(
  model: string,
  { numClasses, inChannels, width }: { numClasses: number; inChannels: number; width?: number },
): void {
  checkPositive(model, { numClasses, inChannels });
  if (width !== undefined) checkRange(model, "width", width, 0.01, 100);
}
