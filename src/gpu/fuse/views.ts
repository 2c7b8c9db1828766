// Kernels that take strides read what a copy only rearranges where it was, and write their result where a copy would put it:
// split, permute and cat around attention need no dispatch. The copies are declared by StridedRole, the kernels by views.

import type { Dispatch, DispatchBinding, FusionRole, StridedView } from "../dispatch.ts";
import { dropDead } from "./dead.ts";
import { type Access, Graph, legal, type Surroundings } from "./graph.ts";
import { apart, type Box, type Relayout, relayout, through } from "./strides.ts";

/** The list without the copies that strides say as well. */
export function seeThrough(list: readonly Dispatch[], world: Surroundings): Dispatch[] {
  let graph = new Graph(list, world);
  for (let at = 0; at < graph.list.length; at++) {
    for (let next = rewritten(graph, at); next; next = rewritten(graph, at)) graph = new Graph(next, world);
  }
  return dropDead(graph.list, world);
}

function rewritten(graph: Graph, at: number): Dispatch[] | null {
  const d = graph.list[at];
  const views = viewsOf(d);
  if (!views) return null;
  for (const binding of d.bindings) {
    if (!views[binding.name]) continue;
    const next =
      binding.access === "read" ? readThrough(graph, at, binding) : writtenThrough(graph, at, binding);
    if (next) return next;
  }
  return null;
}

/** With this operand read where the copy that made it took it from. */
function readThrough(graph: Graph, at: number, binding: DispatchBinding): Dispatch[] | null {
  const maker = graph.maker(binding.source.storage);
  if (!maker || maker.at >= at) return null;
  const copied = copyOf(graph.list[maker.at]);
  const map = copied && relayoutOf(copied, "dst");
  if (!map || !whole(binding, copied.dst)) return null;
  if (graph.writtenBetween([copied.src.source], maker.at, at)) return null;
  const moved = movedTo(graph.list[at], binding, copied.src, map);
  return moved && graph.list.map((d, k) => (k === at ? moved : d));
}

/** With this result written where the copy that reads it puts it; whoever else reads it must take strides too. */
function writtenThrough(graph: Graph, at: number, binding: DispatchBinding): Dispatch[] | null {
  const maker = graph.maker(binding.source.storage);
  if (maker?.at !== at) return null;
  const { reads } = graph.of(binding.source.storage);
  const copyAt = reads.find((r) => graph.list[r.at].role.kind === "strided")?.at;
  const copied = copyAt === undefined ? null : copyOf(graph.list[copyAt]);
  const map = copied && relayoutOf(copied, "src");
  if (!map || !whole(binding, copied.src)) return null;
  const others = reads.filter((r) => r.at !== copyAt);
  const last = Math.max(copyAt!, ...others.map((r) => r.at));
  if (!isFree(graph, copied.dst, [at, copyAt!, last])) return null;

  const next = [...graph.list];
  for (const user of [{ at, binding }, ...others]) {
    if (!whole(user.binding, copied.src)) return null;
    const moved = movedTo(next[user.at], user.binding, copied.dst, map);
    if (!moved) return null;
    next[user.at] = moved;
  }
  next.splice(copyAt!, 1);
  return next;
}

/** Whether the copy's part of its target may be filled earlier: nobody reads the target before, or writes that part meanwhile. */
function isFree(graph: Graph, target: DispatchBinding, [from, copyAt, last]: readonly number[]): boolean {
  const { storage } = target.source;
  if (!graph.world.inside.has(storage)) return false;
  const part = boxOf(graph.list[copyAt], target);
  const meets = ({ at, binding }: Access) => {
    if (at === copyAt || at < from || at > last) return false;
    return boxesOf(graph.list[at], binding).some((other) => !part || !other || !apart(part, other));
  };
  const { reads, writes } = graph.of(storage);
  return !reads.some((r) => r.at <= copyAt) && !writes.some(meets);
}

/** The dispatch with a binding at another place, and the params that say how it lies there; null where the kernel cannot. */
function movedTo(d: Dispatch, binding: DispatchBinding, to: DispatchBinding, map: Relayout): Dispatch | null {
  const view = viewsOf(d)?.[binding.name];
  const box = view && boxOf(d, binding);
  const moved = box && through(box, map);
  if (!view || !moved || !takes(view, moved)) return null;
  const { unit = 1 } = view;
  const values = new Map(view.axes.map(({ param }, k) => [param, moved.axes[k].stride / unit]));
  if (view.offset !== null) values.set(view.offset, moved.offset / unit);
  const params = d.params.map((p) => ({ ...p, value: values.get(p.name) ?? p.value }));
  const source = { ...binding.source, ...placeOf(to) };
  const bindings = d.bindings.map((b) => (b.name === binding.name ? { ...b, source } : b));
  const next = joined({ ...d, params, bindings, role: reading(d.role, moved) }, binding.name);
  return legal(next.bindings) ? next : null;
}

