// Gradient clipping.

import { OptionError } from "../gpu/errors.ts";
import { clipFlat } from "../kernels/optimizer.ts";
import { zeros } from "../tensor/create.ts";
import { flatten, settle, subRun } from "../tensor/flatten.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface ClipOptions {
  /** 2, or Infinity for the largest absolute value. Default 2. */
  readonly normType?: number;
}

/**
 * Scales the gradients of all parameters, in place, so that their common norm is at most `maxNorm`
 * (torch.nn.utils.clip_grad_norm_): two dispatches for a model whose parameters lie in one slab.
 *
 * @returns the norm before, [] on the device
 */
export function clipGradNorm(params: Iterable<Tensor>, maxNorm: number, options: ClipOptions = {}): Tensor {
  const { normType = 2 } = options;
  if (normType !== 2 && normType !== Infinity)
    throw new OptionError(`clipGradNorm: normType must be 2 or Infinity, got ${normType}`);
  if (!(maxNorm >= 0)) throw new OptionError(`clipGradNorm: maxNorm must not be negative, got ${maxNorm}`);
  const grads = flatGradients([...params]);
  return grads.length === 0 ? zeros([]) : clipFlat(grads, maxNorm, normType === Infinity);
}

/** The gradients that are present, as flat stretches of their slabs: [length] each, a multiple of four. */
export function flatGradients(params: readonly Tensor[]): Tensor[] {
  const grads: Tensor[] = [];
  for (const run of flatten(params)) {
    settle(run);
    const present = run.segments.map((s) => s.param.grad !== null);
    for (let from = 0; from < present.length; ) {
      let to = from;
      while (to < present.length && present[to]) to++;
      if (to > from) grads.push(subRun(run, from, to).grads);
      from = to + 1;
    }
  }
  return grads;
}
