// The WGSL of a merged group: a kernel of its own, four elements a thread, or the epilogue of its base. Plain text in the
// form of the files of shaders/: it is shown to people.

import type { Bindable, Dispatch, DispatchBinding } from "../dispatch.ts";
import { grid1d } from "../kernel.ts";
import type { Shader, ShaderBinding } from "../shader.ts";
import { scalarFunctions } from "../shaders.gen.ts";
import { type SpecialiseOptions, scalarCode } from "../specialise.ts";
import { type Group, type Input, type Node, resultOf, type Value } from "./group.ts";
import { axesOf, offsetOf } from "./index_map.ts";

/** What a dispatch needs beyond its pipeline. */
export interface Fused {
  readonly kernel: string;
  readonly shader: Shader;
  readonly options: SpecialiseOptions;
  readonly bindings: readonly DispatchBinding[];
  readonly params: Dispatch["params"];
  readonly paramsBytes: number;
  readonly grid: Dispatch["grid"];
}

type Access = "read" | "read_write";

/** What a binding points at, and whether its f32 elements are kept as f16. */
interface Place {
  readonly source: Bindable;
  readonly stored16: boolean;
}

const WG = 64;

export function textOf(group: Group): Fused {
  return group.base ? behind(group, group.base) : alone(group);
}

/** y[i] = f(...) over vec4: one thread per four elements, folded into y. */
function alone(group: Group): Fused {
  const { functions, names } = functionsOf(group.nodes);
  const bindings: DispatchBinding[] = [];
  const shaderBindings: Record<string, ShaderBinding> = {};
  const declared: string[] = [];
  const half: string[] = [];
  const declare = (name: string, access: Access, type: string, { source, stored16 }: Place) => {
    const binding = bindings.length;
    if (stored16) half.push(name);
    bindings.push({ name, binding, access, source });
    shaderBindings[name] = { binding, access, type };
    declared.push(`@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`);
  };
  const lines: string[] = [];
  group.inputs.forEach((input, k) => {
    const { type, load } = load4(input, group, `x${k}`);
    declare(`x${k}`, "read", type, { source: input.source, stored16: input.half });
    lines.push(`let a${k} = ${load}; // [${input.shape}]`);
  });
  group.nodes.forEach((node, k) => {
    const lanes = ["x", "y", "z", "w"].map((lane) => call(node, names[k], (v) => `${valueName(v)}.${lane}`));
    lines.push(`let v${k} = vec4<${node.role.result}>(${lanes.join(", ")});`);
  });
  group.outputs.forEach((o, k) => {
    declare(`y${k}`, "read_write", `vec4<${o.stored}>`, { source: o.target, stored16: o.half });
    lines.push(`y${k}[i] = ${valueName(o.value)};`);
  });
  const code = `// ${group.label}, fused. Grid: one thread per four elements, folded into y.
${declared.join("\n")}

struct Params { n: u32 }
@group(0) @binding(${bindings.length}) var<uniform> params: Params;

override WG: u32 = ${WG};
${aliasFor(functions)}
${functions}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  ${lines.join("\n  ")}
}
`;
  const shader: Shader = {
    file: "fused.wgsl",
    code,
    bindings: shaderBindings,
    params: { n: { type: "u32", offset: 0 } },
    paramsBinding: bindings.length,
    paramsBytes: 4,
    overrides: { WG },
    consts: {},
    aliases: {},
    entries: { main: { workgroupSize: ["WG", 1, 1] } },
    hooks: [],
    variants: [],
  };
  return {
    kernel: "fused",
    shader,
    options: half.length > 0 ? { half } : {},
    bindings,
    params: [{ name: "n", type: "u32", offset: 0, value: group.size }],
    paramsBytes: 16,
    grid: grid1d(Math.ceil(group.size / (4 * WG))),
  };
}

