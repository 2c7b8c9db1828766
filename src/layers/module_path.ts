// Where in the tree a running `forward` stands, so that labels carry module paths: `features.0/conv2d`. A
// module does not know its name; whoever calls it has it as a member and does.

import { withLabel } from "../gpu/label.ts";
import type { Module } from "./module.ts";

let running: Module | null = null;
const namesBelow = new WeakMap<Module, Map<Module, string>>();

/**
 * Runs `fn`, the forward of `module`, under its name in the module whose forward runs; nameless outside of
 * all.
 */
export function asChild<R>(module: Module, fn: () => R): R {
  const caller = running;
  const name = caller ? nameIn(caller, module) : "";
  running = module;
  try {
    return withLabel(name, fn);
  } finally {
    running = caller;
  }
}

function nameIn(caller: Module, module: Module): string {
  const known = namesBelow.get(caller)?.get(module);
  if (known !== undefined) return known;
  const names = new Map(caller.namedModules().map(([name, m]) => [m, name]));
  names.set(module, names.get(module) ?? ""); // a stranger: remembered, so that it costs one walk
  namesBelow.set(caller, names);
  return names.get(module)!;
}
