// Layer norm over the last axes: y = (x - mean) / sqrt(var + eps) * weight + bias. Batch statistics:
// batch_norm.ts.

import { layerNorm } from "../kernels/layer_norm.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { constantParameter } from "./defaults.ts";
import { Module } from "./module.ts";
import { checkPositive, checkRange } from "./options.ts";

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Learn a scale and a shift. Default true. */
  readonly elementwiseAffine?: boolean;
  /** Learn a shift beside the scale. Default true. */
  readonly bias?: boolean;
}

/**
 * Normalises every sample by its own mean and biased variance (torch.nn.LayerNorm; Ba, Kiros & Hinton 2016).
 *
 * Shapes: x [..., ...normalizedShape] -> the same; weight and bias normalizedShape. Initial values: 1 and 0.
 *
 * @throws OptionError unless the sizes are positive integers and eps is not negative
 */
export class LayerNorm extends Module {
  readonly weight: Parameter | null; // normalizedShape
  readonly bias: Parameter | null; // normalizedShape
  readonly normalizedShape: Shape;
  readonly eps: number;

  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    this.normalizedShape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    checkPositive(
      "LayerNorm",
      Object.fromEntries(this.normalizedShape.map((s, i) => [`normalizedShape[${i}]`, s])),
    );
    checkRange("LayerNorm", "eps", eps, 0, 1);
    this.eps = eps;
    this.weight = elementwiseAffine ? constantParameter(this.normalizedShape, 1) : null;
    this.bias = elementwiseAffine && bias ? constantParameter(this.normalizedShape, 0) : null;
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  protected override describe(): string {
    return `[${this.normalizedShape.join(", ")}], eps=${this.eps}${this.weight ? "" : ", elementwiseAffine=false"}`;
  }
}
