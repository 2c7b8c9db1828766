// Drops the dispatches whose results nobody reads, and finds those whose result is the same at every run.

import type { Dispatch } from "../dispatch.ts";
import { HostScalar } from "../dispatch.ts";
import type { Storage } from "../storage.ts";
import { Graph, type Surroundings } from "./graph.ts";

/** The list without what writes only storage that nothing after it reads. */
export function dropDead(list: readonly Dispatch[], world: Surroundings): Dispatch[] {
  const wanted = new Set<Storage>(world.fixed);
  const live: Dispatch[] = [];
  for (const d of [...list].reverse()) {
    const matters = d.bindings.some(
      (b) => b.access !== "read" && (!world.inside.has(b.source.storage) || wanted.has(b.source.storage)),
    );
    if (!matters) continue;
    live.push(d);
    // What is written may be written in part only, or changed in place: whoever made it before is needed too.
    for (const b of d.bindings) wanted.add(b.source.storage);
  }
  return live.reverse();
}

/** Storage of constants stays allocated for the life of the program: not worth it beyond this. */
const CONSTANT_MAX_BYTES = 1 << 20;

/** Splits off the dispatches that depend on nothing that changes: they run once, when the program is built. */
export function splitConstant(
  list: readonly Dispatch[],
  world: Surroundings,
): { once: Dispatch[]; rest: Dispatch[] } {
  const graph = new Graph(list, world);
  const constant = new Set<Storage>();
  const once: Dispatch[] = [];
  const rest: Dispatch[] = [];
  for (const d of list) {
    const fixed = d.bindings.every(({ access, source: { storage, byteLength } }) =>
      access === "read"
        ? constant.has(storage)
        : graph.maker(storage) !== null && byteLength <= CONSTANT_MAX_BYTES,
    );
    const changing = d.params.some((p) => p.value instanceof HostScalar);
    if (!fixed || changing) {
      rest.push(d);
      continue;
    }
    once.push(d);
    for (const b of d.bindings) constant.add(b.source.storage);
  }
  return { once, rest };
}
