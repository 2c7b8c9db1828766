// Layers whose weight is computed from other parameters at every forward: weight_norm.ts, spectral_norm.ts.

import { UsageError } from "../gpu/errors.ts";
import { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** The parameter that a layer holds in a field. Throws UsageError if it holds none. */
export function fieldParameter(norm: string, module: Module, name: string): Parameter {
  const found = (module as unknown as Readonly<Record<string, unknown>>)[name];
  if (found instanceof Parameter) return found;
  throw new UsageError(`${norm}: ${module.constructor.name} has no parameter ${name}`);
}

/** Puts `compute` in place of the field: once a forward with `inForward`, and whenever it is read outside of one. */
export function computeField(module: Module, name: string, compute: (inForward: boolean) => Tensor): void {
  let current: Tensor | null = null;
  const forward = module.forward;
  const wrapped = (...args: never[]): unknown => {
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
}
