// One step of an optimizer over a run of parameters: one dispatch, however many tensors. Formulas: the shaders' headers.

import type { ParamValue } from "../gpu/dispatch.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { adam as adamShader, gradNorm as gradNormShader, sgd as sgdShader } from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { empty } from "../tensor/tensor.ts";

const sgdKernel = kernel(sgdShader);
const adamKernel = kernel(adamShader);
const normKernel = kernel(gradNormShader);

const WG = 64;
/** Workgroups that sum squares, at most, for one run: the second dispatch folds them all in every workgroup. */
const MAX_PARTIALS = 128;

/** Flat tensors of one length, a multiple of four: values, gradients and moments of a run. */
export interface SgdState {
  readonly p: Tensor;
  readonly g: Tensor;
  readonly m: Tensor | null;
  /** What a gradient scaler decided (step_control.ts); null without. */
  readonly control: Tensor | null;
}

export interface SgdScalars {
  readonly lr: ParamValue;
  readonly weight_decay: ParamValue;
  readonly momentum: ParamValue;
  readonly fresh: ParamValue;
}

export function sgdStep({ p, g, m, control }: SgdState, scalars: SgdScalars, nesterov: boolean): void {
  const n4 = p.size / 4;
  const constants = { MOMENTUM: m !== null, NESTEROV: nesterov, HAS_CONTROL: control !== null };
  sgdKernel(
    { g, p, m, control },
    { n4, ...scalars },
    { grid: threads(n4), constants, label: "sgd", flops: 6 * p.size },
  );
}

export interface AdamState {
  readonly p: Tensor;
  readonly g: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
  readonly v_max: Tensor | null;
  readonly control: Tensor | null;
}

export interface AdamScalars {
  readonly step_size: ParamValue;
  readonly beta1: ParamValue;
  readonly fresh1: ParamValue;
  readonly beta2: ParamValue;
  readonly fresh2: ParamValue;
  readonly root2: ParamValue;
  readonly eps: ParamValue;
  readonly decay: ParamValue;
}

export function adamStep(
  { p, g, m, v, v_max, control }: AdamState,
  scalars: AdamScalars,
  decoupled: boolean,
): void {
  const n4 = p.size / 4;
  const constants = { DECOUPLED: decoupled, AMSGRAD: v_max !== null, HAS_CONTROL: control !== null };
  const label = decoupled ? "adamw" : "adam";
  const bytes = (v_max ? 9 : 7) * p.byteLength; // each of p, m, v read and written, g read
  adamKernel(
    { g, p, m, v, v_max, control },
    { n4, ...scalars },
    { grid: threads(n4), constants, label, flops: 12 * p.size, bytes },
  );
}

/** Scales flat gradients in place so that their common norm is at most `maxNorm`; returns the norm before, []. */
export function clipFlat(grads: readonly Tensor[], maxNorm: number, infinite: boolean): Tensor {
  const groups = grads.map((g) => Math.min(MAX_PARTIALS, Math.max(1, Math.ceil(g.size / (4 * WG)))));
  const count = groups.reduce((n, k) => n + k, 0);
  const partial = empty([count], "f32", grads[0].device);
  const norm = empty([], "f32", grads[0].device);
  const constants = { INFINITE: infinite };
  let first = 0;
  grads.forEach((g, i) => {
    const params = { n4: g.size / 4, first, groups: groups[i], count, max_norm: maxNorm };
    const options = {
      grid: [groups[i]],
      entry: "partials",
      constants,
      label: "grad_norm",
      flops: 2 * g.size,
    } as const;
    normKernel({ g, partial, norm }, params, options);
    first += groups[i];
  });
  for (const g of grads) {
    const params = { n4: g.size / 4, first: 0, groups: 0, count, max_norm: maxNorm };
    const options = {
      grid: threads(g.size / 4),
      entry: "scale",
      constants,
      label: "clip",
      flops: g.size,
    } as const;
    normKernel({ g, partial, norm }, params, options);
  }
  return norm;
}

function threads(n4: number): [number, number, number] {
  return grid1d(Math.ceil(n4 / WG));
}
