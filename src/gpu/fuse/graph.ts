// Who reads and writes which storage in a list of dispatches, by place in the list: what every rewrite asks first.

import type { Bindable, Dispatch, DispatchBinding } from "../dispatch.ts";
import type { Storage } from "../storage.ts";

export interface Access {
  /** Place of the dispatch in the list. */
  readonly at: number;
  readonly binding: DispatchBinding;
}

export interface Users {
  /** Bindings that only read, and those that write (and may read), in order. */
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
}

const NOBODY: Users = { reads: [], writes: [] };

/** What a rewrite may know of the world outside the list. */
export interface Surroundings {
  /** Storage made inside; all else outlives a run. */
  readonly inside: ReadonlySet<Storage>;
  /** Storage inside that something else fills (arguments, host values) or reads (results). */
  readonly fixed: ReadonlySet<Storage>;
  /** More of the storage inside. */
  readonly make: (bytes: number, label: string) => Storage;
}

export class Graph {
  private readonly users = new Map<Storage, { reads: Access[]; writes: Access[] }>();

  constructor(
    readonly list: readonly Dispatch[],
    readonly world: Surroundings,
  ) {
    list.forEach((d, at) => {
      for (const binding of d.bindings) {
        const { storage } = binding.source;
        let users = this.users.get(storage);
        if (!users) this.users.set(storage, (users = { reads: [], writes: [] }));
        (binding.access === "read" ? users.reads : users.writes).push({ at, binding });
      }
    });
  }

  of(storage: Storage): Users {
    return this.users.get(storage) ?? NOBODY;
  }

  /** The one dispatch that makes this storage, if it is made inside, whole, once and by a dispatch alone. */
  maker(storage: Storage): Access | null {
    const { inside, fixed } = this.world;
    if (!inside.has(storage) || fixed.has(storage)) return null;
    const { writes } = this.of(storage);
    return writes.length === 1 ? writes[0] : null;
  }

  /** Whether something between two places of the list (exclusive) writes any of these ranges. */
  writtenBetween(sources: readonly Bindable[], from: number, to: number): boolean {
    return sources.some((s) =>
      this.of(s.storage).writes.some(({ at, binding }) => at > from && at < to && overlap(binding.source, s)),
    );
  }
}

/** Whether two ranges share a byte; bindings cover whole words of 16 bytes. */
export function overlap(a: Bindable, b: Bindable): boolean {
  if (a.storage !== b.storage) return false;
  return a.byteOffset < b.byteOffset + padded(b) && b.byteOffset < a.byteOffset + padded(a);
}

export const padded = (s: Bindable): number => Math.max(16, Math.ceil(s.byteLength / 16) * 16);

const MAX_STORAGE_BUFFERS = 8; // WebGPU's default maxStorageBuffersPerShaderStage

/** The same bytes. */
export const sameRange = (a: Bindable, b: Bindable): boolean =>
  a.storage === b.storage && a.byteOffset === b.byteOffset && a.byteLength === b.byteLength;

/**
 * WebGPU refuses a dispatch that binds too many buffers, one buffer both read-only and writable, or writable ranges that
 * overlap.
 */
export function legal(bindings: readonly DispatchBinding[]): boolean {
  if (bindings.length > MAX_STORAGE_BUFFERS) return false;
  const written = bindings.filter((b) => b.access !== "read");
  return written.every((w) =>
    bindings.every((b) => {
      if (b === w || b.source.storage !== w.source.storage) return true;
      return b.access !== "read" && !overlap(b.source, w.source);
    }),
  );
}
