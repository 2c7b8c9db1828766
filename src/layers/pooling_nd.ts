// Pooling layers over one and three axes, power-average pooling. No parameters. Two axes: pooling.ts,
// adaptive_pooling.ts.

import { OptionError } from "../gpu/errors.ts";
import {
  type AdaptiveSize3d,
  adaptiveAvgPool1d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool3d,
} from "../kernels/adaptive_pool_nd.ts";
import { axisNumbers, type Sizes } from "../kernels/conv_nd_geometry.ts";
import { type LpPoolOptions, lpPool1d, lpPool2d, lpPool3d } from "../kernels/lp_pool.ts";
import type { ReturnIndices } from "../kernels/max_pool.ts";
import {
  type AvgPoolNdOptions,
  avgPool1d,
  avgPool3d,
  type MaxPoolNdOptions,
  maxPool1d,
  maxPool3d,
} from "../kernels/pool_nd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { formatOptions, formatPair } from "./options.ts";
import type { Pooled } from "./pooling.ts";

/** A pooling with windows; options as the function's, kernelSize alone or all. */
abstract class Pool<O extends { readonly kernelSize: Sizes }> extends Module {
  readonly options: O;

  constructor(options: Sizes | O, axes: number) {
    super();
    const layer = this.constructor.name;
    this.options = (
      typeof options === "object" && "kernelSize" in options ? options : { kernelSize: options }
    ) as O;
    const { kernelSize, stride = kernelSize, padding = 0, dilation = 1 } = this.options as MaxPoolNdOptions;
    const kernel = axisNumbers(layer, "kernelSize", kernelSize, axes, 1);
    axisNumbers(layer, "stride", stride, axes, 1);
    axisNumbers(layer, "dilation", dilation, axes, 1);
    const pads = axisNumbers(layer, "padding", padding, axes, 0);
    if (pads.some((p, i) => 2 * p > kernel[i])) {
      throw new OptionError(`${layer}: padding must be at most half of kernelSize, got ${pads}, ${kernel}`);
    }
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}

/**
 * Largest value of each window (torch.nn.MaxPool1d). Options: kernelSize, or that alone; stride (default kernelSize),
 * padding (0, counts as -inf), dilation (1), ceilMode (false), returnIndices (false; true: forward gives [y, indices]).
 *
 * Shapes: x [n, c, l] or [c, l] -> [..., ol]. @throws OptionError for sizes out of range
 */
export class MaxPool1d<B extends boolean = false> extends Pool<MaxPoolNdOptions & Partial<ReturnIndices<B>>> {
  constructor(options: Sizes | (MaxPoolNdOptions & Partial<ReturnIndices<B>>)) {
    super(options, 1);
  }

  forward(x: Tensor): Pooled<B> {
    return maxPool1d(x, this.options as MaxPoolNdOptions) as Pooled<B>;
  }
}

/** Largest value of each box (torch.nn.MaxPool3d): x [n, c, d, h, w] or [c, d, h, w]; options as MaxPool1d. */
export class MaxPool3d<B extends boolean = false> extends Pool<MaxPoolNdOptions & Partial<ReturnIndices<B>>> {
  constructor(options: Sizes | (MaxPoolNdOptions & Partial<ReturnIndices<B>>)) {
    super(options, 3);
  }

  forward(x: Tensor): Pooled<B> {
    return maxPool3d(x, this.options as MaxPoolNdOptions) as Pooled<B>;
  }
}

/**
 * Mean of each window (torch.nn.AvgPool1d). Options: kernelSize, or that alone; stride (default kernelSize), padding (0),
 * ceilMode (false), countIncludePad (true).
 *
 * Shapes: x [n, c, l] or [c, l] -> [..., ol]. @throws OptionError for sizes out of range
 */
export class AvgPool1d extends Pool<AvgPoolNdOptions> {
  constructor(options: Sizes | Omit<AvgPoolNdOptions, "divisorOverride">) {
    super(options, 1);
  }

