// Elementwise fusion: a dispatch that reads what another one made, element by element, takes it in. The result runs where
// the reader stood, or, if others need by-products before, where the maker stood; a tensor in between that others read later
// is written all the same.

import type { Dispatch } from "../dispatch.ts";
import type { Storage } from "../storage.ts";
import { Graph, legal, type Surroundings } from "./graph.ts";
import { type Group, groupOf, type Input, merge, stands } from "./group.ts";
import { mainOutput } from "./hooks.ts";
import { textOf } from "./text.ts";

/** Longer texts compile for longer than they save. */
const MAX_NODES = 16;

/** Merged groups still carry the pipeline of one of their parts: see `withTexts`. */
export function fuseChains(list: readonly Dispatch[], world: Surroundings): Dispatch[] {
  let current = [...list];
  for (let at = 0; at < current.length; at++) {
    for (let next = absorbed(current, at, world); next; next = absorbed(current, at, world)) {
      current = next.list;
      at = next.place;
    }
  }
  return current;
}

/** The list with one producer of what `list[at]` reads taken in, if there is one that can be, and where both are now. */
function absorbed(
  list: readonly Dispatch[],
  at: number,
  world: Surroundings,
): { list: Dispatch[]; place: number } | null {
  const consumer = groupOf(list[at]);
  if (!consumer || (consumer.base && consumer.nodes.length === 0)) return null;
  const graph = new Graph(list, world);
  for (const input of consumer.inputs) {
    const fused = taken(graph, at, consumer, input);
    if (!fused) continue;
    const { from, place, dispatch } = fused;
    const next = list.flatMap((d, k) => (k === place ? [dispatch] : k === from || k === at ? [] : [d]));
    return { list: next, place: place === at ? at - 1 : place };
  }
  return null;
}

function taken(
  graph: Graph,
  at: number,
  consumer: Group,
  input: Input,
): { from: number; place: number; dispatch: Dispatch } | null {
  const maker = graph.maker(input.source.storage);
  if (!maker || maker.at >= at) return null;
  const made = graph.list[maker.at];
  const producer = groupOf(made);
  const { world } = graph;
  if (!producer || (producer.base && consumer.base) || producer.size !== consumer.size) return null;
  // The very same elements in the same order, and no copy of them among the broadcast ones.
  const sources = consumer.inputs.filter((x) => x.source.storage === input.source.storage);
  const whole = ({ source, shape }: Input) =>
    source.byteOffset === maker.binding.source.byteOffset &&
    shape.reduce((n, s) => n * s, 1) === consumer.size;
  if (!sources.every(whole)) return null;
  // Across a reshape what broadcasts against the one shape has no place in the other.
  const reshaped = producer.shape.join() !== consumer.shape.join();
  const plain = ({ shape }: Input) => [1, producer.size].includes(shape.reduce((n, s) => n * s, 1));
  if (reshaped && !producer.inputs.every(plain)) return null;
  const readers = graph.of(input.source.storage).reads.filter((r) => r.at !== at);
  if (readers.some((r) => r.at < at)) return null;
  // By-products too (mean of a norm); stand-ins for what a kernel does without are shared and never read.
  const byProducts = made.bindings.filter((b) => b.access !== "read" && world.inside.has(b.source.storage));
  const others = [...producer.outputs.map((o) => o.target), ...byProducts.map((b) => b.source)].map(
    (s) => s.storage,
  );
  const between = (r: { at: number }) => r.at > maker.at && r.at < at;
  const used = (s: Storage) => graph.of(s).reads.some(between) || graph.of(s).writes.some(between);
  const later = !others.some(used) && !graph.writtenBetween(readsOf(made), maker.at, at);
  const needs = readsOf(graph.list[at]).filter((s) => s.storage !== input.source.storage);
  const results = graph.list[at].bindings.filter((b) => b.access !== "read").map((b) => b.source.storage);
  const earlier = !results.some(used) && !graph.writtenBetween(needs, maker.at, at);
  if (!later && !earlier) return null;

  const group = merge(producer, consumer, input.source, readers.length > 0);
  const dispatch = dispatchOf(group, graph.list[at]);
  return dispatch && { from: maker.at, place: later ? at : maker.at, dispatch };
}

const readsOf = (d: Dispatch) => d.bindings.filter((b) => b.access === "read").map((b) => b.source);

/** A dispatch that stands for the group, with all its bindings; null where it would not be legal. */
function dispatchOf(group: Group, like: Dispatch): Dispatch | null {
  if (group.nodes.length > MAX_NODES || (group.base && mainOutput(group) < 0)) return null;
  const { bindings, params, paramsBytes, grid, kernel, shader, options } = textOf(group);
  if (!legal(bindings)) return null;
  const bytes = bindings.reduce((n, b) => n + b.source.byteLength, 0);
  const { label, flops } = group;
  const fused = { kernel, shader, options, bindings, params, paramsBytes, grid, label, flops, bytes };
  const once = group.base?.role.kind === "opaque" ? group.base.role.once : undefined;
  return stands({ ...like, ...fused, role: { kind: "opaque", once } }, group);
}
