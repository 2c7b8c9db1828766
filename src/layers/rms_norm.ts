// RMS norm and local response norm as layers. With mean and bias: layer_norm.ts.

import { type LocalResponseNormOptions, localResponseNorm } from "../kernels/local_response_norm.ts";
import { rmsNorm } from "../kernels/rms_norm.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { constantParameter } from "./defaults.ts";
import { Module } from "./module.ts";
import { checkPositive, checkRange, formatOptions } from "./options.ts";

export interface RMSNormOptions {
  /** Added to the mean square. Default 2^-23, the spacing of f32 at 1. */
  readonly eps?: number;
  /** Learn a scale. Default true. */
  readonly elementwiseAffine?: boolean;
}

/**
 * Divides every sample by its root mean square (torch.nn.RMSNorm; Zhang & Sennrich 2019).
 *
 * Shapes: x [..., ...normalizedShape] -> the same; weight normalizedShape. Initial value: 1.
 *
 * @throws OptionError unless the sizes are positive integers and eps is not negative
 */
export class RMSNorm extends Module {
  readonly weight: Parameter | null; // normalizedShape
  readonly normalizedShape: Shape;

  constructor(
    normalizedShape: number | Shape,
    private readonly options: RMSNormOptions = {},
  ) {
    super();
    this.normalizedShape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    const sizes = this.normalizedShape.map((s, i) => [`normalizedShape[${i}]`, s]);
    checkPositive("RMSNorm", Object.fromEntries(sizes));
    if (options.eps !== undefined) checkRange("RMSNorm", "eps", options.eps, 0, 1);
    this.weight = (options.elementwiseAffine ?? true) ? constantParameter(this.normalizedShape, 1) : null;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, this.weight, this.options.eps);
  }

  protected override describe(): string {
    const options = formatOptions(this.options);
    return `[${this.normalizedShape.join(", ")}]${options ? `, ${options}` : ""}`;
  }
}

/** Local response norm over `size` channels (torch.nn.LocalResponseNorm): x [n, c, ...] -> the same. */
export class LocalResponseNorm extends Module {
  constructor(
    readonly size: number,
    private readonly options: LocalResponseNormOptions = {},
  ) {
    super();
    checkPositive("LocalResponseNorm", { size });
  }

  forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this.options);
  }

  protected override describe(): string {
    const options = formatOptions(this.options);
    return `${this.size}${options ? `, ${options}` : ""}`;
  }
}
