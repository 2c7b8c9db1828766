// What a function would cost, without running it: its recording alone. Parameters made under `skipInit` may stay without memory.

import type { Device } from "../gpu/device.ts";
import { Trace } from "../gpu/trace.ts";
import { hasValues } from "./parameter.ts";
import { record, type Traced } from "./recording.ts";
import type { Tensor } from "./tensor.ts";

export interface Survey {
  readonly dispatches: number;
  /** Floating-point operations of the dispatches that state them: products, convolutions, norms, elementwise. */
  readonly flops: number;
  /** Bytes of all that is made inside, arguments not counted: what backward could need at most. */
  readonly madeBytes: number;
}

/**
 * Records fn(...args) op by op. Arguments as for a compiled function: tensors, or host values.
 *
 * @param parameters those fn uses that may have no memory
 */
export function survey<A extends readonly unknown[]>(
  fn: (...args: A) => unknown,
  args: A,
  device: Device,
  parameters: Iterable<Tensor> = [],
): Survey {
  const trace = new Trace(device);
  const given = new Set([...parameters].filter((p) => !hasValues(p)).map((p) => p.storage));
  for (const storage of given) {
    storage.retain(); // the trace lets go of it at the end
    trace.storages.add(storage);
  }
  const { inputs } = record(fn as unknown as Traced, args, device, trace);
  for (const { storage } of inputs) given.add(storage);
  const written = new Set(
    trace.dispatches
      .flatMap((d) => d.bindings.filter((b) => b.access !== "read").map((b) => b.source.storage))
      .filter((s) => trace.storages.has(s) && !given.has(s)),
  );
  const found = {
    dispatches: trace.dispatches.length,
    flops: trace.dispatches.reduce((n, d) => n + d.flops, 0),
    madeBytes: [...written].reduce((n, s) => n + s.bytes, 0),
  };
  trace.undo();
  trace.release();
  return found;
}
