// A group: elementwise functions that will run in one dispatch, either a kernel of their own or behind another kernel
// (`base`) as its epilogue. Built from single dispatches and merged; its text: text.ts; which to merge: chains.ts.

import type { Bindable, Dispatch, ElementwiseRole } from "../dispatch.ts";
import { elementOf } from "../half_storage.ts";
import { overlap } from "./graph.ts";

/** What a function takes: what the base computed, a tensor, another function's result, a number. */
export type Value =
  | { readonly kind: "base" }
  | { readonly kind: "input"; readonly input: number }
  | { readonly kind: "node"; readonly node: number }
  | { readonly kind: "number"; readonly value: number };

export interface Input {
  readonly source: Bindable;
  /** WGSL type of the element, and whether it is an f32 kept as f16. */
  readonly stored: string;
  readonly half: boolean;
  /** Broadcasts against the group's. */
  readonly shape: readonly number[];
}

export interface Node {
  readonly role: ElementwiseRole;
  readonly args: readonly Value[];
  /** Name of the op, for the text. */
  readonly name: string;
}

export interface Output {
  readonly value: Value;
  readonly target: Bindable;
  readonly stored: string;
  readonly half: boolean;
}

export interface Group {
  readonly base: Dispatch | null;
  readonly shape: readonly number[];
  readonly size: number;
  readonly inputs: readonly Input[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Output[];
  readonly label: string;
  readonly flops: number;
}

const groups = new WeakMap<Dispatch, Group | null>();

/** The group of one dispatch; null where nothing can be merged with it. */
export function groupOf(d: Dispatch): Group | null {
  let group = groups.get(d);
  if (group === undefined) groups.set(d, (group = single(d)));
  return group;
}

/** Notes that `d` stands for a merged group until its text is made. */
export function stands(d: Dispatch, group: Group): Dispatch {
  groups.set(d, group);
  return d;
}

/** The binding that holds the result of an elementwise kernel, or of one with an epilogue. */
export const resultOf = (d: Dispatch) =>
  d.bindings.find((b) => (b.name === "y" || b.name === "dx") && b.access !== "read");

function single(d: Dispatch): Group | null {
  const result = resultOf(d);
  const y = result?.source;
  if (!y?.shape) return null;
  const common = { shape: y.shape, size: y.shape.reduce((n, s) => n * s, 1), label: d.label, flops: d.flops };
  if (d.shader.hooks.includes("epilogue")) {
    if (storedType(d, result!.name) !== "f32" || d.options.hooks?.["epilogue" as never]) return null;
    const half = isHalf(d, result!.name);
    const outputs: Output[] = [{ value: { kind: "base" }, target: y, stored: "f32", half }];
    return { ...common, base: d, inputs: [], nodes: [], outputs };
  }
  const { role } = d;
  if (role.kind !== "elementwise" || !understood(role)) return null;
  const inputs: Input[] = [];
  const args = role.operands.map((operand): Value => {
    if (typeof operand === "number") return { kind: "number", value: operand };
    const { source } = d.bindings.find((b) => b.name === operand)!;
    const half = isHalf(d, operand);
    inputs.push({ source, stored: storedType(d, operand), half, shape: source.shape ?? [] });
    return { kind: "input", input: inputs.length - 1 };
  });
  if (inputs.some((x) => !ELEMENTS.includes(x.stored)) || !ELEMENTS.includes(role.result)) return null;
  const numbers = role.numbers.map((value): Value => ({ kind: "number", value }));
  const node = { role, args: [...args, ...numbers], name: d.label.split("/").at(-1)! };
  const half = isHalf(d, result!.name);
  const outputs: Output[] = [{ value: { kind: "node", node: 0 }, target: y, stored: role.result, half }];
  return { ...common, base: null, inputs, nodes: [node], outputs };
}

const ELEMENTS = ["f32", "i32", "u32"];

/** A text has no way to write NaN and infinity. */
function understood(role: ElementwiseRole): boolean {
  const numbers = [...role.numbers, ...role.operands.filter((o) => typeof o === "number")];
  return numbers.every((n) => Number.isFinite(n) && (n === 0 || Math.abs(n) > 1e-37));
}

const isHalf = (d: Dispatch, binding: string) => d.options.half?.includes(binding) ?? false;

/** WGSL type of the elements of a binding. */
function storedType(d: Dispatch, binding: string): string {
  const types = (d.options.types ?? {}) as Record<string, string>;
  return elementOf(d.shader.bindings[binding]!.type, { ...d.shader.aliases, ...types }).scalar;
}

/**
 * One group that does what `first` and then `second` do; `link`: what second reads of first's results.
 *
 * @param keep whether the linked result is still written
 */
export function merge(first: Group, second: Group, link: Bindable, keep: boolean): Group {
  const produced = first.outputs.find((o) => overlap(o.target, link))!;
  // Behind a reshape the same elements have another shape (chains.ts refuses what broadcasts there).
  const inputs: Input[] = first.inputs.map((x) =>
    x.shape.reduce((n, s) => n * s, 1) === second.size ? { ...x, shape: second.shape } : x,
  );
  const place = new Map<number, Value>();
  second.inputs.forEach((input, i) => {
    if (overlap(input.source, link)) {
      place.set(i, produced.value);
      return;
    }
    let at = inputs.findIndex((x) => same(x, input));
    if (at < 0) at = inputs.push(input) - 1;
    place.set(i, { kind: "input", input: at });
  });
  const shifted = (v: Value): Value => {
    if (v.kind === "input") return place.get(v.input)!;
    return v.kind === "node" ? { kind: "node", node: v.node + first.nodes.length } : v;
  };
  const nodes = second.nodes.map((n) => ({ ...n, args: n.args.map(shifted) }));
  const outputs = second.outputs.map((o) => ({ ...o, value: shifted(o.value) }));
  return {
    base: first.base ?? second.base,
    shape: second.shape,
    size: second.size,
    inputs,
    nodes: [...first.nodes, ...nodes],
    outputs: [...first.outputs.filter((o) => keep || o !== produced), ...outputs],
    label: `${first.label} + ${second.label}`,
    flops: first.flops + second.flops,
  };
}

function same(a: Input, b: Input): boolean {
  if (a.source.storage !== b.source.storage || a.stored !== b.stored) return false;
  const ranges = a.source.byteOffset === b.source.byteOffset && a.source.byteLength === b.source.byteLength;
  return ranges && a.shape.join() === b.shape.join();
}
