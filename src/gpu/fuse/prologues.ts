// A kernel that reads its operand x through the hook `prologue` takes in the elementwise chain that made x: one dispatch and,
// if nobody else reads it, one buffer less. Where a kernel reads x more than once the chain is computed more than once, so
// then only cheap ones go in. The contract: src/gpu/dispatch.ts, FusionRole. Chains behind a kernel: chains.ts.

import type { Dispatch, DispatchBinding } from "../dispatch.ts";
import { elementOf } from "../half_storage.ts";
import { scalarFunctions } from "../shaders.gen.ts";
import { libraryOf, type Width } from "./expressions.ts";
import { type Access, Graph, legal, overlap, type Surroundings } from "./graph.ts";
import { type Group, groupOf, type Node, type Output } from "./group.ts";
import { before } from "./hooks.ts";

/** The text stands in the compiled kernel once for each load. */
const MAX_NODES = 8;
/** Of a chain that is computed more than once. */
const MAX_CHEAP_NODES = 4;
/** Elements that one core may as well do, and workgroups from which on all have something to do. */
const FEW = 8192;
const MIN_GROUPS = 4;

/** The list with the chains before reductions, softmax and norms taken in. */
export function fusePrologues(list: readonly Dispatch[], world: Surroundings): readonly Dispatch[] {
  let graph = new Graph(list, world);
  for (let at = 0; at < graph.list.length; ) {
    const next = absorbed(graph, at);
    if (next) graph = new Graph(next, world);
    else at++;
  }
  return graph.list;
}

/** A chain and the one of its results that kernels read as x. */
interface Chain {
  readonly maker: Access;
  readonly group: Group;
  readonly result: Output;
}

/** The list with what made x of `list[at]` taken in; null where that cannot be, or does not pay. */
function absorbed(graph: Graph, at: number): Dispatch[] | null {
  const { list } = graph;
  const operand = operandOf(list[at]);
  const maker = operand && graph.maker(operand.link.source.storage);
  if (!maker || maker.at >= at) return null;
  const group = groupOf(list[maker.at]);
  const result = group?.outputs.find((o) => overlap(o.target, operand.link.source));
  if (!group || !result || group.base || group.nodes.length > MAX_NODES) return null;
  const chain = { maker, group, result };
  const readers = [...new Set(graph.of(result.target.storage).reads.map((r) => r.at))];
  const spared = group.outputs.length === 1 && (readers.length === 1 || isCheap(group));
  const made = spared ? readers.map((k) => withChain(graph, k, chain, [])) : [null];
  if (made.every((d) => d !== null)) return replaced(list, maker.at, readers, made);
  // Still needed by others: the kernel stores it, if it passes each element once and comes first.
  const stored = group.outputs.filter((o) => o !== result || readers.length > 1);
  const one = withChain(graph, at, chain, stored);
  return one && replaced(list, maker.at, [at], [one]);
}

function replaced(list: readonly Dispatch[], gone: number, at: readonly number[], by: readonly Dispatch[]) {
  return list.flatMap((d, k) => (k === gone ? [] : [at.includes(k) ? by[at.indexOf(k)] : d]));
}

/** The operand that a kernel reads through its hook, in which units, and the WGSL type of its elements. */
function operandOf(d: Dispatch): { link: DispatchBinding; width: Width; stored: string } | null {
  if (!d.shader.hooks.includes("prologue") || d.options.hooks?.["prologue" as never]) return null;
  const link = d.bindings.find((b) => b.name === "x" && b.access === "read");
  if (!link) return null;
  const types = (d.options.types ?? {}) as Record<string, string>;
  const { scalar, width } = elementOf(d.shader.bindings.x.type, { ...d.shader.aliases, ...types });
  return width === 1 || width === 4 ? { link, width, stored: scalar } : null;
}

/** A kernel that computes its operand by the chain, and stores these of its results. */
function withChain(
  graph: Graph,
  at: number,
  { maker, group, result }: Chain,
  stored: readonly Output[],
): Dispatch | null {
  const d = graph.list[at];
  const operand = operandOf(d);
  if (!operand || operand.stored !== result.stored) return null;
  const { link, width } = operand;
  const { storage, byteOffset, byteLength } = result.target;
  const reads = d.bindings.filter((b) => b.source.storage === storage);
  const whole = link.source.byteOffset === byteOffset && link.source.byteLength === byteLength;
  if (reads.length !== 1 || reads[0] !== link || !whole || group.size % width !== 0) return null;
  const once = onceOf(d);
  if (!once && (stored.length > 0 || !isCheap(group))) return null;
  if (!isParallel(d, group.size)) return null;
  const inputs = graph.list[maker.at].bindings.filter((b) => b.access === "read").map((b) => b.source);
  if (graph.writtenBetween(inputs, maker.at, at)) return null;
  const between = (r: Access) => r.at > maker.at && r.at < at;
  const early = ({ target }: Output) => {
    const { reads, writes } = graph.of(target.storage);
    return reads.some(between) || writes.some(between);
  };
  if (stored.some(early)) return null;

  const constants = { ...(d.options.constants as object), ...(group.nodes.every(isArithmetic) ? {} : once) };
  const base = { ...d, options: { ...d.options, constants } as Dispatch["options"] };
  const fused = before(group, base, { link, value: result, stored, width });
  if (!legal(fused.bindings)) return null;
  const moved = [...group.inputs.map((x) => x.source), ...stored.map((o) => o.target)];
  const bytes = d.bytes - byteLength + moved.reduce((n, s) => n + s.byteLength, 0);
  const { kernel, shader, options, bindings } = fused;
  const [label, flops] = [`${group.label} + ${d.label}`, group.flops + d.flops];
  return { ...d, kernel, shader, options, bindings, label, flops, bytes };
}

const onceOf = ({ role }: Dispatch) => (role.kind === "opaque" ? role.once : undefined);

/** A chain has a thread for every four elements: it should not have to make do with one core. */
const isParallel = ({ grid }: Dispatch, size: number) =>
  size <= FEW || grid[0] * grid[1] * grid[2] >= MIN_GROUPS;

/** A few sums and products: what costs no more than the loads it saves. */
function isCheap({ nodes }: Group): boolean {
  return nodes.length <= MAX_CHEAP_NODES && nodes.every(isArithmetic);
}

function isArithmetic({ role }: Node): boolean {
  const text = [role.apply, ...libraryOf(role.calls).map((name) => scalarFunctions[name].code)].join("\n");
  const products = text.match(/[^/*]\*[^/*]/g)?.length ?? 0;
  return (
    products <= 2 && !/\b(exp2?|log2?|pow|sqrt|inverseSqrt|sinh?|cosh?|tanh?|atan2?)\(|\bfor\b/.test(text)
  );
}
