// What the texts of groups are made of: a WGSL function for each node, loads of inputs, and the line that calls a function, for
// units of one element or of four. The texts: text.ts and hooks.ts.

import { scalarFunctions } from "../shaders.gen.ts";
import type { Group, Input, Node, Value } from "./group.ts";
import { axesOf, offsetOf } from "./index_map.ts";

export type Width = 1 | 4;

export interface Functions {
  /** WGSL, one function for each different one, with those of shaders/scalar/ that they call. */
  readonly text: string;
  /** Which one each node calls. */
  readonly names: readonly string[];
}

/** `around`: the text they are put into, whose functions they may call and must not define again. */
export function functionsOf(nodes: readonly Node[], around = ""): Functions {
  const defined = (name: string) => around.includes(`fn ${name}(`);
  const known = new Map<string, string>();
  const texts: string[] = [];
  const library = new Map<string, string>(); // texts by the names that they have here
  const names = nodes.map((node) => {
    const { type, calls } = node.role;
    const called = libraryOf(calls);
    for (const name of called)
      library.set(typed(name, type), overType(scalarFunctions[name].code, called, type));
    const text = overType(concrete(node.role.apply, node.role), called, type);
    let name = known.get(text);
    if (!name) {
      const plain = node.name.replace(/\W/g, "_");
      let n = known.size;
      while (defined(`${plain}_${n}`)) n++;
      name = `${plain}_${n}`;
      known.set(text, name);
      texts.push(text.replace(/\bapply\b/, name));
    }
    return name;
  });
  const missing = [...library].filter(([name]) => !defined(name)).map(([, text]) => text);
  const all = [...texts, ...missing].join("\n");
  // The functions of shaders/scalar/ are written over T.
  const alias = /\bT\b/.test(all) && !/\balias T\b/.test(around) ? "alias T = f32;\n" : "";
  return { text: alias + all, names };
}

type ScalarName = keyof typeof scalarFunctions;

/** Name here of a function of shaders/scalar/ over a type: T is f32. */
const typed = (name: string, type: string) => (type === "f32" ? name : `${name}_over_${type}`);

/** A text that calls `names`, or is the function of one of them, over a type of its own. */
function overType(text: string, names: readonly string[], type: string): string {
  if (type === "f32") return text;
  const renamed = names.reduce(
    (t, name) => t.replace(new RegExp(`\\b${name}\\b`, "g"), typed(name, type)),
    text,
  );
  return renamed.replace(/\bT\b/g, type);
}

/** The named functions of shaders/scalar/ and all that they call, each once. */
export function libraryOf(names: readonly string[]): ScalarName[] {
  const taken = new Set<ScalarName>();
  const take = (name: string) => {
    if (taken.has(name as ScalarName)) return;
    taken.add(name as ScalarName);
    scalarFunctions[name as ScalarName].calls.forEach(take);
  };
  names.forEach(take);
  return [...taken];
}

/** `let v2 = vec4<f32>(...)`: the value of a node. */
export function nodeLine(node: Node, k: number, name: string, width: Width): string {
  if (width === 1) return `let v${k} = ${call(node, name, valueName)};`;
  const lanes = ["x", "y", "z", "w"].map((lane) => call(node, name, (v) => `${valueName(v)}.${lane}`));
  return `let v${k} = vec4<${node.role.result}>(${lanes.join(", ")});`;
}

export function valueName(v: Value): string {
  if (v.kind === "base") return "v";
  if (v.kind === "input") return `a${v.input}`;
  return v.kind === "node" ? `v${v.node}` : "";
}

/** `gelu(f32(v2.x), 0f, 0f)` */
function call(node: Node, name: string, access: (v: Value) => string): string {
  const types = argumentTypes(node);
  const args = node.args.map((v, k) => {
    if (v.kind === "number") return literal(v.value, types[k]);
    return `${types[k]}(${access(v)})`;
  });
  return `${name}(${args.join(", ")})`;
}

function argumentTypes({ role }: Node): string[] {
  const list = /\(([^)]*)\)/.exec(role.apply)![1];
  return list.split(",").map((a) => concrete(a.split(":")[1].trim(), role));
}

const concrete = (text: string, { type, result }: { type: string; result: string }) =>
  text.replace(/\bT\b/g, type).replace(/\bR\b/g, result);

function literal(value: number, type: string): string {
  if (type === "f32") return `${Math.fround(value)}f`;
  return type === "u32" ? `${value >>> 0}u` : `${value | 0}i`;
}

/** Unit i of an input, and the type of the elements of its array. */
export function loadOf(
  input: Input,
  group: Group,
  name: string,
  width: Width,
): { type: string; load: string } {
  const { stored } = input;
  if (width === 1)
    return { type: stored, load: `${name}[${offsetOf("i", axesOf(group.shape, input.shape))}]` };
  const size = input.shape.reduce((n, s) => n * s, 1);
  if (size === group.size) return { type: `vec4<${stored}>`, load: `${name}[i]` };
  const axes = axesOf(group.shape, input.shape);
  const inner = axes[0] ?? { size: 1, stride: 0 };
  if (inner.size % 4 === 0 && inner.stride === 1)
    return { type: `vec4<${stored}>`, load: `${name}[(${offsetOf("(i * 4u)", axes)}) / 4u]` };
  const whole = inner.size % 4 === 0 || size === 1;
  if (whole) return { type: stored, load: `vec4<${stored}>(${name}[${offsetOf("(i * 4u)", axes)}])` };
  const lanes = [0, 1, 2, 3].map((lane) => `${name}[${offsetOf(`(i * 4u + ${lane}u)`, axes)}]`);
  return { type: stored, load: `vec4<${stored}>(${lanes.join(", ")})` };
}

/**
 * An input into a name. Its shape is told only where elements are picked by it: the same text for all sizes is one pipeline for all
 * of them.
 */
export function loadLine(k: number, load: string, input: Input): string {
  const line = `let a${k} = ${load};`;
  return load.endsWith("[i]") ? line : `${line} // [${input.shape}]`;
}