/** A copy says in its role too where it reads. */
function reading(role: FusionRole, moved: Box): FusionRole {
  if (role.kind !== "strided") return role;
  const first = role.axes.length - role.views.src.axes.length;
  const axes = role.axes.map((a, k) => (k < first ? a : { ...a, src: moved.axes[k - first].stride }));
  return { ...role, axes, srcOffset: moved.offset };
}

const placeOf = ({ source: { storage, byteOffset, byteLength, shape } }: DispatchBinding) => ({
  storage,
  byteOffset,
  byteLength,
  shape,
});

/** Two results in one storage are one binding, if the kernel can do that. */
function joined(d: Dispatch, name: string): Dispatch {
  const views = viewsOf(d)!;
  const { source } = d.bindings.find((b) => b.name === name)!;
  const other = d.bindings.find(
    (b) => b.name !== name && b.access !== "read" && b.source.storage === source.storage,
  );
  const joining = [name, other?.name ?? name].find((n) => views[n]?.joins);
  const joins = joining === undefined ? undefined : views[joining]!.joins!;
  if (!other || !joins || ![name, other.name].includes(joins.binding)) return d;
  const bindings = d.bindings.map((b) => {
    if (b.name === joins.binding) return { ...b, source };
    return b.name === joining
      ? { ...b, source: source.device.nothing("read_write", d.bindings.length + b.binding) }
      : b;
  });
  const constants = { ...(d.options.constants as object), [joins.constant]: true };
  return { ...d, bindings, options: { ...d.options, constants } as Dispatch["options"] };
}

function takes({ offset, run, align }: StridedView, box: Box): boolean {
  const inner = box.axes.at(-1)!;
  if (run > 1 && inner.stride !== 1) return false;
  if (offset === null && box.offset !== 0) return false;
  return [box.offset, ...box.axes.slice(0, -1).map((a) => a.stride)].every((n) => n % align === 0);
}

const viewsOf = ({ role }: Dispatch): Readonly<Record<string, StridedView>> | null =>
  role.kind === "opaque" || role.kind === "strided" ? (role.views ?? null) : null;

/** Which elements of its tensor a binding stands for; null: unknown. */
function boxOf(d: Dispatch, binding: DispatchBinding): Box | null {
  const boxes = boxesOf(d, binding);
  return boxes.length === 1 ? boxes[0] : null;
}

/** The same where other results have joined it: a box each. */
function boxesOf(d: Dispatch, binding: DispatchBinding): (Box | null)[] {
  if (d.role.kind === "strided" && binding.name === "dst") {
    const { axes, dstOffset } = d.role;
    return [{ offset: dstOffset, axes: axes.map((a) => ({ size: a.size, stride: a.dst })) }];
  }
  const views = viewsOf(d) ?? {};
  const own = views[binding.name];
  if (!own) return [null];
  const joining = Object.values(views).filter((v) => v.joins?.binding === binding.name && isJoined(d, v));
  return [own, ...joining].map((view) => placeIn(d, view));
}

function placeIn(d: Dispatch, view: StridedView): Box {
  const param = (name: string | null) => {
    const value = name === null ? 0 : d.params.find((p) => p.name === name)?.value;
    return typeof value === "number" ? value * (view.unit ?? 1) : Number.NaN;
  };
  const outer = view.axes.map((a) => ({ size: a.size, stride: param(a.param) }));
  return { offset: param(view.offset), axes: [...outer, { size: view.run, stride: 1 }] };
}

const isJoined = (d: Dispatch, { joins }: StridedView) =>
  joins !== undefined &&
  (d.options.constants as Record<string, unknown> | undefined)?.[joins.constant] === true;

interface Copied {
  readonly role: Extract<Dispatch["role"], { kind: "strided" }>;
  readonly src: DispatchBinding;
  readonly dst: DispatchBinding;
}

function copyOf(d: Dispatch): Copied | null {
  if (d.role.kind !== "strided") return null;
  const [src, dst] = ["src", "dst"].map((name) => d.bindings.find((b) => b.name === name)!);
  return { role: d.role, src, dst };
}

/** From the places in the tensor on one side, which must be whole, to those on the other. */
function relayoutOf({ role, src, dst }: Copied, side: "src" | "dst"): Relayout | null {
  const [from, start, to] =
    side === "dst" ? [dst, role.dstOffset, role.srcOffset] : [src, role.srcOffset, role.dstOffset];
  const axes = role.axes.map((a) =>
    side === "dst" ? { size: a.size, from: a.dst, to: a.src } : { size: a.size, from: a.src, to: a.dst },
  );
  return start === 0 ? relayout(axes, to, from.source.byteLength / role.bytes) : null;
}

/** The binding has all of what the copy has, from its start. */
const whole = (a: DispatchBinding, b: DispatchBinding) =>
  a.source.byteOffset === b.source.byteOffset && a.source.byteLength === b.source.byteLength;