  forward(x: Tensor): Tensor {
    return avgPool1d(x, this.options);
  }
}

/** Mean of each box (torch.nn.AvgPool3d): x [n, c, d, h, w] or [c, d, h, w]; options as AvgPool1d, and divisorOverride. */
export class AvgPool3d extends Pool<AvgPoolNdOptions> {
  constructor(options: Sizes | AvgPoolNdOptions) {
    super(options, 3);
  }

  forward(x: Tensor): Tensor {
    return avgPool3d(x, this.options);
  }
}

/** (sum of x^normType over each window)^(1 / normType) (torch.nn.LPPool1d): x [n, c, l] or [c, l]. */
export class LPPool1d extends Pool<LpPoolOptions> {
  constructor(options: LpPoolOptions) {
    super(options, 1);
  }

  forward(x: Tensor): Tensor {
    return lpPool1d(x, this.options);
  }
}

/** As LPPool1d over two axes (torch.nn.LPPool2d): x [n, c, h, w] or [c, h, w]. */
export class LPPool2d extends Pool<LpPoolOptions> {
  constructor(options: LpPoolOptions) {
    super(options, 2);
  }

  forward(x: Tensor): Tensor {
    return lpPool2d(x, this.options);
  }
}

/** As LPPool1d over three axes (torch.nn.LPPool3d): x [n, c, d, h, w] or [c, d, h, w]. */
export class LPPool3d extends Pool<LpPoolOptions> {
  constructor(options: LpPoolOptions) {
    super(options, 3);
  }

  forward(x: Tensor): Tensor {
    return lpPool3d(x, this.options);
  }
}

/** A pooling into a fixed number of windows. */
abstract class AdaptivePool<S> extends Module {
  constructor(readonly outputSize: S) {
    super();
    const sizes = Array.isArray(outputSize) ? outputSize : [outputSize];
    if (sizes.every((s) => s === null || (Number.isSafeInteger(s) && s > 0))) return;
    throw new OptionError(
      `${this.constructor.name}: outputSize must be positive integers, got ${JSON.stringify(outputSize)}`,
    );
  }

  protected override describe(): string {
    return formatPair(this.outputSize as string);
  }
}

/** Means of outputSize windows that cover x (torch.nn.AdaptiveAvgPool1d): x [n, c, l] or [c, l]. */
export class AdaptiveAvgPool1d extends AdaptivePool<number> {
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}

/** Means of outputSize boxes that cover x (torch.nn.AdaptiveAvgPool3d): x [n, c, d, h, w] or [c, d, h, w]. */
export class AdaptiveAvgPool3d extends AdaptivePool<AdaptiveSize3d> {
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool3d(x, this.outputSize);
  }
}

/** Also gives the positions of the maxima. */
abstract class AdaptiveMaxPool<S, B extends boolean> extends AdaptivePool<S> {
  constructor(
    outputSize: S,
    readonly options: Partial<ReturnIndices<B>> = {},
  ) {
    super(outputSize);
  }
}

/**
 * Maxima of outputSize windows that cover x (torch.nn.AdaptiveMaxPool1d): x [n, c, l] or [c, l]. Option: returnIndices (false;
 * true: forward gives [y, indices]).
 */
export class AdaptiveMaxPool1d<B extends boolean = false> extends AdaptiveMaxPool<number, B> {
  forward(x: Tensor): Pooled<B> {
    return adaptiveMaxPool1d(x, this.outputSize, this.options as object) as Pooled<B>;
  }
}

/**
 * Maxima of outputSize boxes that cover x (torch.nn.AdaptiveMaxPool3d): x [n, c, d, h, w] or [c, d, h, w]. Option: returnIndices
 * (false; true: forward gives [y, indices]).
 */
export class AdaptiveMaxPool3d<B extends boolean = false> extends AdaptiveMaxPool<AdaptiveSize3d, B> {
  forward(x: Tensor): Pooled<B> {
    return adaptiveMaxPool3d(x, this.outputSize, this.options as object) as Pooled<B>;
  }
}
