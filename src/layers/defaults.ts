// Initial values of layers as PyTorch has them. What users choose themselves: init.ts.

import { type Parameter, parameter } from "../tensor/parameter.ts";
import { defaultGenerator } from "../tensor/random.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import type { InitOptions } from "./init.ts";

/** Weights and biases of Linear and Conv2d: U(+-1 / sqrt(fanIn)), that is kaimingUniform, a = sqrt(5). */
export function uniformParameter(shape: Shape, fanIn: number, options: InitOptions): Parameter {
  const { generator = defaultGenerator } = options;
  const bound = 1 / Math.sqrt(fanIn);
  return parameter(shape, () => generator.uniform(numel(shape), -bound, bound));
}

/** The scale (1) and the shift (0) of norms. */
export function constantParameter(shape: Shape, value: number): Parameter {
  return parameter(shape, () => new Float32Array(numel(shape)).fill(value));
}
