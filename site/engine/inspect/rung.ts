// A naive rung: the kernel of a ladder with one thread a result, no barrier. Its text is what the engine would compile, its bindings are
// retained tensors.

import type { Shader } from "../../../src/gpu/shader.ts";
import { specialise } from "../../../src/gpu/specialise.ts";
import type { BindingData, DispatchData, ShaderView, SteppedInvocation } from "../protocol.ts";
import { sizeOf } from "./places.ts";
import type { Numbers, Values } from "./retained_step.ts";

const WG = 64;

export interface Rung {
  readonly shader: Shader;
  readonly constants?: Readonly<Record<string, number | boolean>>;
  /** By binding; null where it is not given. */
  readonly inputs: Readonly<Record<string, Values | null>>;
  /** What it writes, with what the GPU's kernel has there; null where that one keeps no such numbers. */
  readonly results: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: Numbers | null }>
  >;
  readonly params: Readonly<Record<string, number>>;
  /** The result that is looked at. */
  readonly output: string;
  readonly element: number;
  /** That writes the element; by default it is as many. */
  readonly thread?: number;
  /** Of the grid; by default the results. */
  readonly threads?: number;
  /** What a thread does: `an element`. */
  readonly each: string;
}

/** The rung as the Shader tab shows a dispatch, and its thread to be run. */
export function steppedRung(rung: Rung): SteppedInvocation {
  const { shader, results, params, output, element } = rung;
  const values = results[output].values!;
  const { thread = element, threads = values.length } = rung;
  const { code, overrides } = specialise(shader, { constants: { ...rung.constants, WG } });
  const bindings = bindingsOf(rung);
  const bytes = bindings.reduce((sum, b) => sum + bytesOf(b), 0);
  const view: ShaderView = {
    ...{ at: -1, file: shader.file, label: "naive rung of the ladder", kernel: kernelOf(shader) },
    ...{ wgsl: code, overrides, params },
    bindings: bindings.map((b) => ({ name: b.name, access: b.access, shape: b.shape, bytes: bytesOf(b) })),
    ...{ grid: [Math.ceil(threads / WG), 1, 1], flops: 0, bytes, us: null, gflops: null, gbs: null },
  };
  return {
    ...{ view, data: dataOf(rung, bindings), invocation: [thread, 0, 0] },
    ...{ output, element, value: values[element] },
    note: `Threads of the kernel that ran share the work, so this is the naive rung of its ladder, ${shader.file}: the same sum, one thread ${rung.each}.`,
  };
}

const kernelOf = ({ file }: Shader): string => file.replace(".wgsl", "");
const bytesOf = ({ shape }: BindingData): number => (shape ? 4 * sizeOf(shape) : 0);

function bindingsOf({ shader, inputs, results }: Rung): BindingData[] {
  return Object.entries(shader.bindings).map(([name, { binding, access }]) => {
    const held = results[name] ?? inputs[name] ?? null;
    const type = held && (held.values instanceof Int32Array ? "i32" : "f32");
    const before = name in results ? null : (held?.values ?? null);
    return { name, binding, access, type, shape: held?.shape ?? null, before, after: held?.values ?? null };
  });
}

function dataOf({ shader, params }: Rung, bindings: readonly BindingData[]): DispatchData {
  const given = Object.entries(shader.params).map(([name, { type, offset }]) => ({
    ...{ name, type, offset, value: params[name] },
  }));
  return { at: -1, bindings, params: given, paramsBytes: shader.paramsBytes };
}
