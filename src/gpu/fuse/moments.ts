// The statistics of batch norm come with the convolution in front of it, which has all it writes in registers: one pass over
// its result less. Only where nothing stands between, and for kernels that can (OpaqueRole.moments).

import type { Bindable, Dispatch, DispatchBinding, MomentsVariant } from "../dispatch.ts";
import { Graph, legal, type Surroundings, sameRange } from "./graph.ts";
import { groupOf } from "./group.ts";

const MOMENTS_BYTES = 16; // count, shift, rest, m2

export function momentsBehind(list: readonly Dispatch[], world: Surroundings): readonly Dispatch[] {
  if (!list.some((d) => d.role.kind === "moments")) return list;
  let graph = new Graph(list, world);
  for (let at = 0; at < graph.list.length; at++) {
    const next = absorbed(graph, at);
    if (next) graph = new Graph(next, world);
  }
  return graph.list;
}

/** The list with the statistics at `at` made where their x is. */
function absorbed(graph: Graph, at: number): Dispatch[] | null {
  const statistics = graph.list[at];
  if (statistics.role.kind !== "moments") return null;
  const [x, partial] = ["x", "partial"].map((name) => statistics.bindings.find((b) => b.name === name)!);
  const maker = graph.maker(x.source.storage);
  if (!maker || maker.at >= at || maker.binding.name !== "y" || !sameRange(maker.binding.source, x.source))
    return null;
  const made = graph.list[maker.at];
  const group = groupOf(made);
  const { role } = made;
  const variant = role.kind === "opaque" ? (role.moments?.() ?? null) : null;
  if (!variant || !group?.base || group.nodes.length > 0 || isHalf(made)) return null;
  const channels = x.source.shape?.[1];
  const { reads } = graph.of(partial.source.storage);
  if (!channels || graph.maker(partial.source.storage)?.at !== at || reads.length !== 1) return null;
  const [{ at: foldAt, binding: read }] = reads;
  const fold = graph.list[foldAt];
  if (!fold.params.some((p) => p.name === "splits") || !sameRange(read.source, partial.source)) return null;

  const bytes = variant.splits * channels * MOMENTS_BYTES;
  const place = (storage: Bindable["storage"]): Bindable => ({
    ...partial.source,
    storage,
    byteOffset: 0,
    byteLength: bytes,
    shape: [variant.splits, channels, 4],
  });
  const moments = place(graph.world.make(bytes, statistics.label));
  const both = withMoments(made, variant, moments, statistics);
  if (!legal(both.bindings)) return null;
  const next = foldedFrom(fold, read, moments, variant.splits);
  return graph.list.flatMap((d, k) => (k === at ? [] : [k === maker.at ? both : k === foldAt ? next : d]));
}

const isHalf = (d: Dispatch) => (d.options.half?.length ?? 0) > 0;

/** The kernel that makes x, with its moments. */
function withMoments(
  d: Dispatch,
  { constants }: MomentsVariant,
  moments: Bindable,
  from: Dispatch,
): Dispatch {
  const name = "moments";
  const binding = Object.keys(d.shader.bindings).length + (d.shader.paramsBinding === null ? 0 : 1);
  const bindings = [...d.bindings, { name, binding, access: "read_write", source: moments } as const];
  const type = "vec4f";
  const hooks = {
    epilogue: "fn epilogue(v: f32, i: u32) -> f32 { return v; }", // the moments are of what it gets
    ...(d.options.hooks as Record<string, string> | undefined),
    store_moments: `fn store_moments(at: u32, m: vec4f) { ${name}[at] = m; }`,
  };
  const declared = `@group(0) @binding(${binding}) var<storage, read_write> ${name}: array<${type}>;`;
  const options = {
    ...d.options,
    constants: { ...(d.options.constants as object), ...constants },
    hooks,
    append: [d.options.append ?? "", declared].join("\n"),
  } as Dispatch["options"];
  return {
    ...d,
    shader: {
      ...d.shader,
      bindings: { ...d.shader.bindings, [name]: { binding, access: "read_write", type } },
    },
    options,
    bindings,
    label: `${d.label} + ${from.label}`,
    flops: d.flops + from.flops,
    bytes: d.bytes + moments.byteLength,
  };
}

/** The kernel that merges the splits, over other ones. */
function foldedFrom(d: Dispatch, read: DispatchBinding, source: Bindable, splits: number): Dispatch {
  return {
    ...d,
    bindings: d.bindings.map((b) => (b.name === read.name ? { ...b, source } : b)),
    params: d.params.map((p) => (p.name === "splits" ? { ...p, value: splits } : p)),
    bytes: d.bytes - read.source.byteLength + source.byteLength,
  };
}
