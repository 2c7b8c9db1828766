// The WGSL of a merged group: a kernel of its own, four elements a thread, or the epilogue of its base (hooks.ts). Plain text
// in the form of the files of shaders/: it is shown to people.

import type { Dispatch, DispatchBinding } from "../dispatch.ts";
import { grid1d } from "../kernel.ts";
import type { Shader } from "../shader.ts";
import type { SpecialiseOptions } from "../specialise.ts";
import { Declared } from "./declared.ts";
import { functionsOf, loadLine, loadOf, nodeLine, valueName } from "./expressions.ts";
import type { Group } from "./group.ts";
import { behind } from "./hooks.ts";

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

const WG = 64;

export function textOf(group: Group): Fused {
  return group.base ? behind(group, group.base) : alone(group);
}

/** y[i] = f(...) over vec4: one thread per four elements, folded into y. */
function alone(group: Group): Fused {
  const { text: functions, names } = functionsOf(group.nodes);
  const declared = new Declared();
  const lines: string[] = [];
  group.inputs.forEach((input, k) => {
    const { type, load } = loadOf(input, group, `x${k}`, 4);
    declared.add(`x${k}`, "read", type, input);
    lines.push(loadLine(k, load, input));
  });
  group.nodes.forEach((node, k) => {
    lines.push(nodeLine(node, k, names[k], 4));
  });
  group.outputs.forEach((o, k) => {
    declared.add(`y${k}`, "read_write", `vec4<${o.stored}>`, { source: o.target, half: o.half });
    lines.push(`y${k}[i] = ${valueName(o.value)};`);
  });
  const code = `// ${names.join(", ")}, fused. Grid: one thread per four elements, folded into y.
${declared.text}

struct Params { n: u32 }
@group(0) @binding(${declared.next}) var<uniform> params: Params;

override WG: u32 = ${WG};
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
    bindings: declared.shaderBindings,
    params: { n: { type: "u32", offset: 0 } },
    paramsBinding: declared.next,
    paramsBytes: 4,
    overrides: { WG },
    consts: {},
    aliases: {},
    entries: { main: { workgroupSize: ["WG", 1, 1] } },
    hooks: [],
    variants: [],
  };
  const { half } = declared;
  return {
    kernel: "fused",
    shader,
    options: half.length > 0 ? { half } : {},
    bindings: declared.bindings,
    params: [{ name: "n", type: "u32", offset: 0, value: group.size }],
    paramsBytes: 16,
    grid: grid1d(Math.ceil(group.size / (4 * WG))),
  };
}
