// U-Net (Ronneberger, Fischer & Brox 2015) over one, two or three axes: a path down that halves the image, a path up that
// doubles it, and across from each step down to the same step up. With padding, so that out comes what went in; with bias and
// without batch norm. Not the paper's: that crops.
//
// Keys: encoder.{i}.conv1, encoder.{i}.conv2, bottom.conv1, bottom.conv2, decoder.{i}.up, decoder.{i}.conv1,
// decoder.{i}.conv2, head; encoder.0 and decoder.0 are the ones at full size.

import { ShapeError } from "../gpu/errors.ts";
import { relu } from "../kernels/activation.ts";
import { cat } from "../kernels/concat.ts";
import { maxPool2d } from "../kernels/max_pool.ts";
import { maxPool1d, maxPool3d } from "../kernels/pool_nd.ts";
import { Conv1d, Conv3d } from "../layers/conv_nd.ts";
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "../layers/conv_transpose.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { type InitOptions, kaimingNormal, zeros } from "../layers/init.ts";
import { Module } from "../layers/module.ts";
import { checkPositive, checkRange } from "../layers/options.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export type UnetDimensions = 1 | 2 | 3;

export interface UnetOptions extends InitOptions {
  /** Channels of x. Default 1. */
  readonly inChannels?: number;
  /** Channels of y: logits of each pixel's class. Default 2. */
  readonly numClasses?: number;
  /** Channels at full size; doubled with every step down. Default 64. */
  readonly width?: number;
  /** Steps down. Default 4. */
  readonly depth?: number;
  /** Axes of the image: 1 (signals), 2 or 3 (volumes). Default 2. */
  readonly dimensions?: UnetDimensions;
}

const AXES = {
  1: { Conv: Conv1d, Up: ConvTranspose1d, pool: (x: Tensor) => maxPool1d(x, { kernelSize: 2 }) },
  2: { Conv: Conv2d, Up: ConvTranspose2d, pool: (x: Tensor) => maxPool2d(x, { kernelSize: 2 }) },
  3: { Conv: Conv3d, Up: ConvTranspose3d, pool: (x: Tensor) => maxPool3d(x, { kernelSize: 2 }) },
} as const;

type Conv = Conv1d | Conv2d | Conv3d;

/** Two convolutions: x [b, from, ...] -> [b, to, ...]. */
class Double extends Module {
  readonly conv1: Conv;
  readonly conv2: Conv;

  constructor(dimensions: UnetDimensions, from: number, to: number) {
    super();
    const { Conv } = AXES[dimensions];
    this.conv1 = new Conv(from, to, { kernelSize: 3, padding: 1 });
    this.conv2 = new Conv(to, to, { kernelSize: 3, padding: 1 });
  }

  forward(x: Tensor): Tensor {
    return relu(this.conv2.forward(relu(this.conv1.forward(x)))); // [b, to, ...]
  }
}

/** x [b, 2 c, s] and what came down, [b, c, 2 s] -> [b, c, 2 s] */
class StepUp extends Double {
  readonly up: ConvTranspose1d | ConvTranspose2d | ConvTranspose3d;

  constructor(dimensions: UnetDimensions, c: number) {
    super(dimensions, 2 * c, c);
    this.up = new AXES[dimensions].Up(2 * c, c, { kernelSize: 2, stride: 2 });
  }

  join(x: Tensor, across: Tensor): Tensor {
    return this.forward(cat([across, this.up.forward(x)], 1)); // cat [b, 2 c, 2 s]
  }
}

/**
 * x [b, inChannels, ...sides] -> logits [b, numClasses, ...sides]; every side a multiple of 2^depth. 31,030,658 parameters by
 * default.
 *
 * Initial values as in the paper: weights N(0, 2 / fanIn), biases 0.
 *
 * @throws OptionError for sizes that are no positive integers, depth beyond 8, dimensions other than 1, 2, 3; ShapeError for
 *   another rank, or sides that cannot be halved depth times
 */
export class Unet extends Module {
  readonly encoder: Double[];
  readonly bottom: Double;
  readonly decoder: StepUp[];
  readonly head: Conv;
  readonly dimensions: UnetDimensions;

  constructor(options: UnetOptions = {}) {
    super();
    const { inChannels = 1, numClasses = 2, width = 64, depth = 4, dimensions = 2, generator } = options;
    checkPositive("Unet", { inChannels, numClasses, width, depth, dimensions });
    checkRange("Unet", "depth", depth, 1, 8);
    checkRange("Unet", "dimensions", dimensions, 1, 3);
    this.dimensions = dimensions;
    const channels = Array.from({ length: depth }, (_, i) => width * 2 ** i);
    this.encoder = channels.map((c, i) => new Double(dimensions, i === 0 ? inChannels : c / 2, c));
    this.bottom = new Double(dimensions, width * 2 ** (depth - 1), width * 2 ** depth);
    this.decoder = channels.map((c) => new StepUp(dimensions, c));
    this.head = new AXES[dimensions].Conv(width, numClasses, { kernelSize: 1 });
    for (const p of this.parameters()) {
      if (p.rank === 1) zeros(p);
      else kaimingNormal(p, { nonlinearity: "relu", generator });
    }
  }

  forward(x: Tensor): Tensor {
    this.check(x);
    const { pool } = AXES[this.dimensions];
    const across: Tensor[] = [];
    let y = x;
    for (const step of this.encoder) {
      across.push(step.forward(y)); // [b, width 2^i, side / 2^i]
      y = pool(across.at(-1)!); // [b, width 2^i, side / 2^(i + 1)]
    }
    y = this.bottom.forward(y); // [b, width 2^depth, side / 2^depth]
    for (let i = this.decoder.length - 1; i >= 0; i--) y = this.decoder[i].join(y, across[i]);
    return this.head.forward(y); // [b, numClasses, ...sides]
  }

  private check(x: Tensor): void {
    const by = 2 ** this.encoder.length;
    const sides = x.shape.slice(2);
    if (sides.length === this.dimensions && sides.every((s) => s > 0 && s % by === 0)) return;
    const rule = `needs [batch, channels] and ${this.dimensions} sides that are multiples of ${by}`;
    throw new ShapeError(`Unet: ${rule}, x ${formatShape(x.shape)}`);
  }
}

/** U-Net of the given sizes; the same as `new Unet(options)`. */
export const unet = (options?: UnetOptions): Unet => new Unet(options);
