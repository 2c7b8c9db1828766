// 2-D convolution layer: y[n, o] = bias[o] + sum over c of x[n, c] cross-correlated with weight[o, c].

import { OptionError } from "../gpu/errors.ts";
import { conv2d } from "../kernels/conv2d.ts";
import type { Conv2dOptions as Geometry } from "../kernels/conv2d_geometry.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkPaddingMode, type PaddingMode, withBorder } from "./conv_padding.ts";
import { uniformParameter } from "./defaults.ts";
import type { InitOptions } from "./init.ts";
import { Module } from "./module.ts";
import { checkPair, checkPositive, formatOptions, formatPair, type Pair } from "./options.ts";

/** stride (1), padding (0; "same", "valid"), dilation (1) and groups (1) as in the op. */
export interface Conv2dOptions extends Geometry, InitOptions {
  readonly kernelSize: Pair;
  /** What the padding holds. Default zeros. */
  readonly paddingMode?: PaddingMode;
  /** Add a bias. Default true. */
  readonly bias?: boolean;
}

/**
 * 2-D convolution (torch.nn.Conv2d). A number in place of the options is the kernel size.
 *
 * Shapes: x [n, inChannels, h, w] -> [n, outChannels, oh, ow],
 * oh = floor((h + 2 padding - dilation (kh - 1) - 1) / stride) + 1, ow likewise;
 * weight [outChannels, inChannels / groups, kh, kw], bias [outChannels].
 * Initial values: both U(-b, b), b = 1 / sqrt(inChannels / groups * kh * kw).
 *
 * @throws OptionError for sizes that are no positive integers, or channels that do not divide by groups
 */
export class Conv2d extends Module {
  readonly weight: Parameter; // [outChannels, inChannels / groups, kh, kw]
  readonly bias: Parameter | null; // [outChannels]
  readonly kernelSize: readonly [number, number];
  readonly options: Geometry;
  readonly paddingMode: PaddingMode;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernel: Pair | Conv2dOptions,
  ) {
    super();
    const options = typeof kernel === "number" || isPair(kernel) ? { kernelSize: kernel } : kernel;
    const { kernelSize, stride, padding, dilation, groups, bias = true } = options as Conv2dOptions;
    checkPositive("Conv2d", { inChannels, outChannels, groups: groups ?? 1 });
    this.kernelSize = checkPair("Conv2d", "kernelSize", kernelSize, 1);
    this.options = { stride, padding, dilation, groups };
    this.check(this.options);
    this.paddingMode = checkPaddingMode("Conv2d", (options as Conv2dOptions).paddingMode ?? "zeros");
    const perGroup = inChannels / (groups ?? 1);
    const [kh, kw] = this.kernelSize;
    const fanIn = perGroup * kh * kw;
    this.weight = uniformParameter([outChannels, perGroup, kh, kw], fanIn, options);
    this.bias = bias ? uniformParameter([outChannels], fanIn, options) : null;
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, options, paddingMode, kernelSize } = this;
    if (paddingMode === "zeros") return conv2d(x, weight, bias, options);
    const bordered = withBorder(x, kernelSize, options, paddingMode);
    return conv2d(bordered, weight, bias, { ...options, padding: 0 });
  }

  protected override describe(): string {
    const { inChannels, outChannels, kernelSize, options, paddingMode, bias } = this;
    const mode = paddingMode === "zeros" ? undefined : paddingMode;
    const all = formatOptions({ kernelSize, ...options, paddingMode: mode, bias: bias ? undefined : false });
    return `${inChannels}, ${outChannels}, ${all}`;
  }

  private check({ stride = 1, padding = 0, dilation = 1, groups = 1 }: Geometry): void {
    const [y, x] = checkPair("Conv2d", "stride", stride, 1);
    checkPair("Conv2d", "dilation", dilation, 1);
    if (typeof padding !== "string") checkPair("Conv2d", "padding", padding, 0);
    else if (padding !== "valid" && (padding !== "same" || x !== 1 || y !== 1)) {
      const what = `${JSON.stringify(padding)} with stride ${formatPair(stride)}`;
      throw new OptionError(`Conv2d: padding must be "valid", or "same" with stride 1, got ${what}`);
    }
    const { inChannels, outChannels } = this;
    if (inChannels % groups === 0 && outChannels % groups === 0) return;
    throw new OptionError(
      `Conv2d: ${inChannels} and ${outChannels} channels must divide by groups ${groups}`,
    );
  }
}

function isPair(value: Pair | Conv2dOptions): value is readonly [number, number] {
  return Array.isArray(value);
}
