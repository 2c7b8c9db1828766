// Weight norm of a layer: its weight becomes weight_g * weight_v / |weight_v|. The function: kernels/weight_norm.ts.

import { lengthShape, lengthsOf, weightNorm as weightNormOf } from "../kernels/weight_norm.ts";
import { noGrad } from "../tensor/mode.ts";
import { parameter } from "../tensor/parameter.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { numel } from "../tensor/shape.ts";
import { computeField, fieldParameter, restoreField, settleField } from "./computed_weight.ts";
import type { Module } from "./module.ts";

export interface WeightNormOptions {
  /** The parameter. Default "weight". */
  readonly name?: string;
  /** The axis that keeps lengths of its own; null: one length for all. Default 0. */
  readonly axis?: number | null;
}

/**
 * Lets a layer learn length and direction of its weight apart (torch.nn.utils.weight_norm; Salimans & Kingma 2016): its
 * parameters are then `weight_g` and `weight_v`, PyTorch's keys. Changes the layer and returns it; make the optimizer after.
 *
 * @throws UsageError if the layer has no such parameter; OptionError for an axis that it does not have
 */
export function weightNorm<M extends Module>(
  module: M,
  { name = "weight", axis = 0 }: WeightNormOptions = {},
): M {
  const v = fieldParameter("weightNorm", module, name);
  const shape = lengthShape("weightNorm", v, axis);
  const g = parameter(shape, new Float32Array(numel(shape)), v.device);
  noGrad(() => scope(() => void copyInto(g, lengthsOf(v, axis)), "weightNorm"));
  module.registerParameter(`${name}_g`, g, { last: true });
  module.registerParameter(`${name}_v`, v, { last: true });
  const compute = () => weightNormOf(v, g, axis);
  computeField("weightNorm", module, name, compute, () => {
    for (const key of [`${name}_g`, `${name}_v`]) module.unregister(key);
    return settleField(v, compute);
  });
  return module;
}

/**
 * Gives a layer its weight back, as it is now, as a parameter under its own name (torch.nn.utils.remove_weight_norm). Changes the
 * layer and returns it; make the optimizer after.
 *
 * @throws UsageError if the layer has no weight norm on this parameter
 */
export function removeWeightNorm<M extends Module>(module: M, name = "weight"): M {
  restoreField("weightNorm", module, name);
  return module;
}
