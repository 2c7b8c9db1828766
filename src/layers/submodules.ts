// Finding and replacing parts of a module by their path, for transfer learning.

import { OptionError } from "../gpu/errors.ts";
import type { Module } from "./module.ts";

/** The module at `path` below `model`. Throws OptionError naming what stands where the path ends. */
export function submodule(model: Module, path: string): Module {
  const named = new Map(model.namedModules());
  const found = named.get(path);
  if (found) return found;
  const parts = path.split(".");
  while (parts.length > 0 && !named.has(parts.join("."))) parts.pop();
  const parent = parts.join(".");
  const list = named
    .get(parent)!
    .namedChildren()
    .map(([name]) => name);
  const where = parent || model.constructor.name;
  throw new OptionError(`getSubmodule: no module ${path}; ${where} has ${list.join(", ") || "none"}`);
}

/** Puts `module` into the field of this name, or into the array in it (`blocks.3`); false if nothing stands there. */
export function replaceField(owner: Module, name: string, module: Module): boolean {
  const keys = name.split(".");
  const last = keys.pop()!;
  let fields = owner as unknown as Record<string, unknown>;
  for (const key of keys) fields = (fields[key] ?? {}) as Record<string, unknown>;
  if (fields[last] === undefined) return false;
  fields[last] = module;
  return true;
}
