// Max pooling over the windows 2x2 that tile the planes goes into the kernel that made the planes, if that can
// (OpaqueRole.pooled) and nobody else reads them: they are never written. Activations between are by then the kernel's
// epilogue (chains.ts), and their gradient reads what was pooled (gates.ts).

import type { Dispatch, DispatchBinding, PooledVariant } from "../dispatch.ts";
import { Graph, legal, type Surroundings } from "./graph.ts";
import { groupOf } from "./group.ts";

export function poolBehind(list: readonly Dispatch[], world: Surroundings): readonly Dispatch[] {
  if (!list.some((d) => d.role.kind === "picks")) return list;
  let graph = new Graph(list, world);
  for (let at = 0; at < graph.list.length; at++) {
    const next = absorbed(graph, at);
    if (next) graph = new Graph(next, world);
  }
  return graph.list;
}

/** The list with the pooling at `at` done where its planes are made. */
function absorbed(graph: Graph, at: number): Dispatch[] | null {
  const pool = graph.list[at];
  if (pool.role.kind !== "picks" || !pool.role.quarters) return null;
  const [x, y, indices] = ["x", "y", "indices"].map((name) => pool.bindings.find((b) => b.name === name)!);
  const maker = graph.maker(x.source.storage);
  if (!maker || maker.at >= at || maker.binding.name !== "y") return null;
  const made = graph.list[maker.at];
  const whole = maker.binding.source.byteLength === x.source.byteLength && x.source.byteOffset === 0;
  if (!whole || graph.of(x.source.storage).reads.length !== 1) return null;
  const group = groupOf(made);
  // A kernel that writes more than y would write it from lanes that only help their neighbours.
  if (!group?.base || group.outputs.length > 1 || isHalf(made, "y") || isHalf(pool, "y")) return null;
  const { role } = group.base;
  const variant = role.kind === "opaque" ? (role.pooled?.() ?? null) : null;
  const early = (b: DispatchBinding) => {
    const { reads, writes } = graph.of(b.source.storage);
    return writes.length > 1 || reads.some((r) => r.at <= at) || !graph.world.inside.has(b.source.storage);
  };
  if (!variant || early(y) || early(indices)) return null;

  const wanted =
    graph.world.fixed.has(indices.source.storage) || graph.of(indices.source.storage).reads.length > 0;
  const fused = withPool(made, pool, variant, { y, indices: wanted ? indices : null });
  if (!legal(fused.bindings)) return null;
  return graph.list.flatMap((d, k) => (k === at ? [] : [k === maker.at ? fused : d]));
}

const isHalf = (d: Dispatch, binding: string) => d.options.half?.includes(binding) ?? false;

/** The kernel that made the planes, writing what was pooled. */
function withPool(
  d: Dispatch,
  pool: Dispatch,
  { constants, params, grid }: PooledVariant,
  { y, indices }: { y: DispatchBinding; indices: DispatchBinding | null },
): Dispatch {
  const bindings = d.bindings.map((b) => (b.name === "y" ? { ...b, source: y.source } : b));
  const shaderBindings = { ...d.shader.bindings };
  const declared: string[] = [];
  if (indices) {
    const binding = Object.keys(shaderBindings).length + (d.shader.paramsBinding === null ? 0 : 1);
    bindings.push({ ...indices, binding });
    shaderBindings.indices = { binding, access: "read_write", type: "i32" };
    declared.push(`@group(0) @binding(${binding}) var<storage, read_write> indices: array<i32>;`);
  }
  const keep = indices ? " indices[o] = i32(at);" : "";
  const hooks = {
    epilogue: "fn epilogue(v: f32, i: u32) -> f32 { return v; }", // from here on nothing goes behind it
    ...(d.options.hooks as Record<string, string> | undefined),
    store_pooled: `fn store_pooled(o: u32, v: f32, at: u32) { y[o] = v;${keep} }`,
  };
  const options = {
    ...d.options,
    constants: { ...(d.options.constants as object), ...constants },
    hooks,
    append: [d.options.append ?? "", ...declared].join("\n"),
  } as Dispatch["options"];
  return {
    ...d,
    shader: { ...d.shader, bindings: shaderBindings },
    options,
    bindings,
    params: d.params.map((p) => ({ ...p, value: params[p.name] ?? p.value })),
    grid,
    label: `${d.label} + ${pool.label}`,
    flops: d.flops + pool.flops,
    bytes: bindings.reduce((n, b) => n + b.source.byteLength, 0),
  };
}
