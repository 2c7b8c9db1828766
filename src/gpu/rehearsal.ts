// Host scalars of runs to come: learning rates, step counts, random offsets, read as the runs would read them, and the host's state
// put back as it was.

import { type DispatchParam, writeParam } from "./dispatch.ts";
import { UsageError } from "./errors.ts";
import type { Trace } from "./trace.ts";

/** Bits [runs, params], in the order of `params`. `holds`: whether the recording would still be the one to run. */
export function rehearse(
  trace: Trace,
  params: readonly DispatchParam[],
  runs: number,
  holds: () => boolean,
): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(runs * params.length);
  const view = new DataView(bits.buffer);
  const column = new Map(params.map((p, i) => [p, i]));
  const undos: (() => void)[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      if (!holds())
        throw new UsageError(
          `export: run ${run + 1} of ${runs} would need another recording, since host state that this one consulted has changed: call the function once or twice before the export, or export fewer runs`,
        );
      for (const e of trace.events) {
        if (e.kind === "effect") {
          undos.push(e.apply());
          continue;
        }
        const { param } = e;
        const at = column.get(param);
        if (at === undefined || typeof param.value === "number") continue;
        writeParam(view, 4 * (run * params.length + at), param.type, param.value.read());
      }
    }
  } finally {
    for (const undo of undos.reverse()) undo();
  }
  return bits;
}
