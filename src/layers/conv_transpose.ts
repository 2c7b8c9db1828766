// Transposed convolution layers over one to three axes: y[i * stride + k * dilation - padding] sums x[i] * weight[k].

import { OptionError } from "../gpu/errors.ts";
import {
  axisNumbers,
  type ConvTransposeOptions as Geometry,
  type Sizes,
} from "../kernels/conv_nd_geometry.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../kernels/conv_transpose.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { uniformParameter } from "./defaults.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPositive, formatOptions } from "./options.ts";

/** stride (1), padding (0), outputPadding (0), dilation (1) and groups (1) as in the op. */
export interface ConvTransposeOptions extends Geometry, InitOptions {
  readonly kernelSize: Sizes;
  /** Add a bias. Default true. */
  readonly bias?: boolean;
}

/** What ConvTranspose1d, 2d and 3d share. */
abstract class ConvTranspose extends Module {
  readonly weight: Parameter; // [inChannels, outChannels / groups, ...kernelSize]
  readonly bias: Parameter | null; // [outChannels]
  readonly kernelSize: readonly number[];
  readonly options: Geometry;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernel: Sizes | ConvTransposeOptions,
    axes: number,
  ) {
    super();
    const layer = this.constructor.name;
    const options = (
      typeof kernel === "object" && "kernelSize" in kernel ? kernel : { kernelSize: kernel }
    ) as ConvTransposeOptions;
    const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1, bias = true } = options;
    checkPositive(layer, { inChannels, outChannels, groups });
    this.kernelSize = axisNumbers(layer, "kernelSize", options.kernelSize, axes, 1);
    const strides = axisNumbers(layer, "stride", stride, axes, 1);
    const dilations = axisNumbers(layer, "dilation", dilation, axes, 1);
    axisNumbers(layer, "padding", padding, axes, 0);
    const extra = axisNumbers(layer, "outputPadding", outputPadding, axes, 0);
    if (extra.some((e, i) => e >= Math.max(strides[i], dilations[i]))) {
      throw new OptionError(`${layer}: outputPadding must be less than stride or dilation, got ${extra}`);
    }
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new OptionError(
        `${layer}: ${inChannels} and ${outChannels} channels must divide by groups ${groups}`,
      );
    }
    this.options = { stride, padding, outputPadding, dilation, groups };
    const shape = [inChannels, outChannels / groups, ...this.kernelSize];
    // PyTorch takes the second axis as the fan-in here too.
    const fanIn = shape.slice(1).reduce((a, b) => a * b);
    this.weight = uniformParameter(shape, fanIn, options);
    this.bias = bias ? uniformParameter([outChannels], fanIn, options) : null;
  }

  protected override describe(): string {
    const { inChannels, outChannels, kernelSize, options, bias } = this;
    const all = formatOptions({ kernelSize, ...options, bias: bias ? undefined : false });
    return `${inChannels}, ${outChannels}, ${all}`;
  }
}

/**
 * Transposed 1-D convolution (torch.nn.ConvTranspose1d). A number in place of the options is the kernel size.
 *
 * Shapes: x [n, inChannels, l] or [inChannels, l] -> [..., outChannels, ol],
 * ol = (l - 1) stride - 2 padding + dilation (k - 1) + outputPadding + 1; weight [inChannels, outChannels / groups, k],
 * bias [outChannels]. Initial values: both U(-b, b), b = 1 / sqrt(outChannels / groups * k).
 *
 * @throws OptionError for sizes out of range, or channels that do not divide by groups
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernel: Sizes | ConvTransposeOptions) {
    super(inChannels, outChannels, kernel, 1);
  }

  forward(x: Tensor): Tensor {
    return convTranspose1d(x, this.weight, this.bias, this.options);
  }
}

/** Transposed 2-D convolution (torch.nn.ConvTranspose2d): x [n, inChannels, h, w] or without n; the rest as 1-D. */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernel: Sizes | ConvTransposeOptions) {
    super(inChannels, outChannels, kernel, 2);
  }

  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.options);
  }
}

/** Transposed 3-D convolution (torch.nn.ConvTranspose3d): x [n, inChannels, d, h, w] or without n; the rest as 1-D. */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernel: Sizes | ConvTransposeOptions) {
    super(inChannels, outChannels, kernel, 3);
  }

  forward(x: Tensor): Tensor {
    return convTranspose3d(x, this.weight, this.bias, this.options);
  }
}
