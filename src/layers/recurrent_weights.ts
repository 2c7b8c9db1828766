// Weights of one recurrent layer in one direction under PyTorch's names, and what computes with them.

import type { RecurrentWeights } from "../kernels/recurrent.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { uniformParameter } from "./defaults.ts";
import type { InitOptions } from "./init.ts";

/** One layer in one direction: [y, ...last states] from x [t, b, in] and initial states [b, h]. */
export type Direction = (
  x: Tensor,
  weights: RecurrentWeights,
  states: readonly (Tensor | null)[],
  options: { readonly reverse: boolean; readonly lengths: Tensor | null },
) => readonly Tensor[];

/** weight_ih, weight_hh and both biases, U(-b, b) with b = 1 / sqrt(hidden), registered under `suffix`ed names. */
export function recurrentWeights(
  register: (name: string, p: Parameter) => Parameter,
  [gates, inputs, hidden]: readonly [number, number, number],
  suffix: string,
  { bias = true, ...init }: InitOptions & { readonly bias?: boolean },
): RecurrentWeights {
  const make = (name: string, ...shape: number[]) =>
    register(name + suffix, uniformParameter(shape, hidden, init));
  return {
    weightIh: make("weight_ih", gates * hidden, inputs),
    weightHh: make("weight_hh", gates * hidden, hidden),
    biasIh: bias ? make("bias_ih", gates * hidden) : null,
    biasHh: bias ? make("bias_hh", gates * hidden) : null,
  };
}
