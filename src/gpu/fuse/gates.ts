// The gate of an activation that max pooling follows (relu's: its gradient is dy or 0, as its result says) moves from behind
// the gradient of the pooling to the front. Elements that were not picked have gradient 0 anyway, and those that were have the
// value that was pooled:
//   gate(x, scatter(dy)) = scatter(gate(y, dy)), y[o] = x[indices[o]]
// so there are fewer elements to gate, and x is not needed for it any more.

import type { Bindable, Dispatch, DispatchBinding } from "../dispatch.ts";
import { elementOf } from "../half_storage.ts";
import { Graph, legal, type Surroundings, sameRange } from "./graph.ts";
import { type Group, groupOf, type Input } from "./group.ts";
import { before } from "./hooks.ts";

export function gatesFirst(list: readonly Dispatch[], world: Surroundings): readonly Dispatch[] {
  if (!list.some((d) => d.role.kind === "scatters")) return list;
  let graph = new Graph(list, world);
  for (let at = 0; at < graph.list.length; at++) {
    const next = moved(graph, at);
    if (next) graph = new Graph(next, world);
  }
  return graph.list;
}

/** The list with the gate at `at` as the prologue of the scatter that it reads. */
function moved(graph: Graph, at: number): Dispatch[] | null {
  const gate = graph.list[at];
  const { role } = gate;
  if (role.kind !== "elementwise" || !role.gates) return null;
  const gated = bindingOf(gate, role.gates);
  const made = gated && graph.maker(gated.source.storage);
  const group = groupOf(gate);
  if (!group || !made || made.at >= at || graph.of(gated.source.storage).reads.length !== 1) return null;
  const scatter = graph.list[made.at];
  if (scatter.role.kind !== "scatters") return null;
  const [dy, indices, dx] = ["x", "indices", "dx"].map((name) => bindingOf(scatter, name)!);
  const picked = pickOf(graph, indices);
  if (!picked || scatter.options.hooks?.["prologue" as never]) return null;
  const { x, y } = picked;
  const others = group.inputs.filter((input) => input.source.storage !== dx.source.storage);
  const whole = (input: Input, of: Bindable) =>
    sameRange(input.source, of) && sizeOf(input.source) === group.size;
  if (!others.every((input) => whole(input, x.source)) || !whole(inputOf(group, dx), dx.source)) return null;
  const { width } = elementOf(scatter.shader.bindings.x.type, scatter.shader.aliases);
  const units = (width === 1 || width === 4) && sizeOf(dy.source) % width === 0;
  if (!units || dy.source.elementType !== dx.source.elementType) return null;
  if (graph.writtenBetween([dy.source, indices.source], made.at, at)) return null;
  if (graph.writtenBetween([x.source, y.source], picked.at, at)) return null;

  const { shape = [] } = y.source;
  const place = (input: Input) => (others.includes(input) ? y.source : dy.source);
  const inputs = group.inputs.map((input) => ({ ...input, source: place(input), shape }));
  const small: Group = { ...group, shape, size: sizeOf(y.source), inputs };
  const fused = before(small, scatter, { link: dy, value: group.outputs[0], stored: [], width });
  const target = bindingOf(gate, "y")!.source;
  const bindings = fused.bindings.map((b) => (b.name === "dx" ? { ...b, source: target } : b));
  if (!legal(bindings)) return null;
  const next = {
    ...scatter,
    ...fused,
    bindings,
    label: `${gate.label} + ${scatter.label}`,
    flops: scatter.flops + small.size,
    bytes: bindings.reduce((n, b) => n + b.source.byteLength, 0),
    role: { kind: "opaque" },
  } as const;
  return graph.list.flatMap((d, k) => (k === made.at ? [] : [k === at ? next : d]));
}

const bindingOf = (d: Dispatch, name: string) => d.bindings.find((b) => b.name === name);
const sizeOf = ({ shape = [] }: Bindable) => shape.reduce((n, s) => n * s, 1);
const inputOf = (group: Group, { source }: DispatchBinding) =>
  group.inputs.find((input) => input.source.storage === source.storage)!;

/** Where indices were found: what was picked, and from what. */
function pickOf(graph: Graph, indices: DispatchBinding) {
  const { writes } = graph.of(indices.source.storage);
  const found = writes.find(({ at }) => graph.list[at].role.kind === "picks");
  if (!found || writes.length > 1 || !sameRange(found.binding.source, indices.source)) return null;
  const pick = graph.list[found.at];
  return { at: found.at, x: bindingOf(pick, "x")!, y: bindingOf(pick, "y")! };
}
