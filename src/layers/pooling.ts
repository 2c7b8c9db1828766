// Pooling layers over the last two axes, windows of a fixed size. No parameters. A fixed number of windows:
// adaptive_pooling.ts.

import { OptionError } from "../gpu/errors.ts";
import { type AvgPool2dOptions, avgPool2d } from "../kernels/avg_pool.ts";
import { maxPool2d, type ReturnIndices } from "../kernels/max_pool.ts";
import type { PoolOptions } from "../kernels/pool_geometry.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { checkPair, formatOptions, formatPair, type Pair } from "./options.ts";

function checkedWindow<O extends PoolOptions>(layer: string, options: Pair | O): O {
  const whole = (
    typeof options === "object" && "kernelSize" in options ? options : { kernelSize: options }
  ) as O;
  const { kernelSize, stride = kernelSize, padding = 0, dilation = 1 } = whole;
  const [kh, kw] = checkPair(layer, "kernelSize", kernelSize, 1);
  checkPair(layer, "stride", stride, 1);
  checkPair(layer, "dilation", dilation, 1);
  const [y, x] = checkPair(layer, "padding", padding, 0);
  if (2 * y <= kh && 2 * x <= kw) return whole;
  const sizes = `padding ${formatPair(padding)}, kernelSize ${formatPair(kernelSize)}`;
  throw new OptionError(`${layer}: padding must be at most half of kernelSize, ${sizes}`);
}

/** What a max pooling gives: with `returnIndices` the positions of the maxima too, i32. */
export type Pooled<B extends boolean> = B extends true ? [Tensor, Tensor] : Tensor;

/**
 * Largest value of each window (torch.nn.MaxPool2d). Options: kernelSize, or that alone; stride (default
 * kernelSize), padding (0, counts as -inf), dilation (1), ceilMode (false), returnIndices (false; true: forward gives
 * [y, indices], for MaxUnpool2d).
 *
 * Shapes: x [n, c, h, w] -> [n, c, oh, ow], oh = floor((h + 2 padding - dilation (k - 1) - 1) / stride) + 1,
 * ow likewise.
 *
 * @throws OptionError for sizes out of range
 */
export class MaxPool2d<B extends boolean = false> extends Module {
  readonly options: PoolOptions & Partial<ReturnIndices<B>>;

  constructor(options: Pair | (PoolOptions & Partial<ReturnIndices<B>>)) {
    super();
    this.options = checkedWindow("MaxPool2d", options);
  }

  forward(x: Tensor): Pooled<B> {
    return maxPool2d(x, this.options as PoolOptions) as Pooled<B>;
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}

/**
 * Mean of each window (torch.nn.AvgPool2d). Options: kernelSize, or that alone; stride (default kernelSize),
 * padding (0), ceilMode (false), countIncludePad (true), divisorOverride (none).
 *
 * Shapes: x [n, c, h, w] -> [n, c, oh, ow] as MaxPool2d.
 *
 * @throws OptionError for sizes out of range
 */
export class AvgPool2d extends Module {
  readonly options: AvgPool2dOptions;

  constructor(options: Pair | AvgPool2dOptions) {
    super();
    this.options = checkedWindow("AvgPool2d", options);
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.options);
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}
