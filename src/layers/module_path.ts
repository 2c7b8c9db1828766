// What happens around every `forward`. Where in the tree it stands, so that labels carry module paths: `features.0/conv2d`: a
// module does not know its name; whoever calls it has it as a member and does. Then the module's forward hooks.

import { withLabel } from "../gpu/label.ts";
import type { Module } from "./module.ts";

let running: Module | null = null;
const namesBelow = new WeakMap<Module, Map<Module, string>>();

/** Called after `forward`; what it returns, unless undefined, takes the place of the output. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;
export interface HookHandle {
  remove(): void;
}
const hooks = new WeakMap<Module, Set<ForwardHook>>();

/** Hooks run in the order they were added. */
export function addForwardHook(module: Module, hook: ForwardHook): HookHandle {
  const own = hooks.get(module) ?? new Set();
  const added: ForwardHook = (...args) => hook(...args); // the same function twice is two hooks
  hooks.set(module, own.add(added));
  return { remove: () => void own.delete(added) };
}

/**
 * Runs `fn`, the forward of `module`, under its name in the module whose forward runs; nameless outside of
 * all.
 */
export function asChild<R>(module: Module, inputs: readonly unknown[], fn: () => R): R {
  const caller = running;
  const name = caller ? nameIn(caller, module) : "";
  running = module;
  try {
    return withLabel(name, () => hooked(module, inputs, fn()));
  } finally {
    running = caller;
  }
}

function hooked<R>(module: Module, inputs: readonly unknown[], first: R): R {
  let output = first;
  for (const hook of hooks.get(module) ?? [])
    output = (hook(module, inputs, output) as R | undefined) ?? output;
  return output;
}

function nameIn(caller: Module, module: Module): string {
  const known = namesBelow.get(caller)?.get(module);
  if (known !== undefined) return known;
  const names = new Map(caller.namedModules().map(([name, m]) => [m, name]));
  names.set(module, names.get(module) ?? ""); // a stranger: remembered, so that it costs one walk
  namesBelow.set(caller, names);
  return names.get(module)!;
}
