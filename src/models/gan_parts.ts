// What adversarial networks for pictures share: sizes that halve down to 4 or 7 pixels, the convolutions that do, DCGAN's
// initial values, the check of a picture.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { LeakyReLU } from "../layers/activation.ts";
import { BatchNorm2d } from "../layers/batch_norm.ts";
import { ConvTranspose2d } from "../layers/conv_transpose.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { GroupNorm } from "../layers/group_norm.ts";
import { type InitOptions, normal, zeros } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import type { Module } from "../layers/module.ts";
import type { Layer } from "../layers/sequential.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** imageSize = base 2^stages, base 4 or 7. Throws OptionError. */
export function imageStages(model: string, imageSize: number): { base: 4 | 7; stages: number } {
  for (const base of [4, 7] as const) {
    const stages = Math.log2(imageSize / base);
    if (Number.isInteger(stages) && stages >= 1 && imageSize <= 1024) return { base, stages };
  }
  throw new OptionError(
    `${model}: imageSize must be 4 or 7 times a power of two, from 8 to 1024, got ${imageSize}`,
  );
}

/** Of the convolutions of a discriminator but the first: over the batch; over each picture, with a scale and shift per channel. */
export type GanNorm = "batch" | "layer" | "none";

const NORMS: Record<GanNorm, (channels: number) => Layer[]> = {
  batch: (channels) => [new BatchNorm2d(channels)],
  layer: (channels) => [new GroupNorm(1, channels)],
  none: () => [],
};

export interface Halvings extends InitOptions {
  readonly inChannels: number;
  /** Channels behind the first. */
  readonly width: number;
  readonly stages: number;
  readonly norm: GanNorm;
}

/**
 * Convolutions that halve a picture `stages` times: x [b, inChannels, s, s] -> [b, channels, s / 2^stages, s / 2^stages]. With
 * a norm they have no bias, nor has the first.
 *
 * @throws OptionError for a norm that there is not
 */
export function halvings(options: Halvings): { layers: Layer[]; channels: number } {
  const { inChannels, width, stages, norm, generator } = options;
  if (!Object.hasOwn(NORMS, norm))
    throw new OptionError(`halvings: norm must be one of ${Object.keys(NORMS).join(", ")}, got ${norm}`);
  const bias = norm === "none";
  const layers = Array.from({ length: stages }, (_, i): Layer[] => {
    const to = width * 2 ** i;
    const from = i === 0 ? inChannels : to / 2;
    return [
      new Conv2d(from, to, { kernelSize: 4, stride: 2, padding: 1, bias, generator }),
      ...(i === 0 ? [] : NORMS[norm](to)),
      new LeakyReLU({ negativeSlope: 0.2 }), // [b, to, s / 2^(i + 1), s / 2^(i + 1)]
    ];
  });
  return { layers: layers.flat(), channels: width * 2 ** (stages - 1) };
}

/** Weights N(0, 0.02^2), those of batch norms N(1, 0.02^2), biases 0 (Radford et al. 2016, section 4). */
export function drawGan(model: Module, options: InitOptions): void {
  const STD = 0.02;
  model.apply((m) => {
    const norm = m instanceof BatchNorm2d;
    if (!norm && !(m instanceof Conv2d || m instanceof ConvTranspose2d || m instanceof Linear)) return;
    if (m.weight) normal(m.weight, norm ? 1 : 0, STD, options);
    if (m.bias) zeros(m.bias);
  });
}

/** x itself. Throws ShapeError unless it is [b, ...shape]: a smaller picture would leave no pixel in the end. */
export function ganImage(model: string, x: Tensor, shape: readonly number[]): Tensor {
  if (x.rank === 4 && shape.every((size, i) => size === x.shape[i + 1])) return x;
  throw new ShapeError(`${model}: x must be [b, ${shape.join(", ")}], x ${formatShape(x.shape)}`);
}
