// Convolution layers over one and three axes. Two axes: conv2d.ts. Transposed: conv_transpose.ts.

import { OptionError } from "../gpu/errors.ts";
import { conv1d, conv3d } from "../kernels/conv_nd.ts";
import { axisNumbers, type ConvOptions, type Sizes } from "../kernels/conv_nd_geometry.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkPaddingMode, type PaddingMode, withBorder } from "./conv_padding.ts";
import { uniformParameter } from "./defaults.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPositive, formatOptions } from "./options.ts";

/** stride (1), padding (0; "same", "valid"), dilation (1) and groups (1) as in the op. */
export interface ConvNdOptions extends ConvOptions, InitOptions {
  readonly kernelSize: Sizes;
  /** What the padding holds. Default zeros. */
  readonly paddingMode?: PaddingMode;
  /** Add a bias. Default true. */
  readonly bias?: boolean;
}

/** What Conv1d and Conv3d share. */
abstract class ConvNd extends Module {
  readonly weight: Parameter; // [outChannels, inChannels / groups, ...kernelSize]
  readonly bias: Parameter | null; // [outChannels]
  readonly kernelSize: readonly number[];
  readonly options: ConvOptions;
  readonly paddingMode: PaddingMode;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernel: Sizes | ConvNdOptions,
    axes: number,
  ) {
    super();
    const layer = this.constructor.name;
    const options = (
      typeof kernel === "object" && "kernelSize" in kernel ? kernel : { kernelSize: kernel }
    ) as ConvNdOptions;
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
    checkPositive(layer, { inChannels, outChannels, groups });
    this.kernelSize = axisNumbers(layer, "kernelSize", options.kernelSize, axes, 1);
    const strides = axisNumbers(layer, "stride", stride, axes, 1);
    axisNumbers(layer, "dilation", dilation, axes, 1);
    if (typeof padding !== "string") axisNumbers(layer, "padding", padding, axes, 0);
    else if (padding !== "valid" && (padding !== "same" || strides.some((s) => s !== 1))) {
      throw new OptionError(
        `${layer}: padding must be "valid", or "same" with stride 1, got "${padding}" with stride ${strides}`,
      );
    }
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new OptionError(
        `${layer}: ${inChannels} and ${outChannels} channels must divide by groups ${groups}`,
      );
    }
    this.paddingMode = checkPaddingMode(layer, options.paddingMode ?? "zeros");
    this.options = { stride, padding, dilation, groups };
    const shape = [outChannels, inChannels / groups, ...this.kernelSize];
    const fanIn = shape.slice(1).reduce((a, b) => a * b);
    this.weight = uniformParameter(shape, fanIn, options);
    this.bias = bias ? uniformParameter([outChannels], fanIn, options) : null;
  }

  protected run(
    op: (x: Tensor, weight: Tensor, bias: Tensor | null, options: ConvOptions) => Tensor,
    x: Tensor,
  ): Tensor {
    const { weight, bias, options, paddingMode, kernelSize } = this;
    if (paddingMode === "zeros") return op(x, weight, bias, options);
    const bordered = withBorder(x, kernelSize, options, paddingMode);
    return op(bordered, weight, bias, { ...options, padding: 0 });
  }

  protected override describe(): string {
    const { inChannels, outChannels, kernelSize, options, paddingMode, bias } = this;
    const mode = paddingMode === "zeros" ? undefined : paddingMode;
    const all = { kernelSize, ...options, paddingMode: mode, bias: bias ? undefined : false };
    return `${inChannels}, ${outChannels}, ${formatOptions(all)}`;
  }
}

/**
 * 1-D convolution (torch.nn.Conv1d). A number in place of the options is the kernel size.
 *
 * Shapes: x [n, inChannels, l] or [inChannels, l] -> [..., outChannels, ol],
 * ol = floor((l + 2 padding - dilation (k - 1) - 1) / stride) + 1; weight [outChannels, inChannels / groups, k],
 * bias [outChannels]. Initial values: both U(-b, b), b = 1 / sqrt(inChannels / groups * k).
 *
 * @throws OptionError for sizes that are no positive integers, or channels that do not divide by groups
 */
export class Conv1d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernel: Sizes | ConvNdOptions) {
    super(inChannels, outChannels, kernel, 1);
  }

  forward(x: Tensor): Tensor {
    return this.run(conv1d, x);
  }
}

/**
 * 3-D convolution (torch.nn.Conv3d): x [n, inChannels, d, h, w] or without n, weight
 * [outChannels, inChannels / groups, kd, kh, kw]; the rest as Conv1d.
 */
export class Conv3d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernel: Sizes | ConvNdOptions) {
    super(inChannels, outChannels, kernel, 3);
  }

  forward(x: Tensor): Tensor {
    return this.run(conv3d, x);
  }
}
