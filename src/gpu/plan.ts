// Memory plan of a program: when each storage is alive, and where in a few slabs it lies, so that what is never alive
// together shares bytes. WebGPU refuses a dispatch that binds one buffer both read-only and writable, even at other
// places: storages that meet so go to different slabs.

import type { Dispatch } from "./dispatch.ts";
import type { Storage } from "./storage.ts";

/** A storage's life, in places of the dispatch list, and its bytes. */
export interface Interval {
  readonly storage: Storage;
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

export interface Place extends Interval {
  readonly slab: number;
  readonly offset: number;
}

export interface Plan {
  readonly places: readonly Place[];
  readonly slabBytes: readonly number[];
  /** Sum of the slabs. */
  readonly plannedBytes: number;
  /** The most bytes alive at one time: no plan can do with less. */
  readonly boundBytes: number;
}

const ALIGN = 256; // WebGPU's default minStorageBufferOffsetAlignment
const aligned = (bytes: number) => Math.ceil(Math.max(bytes, 1) / ALIGN) * ALIGN;

/**
 * @param early alive before the first dispatch: arguments and host values
 * @param late alive after the last: results
 */
export function intervals(
  list: readonly Dispatch[],
  inside: Iterable<Storage>,
  early: ReadonlySet<Storage>,
  late: ReadonlySet<Storage>,
): Interval[] {
  const first = new Map<Storage, number>();
  const last = new Map<Storage, number>();
  list.forEach((d, at) => {
    for (const { source } of d.bindings) {
      if (!first.has(source.storage)) first.set(source.storage, at);
      last.set(source.storage, at);
    }
  });
  const found: Interval[] = [];
  for (const storage of inside) {
    const from = early.has(storage) ? -1 : first.get(storage);
    const to = late.has(storage) ? list.length : (last.get(storage) ?? from);
    // Nobody touches it: fused away.
    if (from === undefined || to === undefined) continue;
    found.push({ storage, bytes: aligned(storage.bytes), from, to });
  }
  return found;
}

const TRIES = 24; // further orders, while the best is not close to the bound
const CLOSE = 1.02;

/** Places every interval. @param capacity most bytes of a slab */
export function planMemory(list: readonly Dispatch[], alive: readonly Interval[], capacity: number): Plan {
  const foes = conflicts(list);
  const bySize = [...alive].sort((a, b) => b.bytes - a.bytes || a.from - b.from);
  const byLife = [...alive].sort((a, b) => (b.to - b.from) * b.bytes - (a.to - a.from) * a.bytes);
  const byTime = [...alive].sort((a, b) => a.from - b.from || b.bytes - a.bytes);
  const boundBytes = bound(alive);
  const attempt = (order: readonly Interval[]): Attempt => {
    const slabs = place(order, foes, capacity);
    return { order, slabs, bytes: slabs.reduce((n, s) => n + s.bytes, 0) };
  };
  let best = [bySize, byLife, byTime].map(attempt).reduce((a, b) => (b.bytes < a.bytes ? b : a));
  let last = best;
  for (let i = 0; i < TRIES && best.bytes > CLOSE * boundBytes; i++) {
    last = attempt(topsFirst(last));
    if (last.bytes < best.bytes) best = last;
  }
  return {
    places: best.slabs.flatMap((s, slab) => s.places.map((p) => ({ ...p, slab }))),
    slabBytes: best.slabs.map((s) => s.bytes),
    plannedBytes: best.bytes,
    boundBytes,
  };
}

interface Attempt {
  readonly order: readonly Interval[];
  readonly slabs: readonly Slab[];
  readonly bytes: number;
}

/** The order with what ended highest in its slab moved to the front: it found no place below, so it chooses first now. */
function topsFirst({ order, slabs }: Attempt): Interval[] {
  const tops = new Set(
    slabs.flatMap((s) => s.places.filter((p) => p.offset + p.bytes === s.bytes)).map((p) => p.storage),
  );
  return [...order.filter((i) => tops.has(i.storage)), ...order.filter((i) => !tops.has(i.storage))];
}

/** For each storage those it may not share a buffer with. */
function conflicts(list: readonly Dispatch[]): Map<Storage, Set<Storage>> {
  const foes = new Map<Storage, Set<Storage>>();
  const note = (a: Storage, b: Storage) => {
    let set = foes.get(a);
    if (!set) foes.set(a, (set = new Set()));
    set.add(b);
  };
  for (const d of list) {
    const read = d.bindings.filter((b) => b.access === "read");
    for (const w of d.bindings) {
      if (w.access === "read") continue;
      for (const r of read) {
        note(w.source.storage, r.source.storage);
        note(r.source.storage, w.source.storage);
      }
    }
  }
  return foes;
}

interface Slab {
  bytes: number;
  readonly places: (Interval & { readonly offset: number })[];
  readonly members: Set<Storage>;
}

/** One after the other into the slab that grows least, as low as it fits. */
function place(
  order: readonly Interval[],
  foes: ReadonlyMap<Storage, ReadonlySet<Storage>>,
  capacity: number,
): Slab[] {
  const slabs: Slab[] = [];
  for (const item of order) {
    const enemies = foes.get(item.storage);
    let best: { slab: Slab; offset: number; growth: number } | null = null;
    for (const slab of slabs) {
      if (enemies && [...enemies].some((s) => slab.members.has(s))) continue;
      const offset = lowest(slab, item);
      if (offset + item.bytes > capacity) continue;
      const growth = Math.max(0, offset + item.bytes - slab.bytes);
      if (!best || growth < best.growth) best = { slab, offset, growth };
    }
    if (!best) {
      const slab: Slab = { bytes: 0, places: [], members: new Set() };
      slabs.push(slab);
      best = { slab, offset: 0, growth: item.bytes };
    }
    const { slab, offset } = best;
    slab.places.push({ ...item, offset });
    slab.places.sort((a, b) => a.offset - b.offset);
    slab.members.add(item.storage);
    slab.bytes = Math.max(slab.bytes, offset + item.bytes);
  }
  return slabs;
}

/** The smallest gap that fits, among what is alive at the same time. */
function lowest(slab: Slab, item: Interval): number {
  let at = 0;
  let best = -1;
  let bestGap = Number.POSITIVE_INFINITY;
  for (const p of slab.places) {
    if (p.to < item.from || p.from > item.to) continue;
    const gap = p.offset - at;
    if (gap >= item.bytes && gap < bestGap) {
      best = at;
      bestGap = gap;
    }
    at = Math.max(at, p.offset + p.bytes);
  }
  return best >= 0 ? best : at;
}

function bound(alive: readonly Interval[]): number {
  return heaviest(alive).reduce((n, { bytes }) => n + bytes, 0);
}

/** What is alive where most bytes are, largest first. */
export function heaviest<T extends Interval>(alive: readonly T[]): T[] {
  const change = new Map<number, number>();
  for (const { from, to, bytes } of alive) {
    change.set(from, (change.get(from) ?? 0) + bytes);
    change.set(to + 1, (change.get(to + 1) ?? 0) - bytes);
  }
  let live = 0;
  let most = 0;
  let where = 0;
  for (const at of [...change.keys()].sort((a, b) => a - b)) {
    live += change.get(at)!;
    if (live > most) [most, where] = [live, at];
  }
  return alive.filter(({ from, to }) => from <= where && where <= to).sort((a, b) => b.bytes - a.bytes);
}
