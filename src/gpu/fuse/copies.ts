// A tensor that is made only to be copied elsewhere is made there at once: gradients in their places of the slab.

import type { Bindable, Dispatch } from "../dispatch.ts";
import { type Access, Graph, legal, overlap, type Surroundings } from "./graph.ts";

/** The list without the copies that can be spared. */
export function spareCopies(list: readonly Dispatch[], world: Surroundings): Dispatch[] {
  let current = [...list];
  for (let at = 0; at < current.length; ) {
    const next = current[at].role.kind === "copy" ? spared(new Graph(current, world), at) : null;
    if (next) current = next;
    else at++;
  }
  return current;
}

function spared(graph: Graph, at: number): Dispatch[] | null {
  const copy = graph.list[at];
  const from = copy.bindings.find((b) => b.access === "read")!.source;
  const to = copy.bindings.find((b) => b.access !== "read")!.source;
  const maker = graph.maker(from.storage);
  if (!maker || maker.at > at) return null;
  if (from.byteOffset !== 0 || maker.binding.source.byteLength !== from.byteLength) return null;
  const whole = (from.shape ?? [1]).reduce((n, s) => n * s, 1) % 4 === 0;
  if (!whole && mayPad(graph.list[maker.at], maker)) return null;
  // Nobody may look at the target, or write it, while it is not yet or no longer what was made.
  const readers = graph.of(from.storage).reads.filter((r) => r.at !== at);
  const last = Math.max(at, ...readers.map((r) => r.at));
  const target = graph.of(to.storage);
  const meets = ({ at: k, binding }: Access) =>
    k !== at && k >= maker.at && k <= last && overlap(binding.source, to);
  if (target.writes.some(meets)) return null;
  if (target.reads.some((r) => r.at <= at && meets(r))) return null;
  if (readers.some((r) => r.binding.source.byteOffset !== 0)) return null;

  const next = graph.list.map((d, k) =>
    k === maker.at || readers.some((r) => r.at === k) ? moved(d, from, to) : d,
  );
  if ([maker.at, ...readers.map((r) => r.at)].some((k) => !legal(next[k].bindings))) return null;
  next.splice(at, 1);
  return next;
}

function moved(d: Dispatch, from: Bindable, to: Bindable): Dispatch {
  const bindings = d.bindings.map((b) => {
    if (b.source.storage !== from.storage) return b;
    const { storage, byteOffset } = to;
    return { ...b, source: { ...b.source, storage, byteOffset } };
  });
  return { ...d, bindings };
}

/** Kernels that write four values at a time write the padding of their result, which in a slab must stay zero. */
function mayPad(d: Dispatch, { binding }: Access): boolean {
  return /^vec4/.test(d.shader.bindings[binding.name]?.type ?? "vec4");
}
