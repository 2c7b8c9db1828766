// The WGSL of a group that goes into another kernel, its base: behind it as the hook `epilogue`, or before it as the hook
// `prologue`. What a kernel with these hooks promises: src/gpu/dispatch.ts, FusionRole.

import type { Dispatch, DispatchBinding } from "../dispatch.ts";
import type { SpecialiseOptions } from "../specialise.ts";
import { Declared } from "./declared.ts";
import { functionsOf, loadLine, loadOf, nodeLine, valueName, type Width } from "./expressions.ts";
import { type Group, type Output, resultOf } from "./group.ts";
import type { Fused } from "./text.ts";

/** The base with the group as `epilogue`: what it returns is the last float result, the others are stored there. */
export function behind(group: Group, base: Dispatch): Fused {
  const main = mainOutput(group);
  const { value, target, half } = group.outputs[main];
  const result = resultOf(base)!;
  const extra = into(base, {
    group,
    width: 1,
    mark: "fused",
    own: null,
    stored: group.outputs.filter((_, k) => k !== main),
  });
  const epilogue = `fn epilogue(v: f32, i: u32) -> f32 {\n  ${extra.lines}\n  return ${valueName(value)};\n}`;
  return joined(base, extra, { epilogue }, { name: result.name, source: target, half });
}

/** What of a group goes before a base. */
export interface Before {
  /** The binding of the base that its result was read from. */
  readonly link: DispatchBinding;
  /** Its result, and the results that are stored besides, which may be this one too. */
  readonly value: Output;
  readonly stored: readonly Output[];
  /** Of a unit of the base. */
  readonly width: Width;
}

/** The base with the group as `prologue`: it computes what the base read. The first input that fits takes the free binding. */
export function before(group: Group, base: Dispatch, { link, value, stored, width }: Before): Fused {
  const type = width === 4 ? `vec4<${value.stored}>` : value.stored;
  const own = group.inputs.findIndex((x) => {
    const whole = x.shape.reduce((n, s) => n * s, 1) === group.size;
    return whole && x.stored === value.stored;
  });
  const extra = into(base, { group, width, mark: "before", own: own < 0 ? null : own, stored });
  const prologue = `fn prologue(i: u32) -> ${type} {\n  ${extra.lines}\n  return ${valueName(value.value)};\n}`;
  const input = group.inputs[own] ?? { source: link.source.device.nothing("read", 0), half: false };
  return joined(base, extra, { prologue }, { name: link.name, source: input.source, half: input.half });
}

interface Extra {
  readonly lines: string;
  readonly declared: Declared;
  readonly functions: string;
}

interface Wanted {
  readonly group: Group;
  readonly width: Width;
  /** Begins the names of bindings. */
  readonly mark: string;
  /** The input that stands in the base's x. */
  readonly own: number | null;
  readonly stored: readonly Output[];
}

function into(base: Dispatch, { group, width, mark, own, stored }: Wanted): Extra {
  const around = `${base.shader.code}\n${base.options.append ?? ""}`;
  const { text: functions, names } = functionsOf(group.nodes, around);
  const params = base.shader.paramsBinding === null ? 0 : 1;
  const declared = new Declared(Object.keys(base.shader.bindings).length + params);
  const lines: string[] = [];
  group.inputs.forEach((input, k) => {
    const name = k === own ? "x" : `${mark}_x${k}`;
    const { type, load } = loadOf(input, group, name, width);
    if (k !== own) declared.add(name, "read", type, input);
    lines.push(loadLine(k, load, input));
  });
  group.nodes.forEach((node, k) => {
    lines.push(nodeLine(node, k, names[k], width));
  });
  stored.forEach((o, k) => {
    const type = width === 4 ? `vec4<${o.stored}>` : o.stored;
    declared.add(`${mark}_y${k}`, "read_write", type, { source: o.target, half: o.half });
    lines.push(`${mark}_y${k}[i] = ${valueName(o.value)};`);
  });
  return { lines: lines.join("\n  "), declared, functions };
}

/** The base with a hook, what it needs, and one of its own bindings moved. */
function joined(
  base: Dispatch,
  { declared, functions }: Extra,
  hook: Readonly<Record<string, string>>,
  moved: { readonly name: string; readonly source: DispatchBinding["source"]; readonly half: boolean },
): Fused {
  const hooks = { ...(base.options.hooks as Record<string, string> | undefined), ...hook };
  const half = [...(base.options.half?.filter((name) => name !== moved.name) ?? []), ...declared.half];
  if (moved.half) half.push(moved.name);
  const bindings = base.bindings.map((b) => (b.name === moved.name ? { ...b, source: moved.source } : b));
  const append = [base.options.append ?? "", declared.text, functions].filter((t) => t !== "").join("\n");
  return {
    kernel: base.kernel,
    shader: { ...base.shader, bindings: { ...base.shader.bindings, ...declared.shaderBindings } },
    options: { ...base.options, hooks, append, half } as SpecialiseOptions,
    bindings: [...bindings, ...declared.bindings],
    params: base.params,
    paramsBytes: base.paramsBytes,
    grid: base.grid,
  };
}

/** The result that a base writes itself: its y takes f32 only. -1: there is none. */
export function mainOutput(group: Group): number {
  return group.outputs.findLastIndex((o) => o.stored === "f32");
}
