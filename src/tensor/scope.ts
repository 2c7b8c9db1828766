// Who frees tensors: a scope releases what was made inside it except what it returns. The collector of the language is
// only the safety net.

import { UsageError } from "../gpu/errors.ts";

/** Something a scope can release. Tensor is the only one. */
export abstract class Scoped {
  /** Lets go of the storage; any later use throws and names `by`. What hangs on this goes too, `except` these. */
  abstract release(by: string, except?: ReadonlySet<Scoped>): void;
}

interface Frame {
  readonly name: string;
  readonly made: Set<Scoped>;
}

const frames: Frame[] = [];

/** Called by whatever makes a tensor. */
export function enter(made: Scoped): void {
  frames.at(-1)?.made.add(made);
}

/** Exempts a tensor from every open scope: parameters, buffers, whatever the user wants to hold. */
export function keep<T extends Scoped>(tensor: T): T {
  for (const f of frames) f.made.delete(tensor);
  return tensor;
}

/**
 * Runs `fn` and releases every tensor made inside, except those in its result (a tensor, or arrays, plain objects and
 * maps of them), which pass to the enclosing scope.
 *
 * @throws TypeError if `fn` returns a Promise: work after an await would run outside the scope.
 */
export function scope<R>(fn: () => R, name = "scope"): R {
  const frame: Frame = { name, made: new Set() };
  frames.push(frame);
  let returned: Set<Scoped> | null = null;
  try {
    const result = synchronous(name, fn());
    returned = tensorsIn(result);
    return result;
  } finally {
    frames.pop();
    for (const t of frame.made) {
      if (returned?.has(t)) enter(t);
      else t.release(name, returned ?? undefined);
    }
  }
}

/** Throws if a callback that must be synchronous returned a Promise. */
export function synchronous<R>(name: string, result: R): R {
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new TypeError(`${name}: the callback must be synchronous; await outside it`);
  }
  return result;
}

/** Every tensor in a nest of arrays, plain objects, maps and sets. */
export function tensorsIn(value: unknown, found = new Set<Scoped>(), seen = new Set<unknown>()): Set<Scoped> {
  if (value === null || typeof value !== "object" || seen.has(value)) return found;
  seen.add(value);
  if (value instanceof Scoped) found.add(value);
  else if (Array.isArray(value) || value instanceof Set) for (const v of value) tensorsIn(v, found, seen);
  else if (value instanceof Map) for (const v of value.values()) tensorsIn(v, found, seen);
  else if (isPlain(value)) for (const v of Object.values(value)) tensorsIn(v, found, seen);
  return found;
}

/** Rebuilds a nest of arrays and plain objects with every tensor replaced. */
export function mapTensors(value: unknown, fn: (tensor: Scoped) => unknown): unknown {
  if (value instanceof Scoped) return fn(value);
  if (Array.isArray(value)) return value.map((v) => mapTensors(v, fn));
  if (value instanceof Map || value instanceof Set)
    throw new UsageError("compile: results are tensors, arrays and plain objects");
  if (value !== null && typeof value === "object" && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapTensors(v, fn)]));
  }
  return value;
}

function isPlain(value: object): boolean {
  const proto = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}
