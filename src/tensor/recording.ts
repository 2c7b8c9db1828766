// One recording of a function for compile.ts: what it did on the GPU, with tensors that stand for its arguments and results.

import type { Device } from "../gpu/device.ts";
import { type Bindable, type Dispatch, rangeOf } from "../gpu/dispatch.ts";
import { UsageError } from "../gpu/errors.ts";
import { Trace } from "../gpu/trace.ts";
import { type Slot, slotOf } from "./call_arguments.ts";
import { bytesOf } from "./dtype.ts";
import { mapTensors, scope, synchronous, tensorsIn } from "./scope.ts";
import { numel } from "./shape.ts";
import { made, Tensor } from "./tensor.ts";

export type Traced = (...args: unknown[]) => unknown;

/** Where a result comes from: a range the program wrote, or a tensor from outside. */
export interface Output extends Slot {
  readonly source: Bindable;
}

export interface Recording {
  readonly trace: Trace;
  readonly inputs: readonly Bindable[];
  readonly rebuild: (make: (output: Output) => Tensor) => unknown;
  readonly outputs: readonly Output[];
}

export function record(
  fn: Traced,
  args: readonly unknown[],
  device: Device,
  trace = new Trace(device),
): Recording {
  const inputs: Bindable[] = [];
  const outputs: Output[] = [];
  let rebuild: Recording["rebuild"] = () => undefined;
  trace.run(() =>
    scope(() => {
      const virtual = args.map((a) => {
        const slot = slotOf(a);
        if (!slot) return a;
        const bytes = bytesOf(Math.max(numel(slot.shape), 1), slot.dtype);
        const t = made(new Tensor(slot.shape, slot.dtype, device, trace.allocate(bytes, "input")));
        inputs.push(rangeOf(t));
        return t;
      });
      const result = synchronous("compile", fn(...virtual));
      rebuild = describe(result, trace, outputs);
    }, "compile"),
  );
  return { trace, inputs, rebuild, outputs };
}

/** Turns a result into a recipe for further results: the recording's own tensors have no values outside. */
function describe(result: unknown, trace: Trace, outputs: Output[]): Recording["rebuild"] {
  const slots = new Map<Tensor, Output>();
  for (const t of tensorsIn(result) as Set<Tensor>) {
    if (!trace.storages.has(t.storage)) continue; // a parameter, say: itself
    const output = { shape: t.shape, dtype: t.dtype, source: rangeOf(t) };
    slots.set(t, output);
    outputs.push(output);
  }
  return (make) => mapTensors(result, (t) => (slots.has(t as Tensor) ? make(slots.get(t as Tensor)!) : t));
}

/** Whether what the recording consulted on the host still reads the same. */
export function holds(trace: Trace): boolean {
  try {
    return trace.guards.every((g) => Object.is(g.read(), g.value));
  } catch {
    return false; // it bound a tensor that is released now
  }
}

/** Records again and compares; the second recording leaves no trace of itself. */
export function recheck(known: Recording, fn: Traced, args: readonly unknown[], device: Device): void {
  const again = record(fn, args, device).trace;
  again.undo();
  const [a, b] = [known.trace.dispatches, again.dispatches];
  const at = a.findIndex((d, i) => !b[i] || fingerprint(d, known.trace) !== fingerprint(b[i], again));
  const same = at < 0 && a.length === b.length;
  const what = a[at]?.label ?? b[a.length]?.label;
  again.release();
  if (same) return;
  throw new UsageError(
    `compile: the function no longer does what was recorded, first at dispatch ${at < 0 ? a.length : at} (${what})`,
  );
}

function fingerprint(d: Dispatch, trace: Trace): string {
  const params = d.params.map((p) => (typeof p.value === "number" ? p.value : "host"));
  // A tensor from outside counts as itself: a parameter put in place of another is a difference.
  const bindings = d.bindings.map(({ source: { storage, byteOffset, byteLength } }) =>
    trace.persistent.has(storage) ? [byteLength, byteOffset, storage.id] : [byteLength],
  );
  return JSON.stringify([d.pipeline.id, d.label, d.grid, params, bindings]);
}
