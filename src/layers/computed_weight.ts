// Layers whose weight is computed from other parameters at every forward: weight_norm.ts, spectral_norm.ts; and back.

import { UsageError } from "../gpu/errors.ts";
import { noGrad } from "../tensor/mode.ts";
import { Parameter } from "../tensor/parameter.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** The parameter that a layer holds in a field. Throws UsageError if it holds none. */
export function fieldParameter(norm: string, module: Module, name: string): Parameter {
  const found = (module as unknown as Readonly<Record<string, unknown>>)[name];
  if (found instanceof Parameter) return found;
  throw new UsageError(`${norm}: ${module.constructor.name} has no parameter ${name}`);
}

/** How to put the fields of a module back, by norm and name. */
const restorers = new WeakMap<Module, Map<string, () => void>>();

/**
 * Puts `compute` in place of the field: once a forward with `inForward`, and whenever it is read outside of one.
 *
 * @param restore what else `restoreField` has to do; the parameter that it gives becomes the field
 */
export function computeField(
  norm: string,
  module: Module,
  name: string,
  compute: (inForward: boolean) => Tensor,
  restore: () => Parameter,
): void {
  let active = true;
  let current: Tensor | null = null;
  const forward = module.forward;
  const wrapped = (...args: never[]): unknown => {
    if (!active) return forward(...args);
    const before = current;
    current = compute(true);
    try {
      return forward(...args);
    } finally {
      current = before;
    }
  };
  // Not enumerable: neither is a member of the module.
  Object.defineProperty(module, "forward", { value: wrapped, writable: true, configurable: true });
  const get = () => current ?? compute(false);
  Object.defineProperty(module, name, { get, enumerable: false, configurable: true });
  if (!restorers.has(module)) restorers.set(module, new Map());
  restorers.get(module)!.set(`${norm} ${name}`, () => {
    active = false;
    const descriptor = { value: restore(), writable: true, enumerable: true, configurable: true };
    Object.defineProperty(module, name, descriptor);
  });
}

/** Undoes `computeField`. Throws UsageError if there is none of this norm. */
export function restoreField(norm: string, module: Module, name: string): void {
  const restore = restorers.get(module)?.get(`${norm} ${name}`);
  if (!restore)
    throw new UsageError(`${norm}: ${module.constructor.name} has none on ${name}, or it was removed`);
  restorers.get(module)!.delete(`${norm} ${name}`);
  restore();
}

/** Makes `computed` the value of the parameter it was computed from, in place: an optimizer keeps its hold. */
export function settleField(parameter: Parameter, compute: () => Tensor): Parameter {
  noGrad(() => scope(() => void copyInto(parameter, compute()), "computed weight"));
  return parameter;
}
