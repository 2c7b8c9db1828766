// What the bindings of a dispatch held, as far as the step tells, for the stepper: it runs one invocation again on the CPU.

import type { DispatchBinding } from "../../../src/gpu/dispatch.ts";
import type { BindingData, DispatchData } from "../protocol.ts";
import { optimizerParams } from "./optimizer_params.ts";
import { sizeOf } from "./places.ts";
import type { Numbers, RetainedStep } from "./retained_step.ts";

const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array } as const;

/** @throws RangeError for a place that the program does not have */
export function bindingData(step: RetainedStep, at: number): DispatchData {
  const d = step.program.dispatches[at];
  if (!d)
    throw new RangeError(
      `inspect: the step has ${step.program.dispatches.length} dispatches, there is no ${at}`,
    );
  const host = optimizerParams(step.optimizer);
  const params = d.params.map(({ name, type, offset, value }) => {
    const known = typeof value === "number" ? value : (host[d.kernel]?.[name] ?? step.host[at][name] ?? null);
    return { name, type, offset, value: known };
  });
  return { at, params, paramsBytes: d.paramsBytes, bindings: d.bindings.map((b) => read(step, b)) };
}

function read(step: RetainedStep, { name, binding, access, source }: DispatchBinding): BindingData {
  const { shape = null, elementType = null, byteLength } = source;
  const plain = { name, binding, access, shape, type: elementType };
  if (shape === null) return { ...plain, before: null, after: null }; // not given
  const found = { before: contents(step, source, "before"), after: contents(step, source, "after") };
  if (!found.after && access === "read") {
    const input = inputOf(step, elementType, byteLength / 4);
    return { ...plain, before: input, after: input };
  }
  return { ...plain, ...found, before: access === "read" ? (found.before ?? found.after) : found.before };
}

/** The arguments of the step are in no place that is kept, and nothing else is. */
function inputOf({ x, y }: RetainedStep, type: string | null, length: number): Numbers | null {
  if (type === "i32" && length === y.length) return y;
  return type === "f32" && length === sizeOf(x.shape) ? x.values : null;
}

type Range = DispatchBinding["source"];

/** All known numbers within a range; what lies between them is the padding of a slab: zero. Null where none are known. */
function contents({ places }: RetainedStep, range: Range, when: "before" | "after"): Numbers | null {
  const { storage, byteOffset: start, byteLength, elementType } = range;
  const inside = places.filter(
    (p) =>
      p.storage === storage &&
      p[when] &&
      p.byteOffset >= start &&
      p.byteOffset + p[when].byteLength <= start + byteLength,
  );
  if (inside.length === 0) return null;
  const values = new ARRAYS[(elementType ?? "f32") as keyof typeof ARRAYS](byteLength / 4);
  for (const p of inside) values.set(p[when]!, (p.byteOffset - start) / 4);
  return values;
}
