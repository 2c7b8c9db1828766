// Spectral norm of a layer: its weight is divided by its largest singular value. The function: kernels/spectral_norm.ts.

import { type SpectralNormOptions, spectralNorm as spectralNormOf } from "../kernels/spectral_norm.ts";
import { buffer } from "../tensor/parameter.ts";
import { defaultGenerator } from "../tensor/random.ts";
import { computeField, fieldParameter, restoreField, settleField } from "./computed_weight.ts";
import type { InitOptions } from "./init.ts";
import type { Module } from "./module.ts";

export interface SpectralNormLayerOptions extends SpectralNormOptions, InitOptions {
  /** The parameter. Default "weight". */
  readonly name?: string;
}

/**
 * Keeps a layer's weight at spectral norm 1 (torch.nn.utils.spectral_norm; Miyato et al. 2018): parameter `weight_orig`, buffers
 * `weight_u` and `weight_v`, PyTorch's keys. In training every forward runs the power iteration, in evaluation none does. The
 * vectors begin random. Changes the layer and returns it; make the optimizer after.
 *
 * @throws UsageError if the layer has no such parameter; OptionError and ShapeError as the function
 */
export function spectralNorm<M extends Module>(module: M, options: SpectralNormLayerOptions = {}): M {
  const { name = "weight", iterations = 1, eps = 1e-12, axis = 0, generator = defaultGenerator } = options;
  const weight = fieldParameter("spectralNorm", module, name);
  const rows = weight.shape[axis] ?? 0;
  const draw = (n: number) => buffer([n], unit(generator.normal(n)), weight.device);
  const u = draw(rows);
  const v = draw(rows === 0 ? 0 : weight.size / rows);
  const compute = (inForward: boolean) =>
    spectralNormOf(weight, u, v, { iterations: inForward && module.training ? iterations : 0, eps, axis });
  compute(false).release("spectralNorm"); // throws for options that do not fit
  module.registerParameter(`${name}_orig`, weight, { last: true });
  module.registerBuffer(`${name}_u`, u);
  module.registerBuffer(`${name}_v`, v);
  computeField("spectralNorm", module, name, compute, () => {
    for (const key of [`${name}_orig`, `${name}_u`, `${name}_v`]) module.unregister(key);
    return settleField(weight, () => compute(false));
  });
  return module;
}

/**
 * Gives a layer its weight back, as it is now, as a parameter under its own name (torch.nn.utils.remove_spectral_norm). Changes the
 * layer and returns it; make the optimizer after.
 *
 * @throws UsageError if the layer has no spectral norm on this parameter
 */
export function removeSpectralNorm<M extends Module>(module: M, name = "weight"): M {
  restoreField("spectralNorm", module, name);
  return module;
}

function unit(x: Float32Array): Float32Array {
  const length = Math.hypot(...x) || 1;
  return x.map((e) => e / length);
}