/** The base with the group as its hook `epilogue`: what it returns is the last float result, the others are stored there. */
function behind(group: Group, base: Dispatch): Fused {
  const { functions, names } = functionsOf(group.nodes);
  const main = mainOutput(group);
  const result = resultOf(base)!;
  const bindings = base.bindings.map((b) =>
    b === result ? { ...b, source: group.outputs[main].target } : b,
  );
  const shaderBindings: Record<string, ShaderBinding> = { ...base.shader.bindings };
  const declared: string[] = [];
  const first = Object.keys(shaderBindings).length + (base.shader.paramsBinding === null ? 0 : 1);
  const half = base.options.half?.filter((name) => name !== result.name) ?? [];
  if (group.outputs[main].half) half.push(result.name);
  const declare = (name: string, access: Access, type: string, { source, stored16 }: Place) => {
    const binding = first + declared.length;
    if (stored16) half.push(name);
    bindings.push({ name, binding, access, source });
    shaderBindings[name] = { binding, access, type };
    declared.push(`@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`);
  };
  const lines: string[] = [];
  group.inputs.forEach((input, k) => {
    declare(`fused_x${k}`, "read", input.stored, { source: input.source, stored16: input.half });
    const at = offsetOf("i", axesOf(group.shape, input.shape));
    lines.push(`let a${k} = fused_x${k}[${at}]; // [${input.shape}]`);
  });
  group.nodes.forEach((node, k) => {
    lines.push(`let v${k} = ${call(node, names[k], valueName)};`);
  });
  group.outputs.forEach((o, k) => {
    if (k === main) return;
    declare(`fused_y${k}`, "read_write", o.stored, { source: o.target, stored16: o.half });
    lines.push(`fused_y${k}[i] = ${valueName(o.value)};`);
  });
  lines.push(`return ${valueName(group.outputs[main].value)};`);
  const epilogue = `fn epilogue(v: f32, i: u32) -> f32 {\n  ${lines.join("\n  ")}\n}`;
  const hooks = { ...(base.options.hooks as Record<string, string> | undefined), epilogue };
  const alias = "T" in base.shader.aliases ? "" : aliasFor(functions);
  const append = [base.options.append ?? "", `${alias}${declared.join("\n")}\n${functions}`].join("\n");
  return {
    kernel: base.kernel,
    shader: { ...base.shader, bindings: shaderBindings },
    options: { ...base.options, hooks, append, half } as SpecialiseOptions,
    bindings,
    params: base.params,
    paramsBytes: base.paramsBytes,
    grid: base.grid,
  };
}

/** The functions of shaders/scalar/ are written over T. */
const aliasFor = (functions: string) => (/\bT\b/.test(functions) ? "alias T = f32;\n" : "");

/** The result that a base writes itself: its y takes f32 only. -1: there is none. */
export function mainOutput(group: Group): number {
  return group.outputs.findLastIndex((o) => o.stored === "f32");
}

function valueName(v: Value): string {
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

/** One WGSL function for each different one, and which name each node calls. */
function functionsOf(nodes: readonly Node[]): { functions: string; names: string[] } {
  const known = new Map<string, string>();
  const texts: string[] = [];
  const names = nodes.map((node) => {
    const text = concrete(node.role.apply, node.role);
    let name = known.get(text);
    if (!name) {
      name = `${node.name.replace(/\W/g, "_")}_${known.size}`;
      known.set(text, name);
      texts.push(text.replace(/\bapply\b/, name));
    }
    return name;
  });
  const calls = [...new Set(nodes.flatMap((n) => n.role.calls))] as (string & keyof typeof scalarFunctions)[];
  const library = calls.length > 0 ? [scalarCode(scalarFunctions, calls)] : [];
  return { functions: [...texts, ...library].join("\n"), names };
}

/** Four neighbouring elements of an input, and how its array is declared. */
function load4(input: Input, group: Group, name: string): { type: string; load: string } {
  const { stored } = input;
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
