// What of a program can be looked at after a run: tensors made inside, by the label of the dispatch that made them.

import type { Bindable, Dispatch } from "./dispatch.ts";
import type { Storage } from "./storage.ts";
import type { Trace } from "./trace.ts";

/** A tensor made inside a program that can be looked at after a run. */
export interface Retained {
  /** Label of the dispatch that made it; of its further results, with the binding's name: `crossEntropy.stats`. */
  readonly name: string;
  readonly source: Bindable;
  /** Places in `dispatches` of those that write it. */
  readonly madeBy: readonly number[];
}

/** The results made inside by the dispatches whose label is wanted; names told apart by a number where they repeat. */
export function named(
  trace: Trace,
  retain: (label: string) => boolean,
): { name: string; source: Bindable }[] {
  const seen = new Set<Storage>();
  const times = new Map<string, number>();
  const found: { name: string; source: Bindable }[] = [];
  for (const d of trace.dispatches) {
    if (!retain(d.label)) continue;
    const results = d.bindings.filter((b) => b.access !== "read" && trace.storages.has(b.source.storage));
    results.forEach(({ name: binding, source }, i) => {
      if (seen.has(source.storage)) return;
      seen.add(source.storage);
      const label = i === 0 ? d.label : `${d.label}.${binding}`;
      const time = (times.get(label) ?? 0) + 1;
      times.set(label, time);
      found.push({ name: time === 1 ? label : `${label}#${time}`, source });
    });
  }
  return found;
}

export const writersOf = (list: readonly Dispatch[], storage: Storage): number[] =>
  list.flatMap((d, at) =>
    d.bindings.some((b) => b.access !== "read" && b.source.storage === storage) ? [at] : [],
  );
