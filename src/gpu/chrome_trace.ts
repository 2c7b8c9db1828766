// One profiled replay as a Chrome trace (Trace Event Format, read by Perfetto and chrome://tracing): a box per dispatch, and
// the bytes alive inside the program as a counter. Times are microseconds since the first dispatch.

import type { ProfileRow } from "./profiler.ts";
import type { Program } from "./program.ts";
import type { ProgramMemory } from "./program_slabs.ts";

interface TraceEvent {
  readonly ph: "M" | "X" | "C";
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, string | number>>;
}

export interface ChromeTrace {
  readonly displayTimeUnit: "ns";
  readonly traceEvents: readonly TraceEvent[];
}

const HERE = { pid: 1, tid: 1 };

/** @param rows of one replay of the program, in order */
export function chromeTrace(program: Program, rows: readonly ProfileRow[], title: string): ChromeTrace {
  const traceEvents: TraceEvent[] = [
    { ph: "M", name: "process_name", ...HERE, args: { name: title } },
    { ph: "M", name: "thread_name", ...HERE, args: { name: "compute pass" } },
  ];
  rows.forEach(({ label, kernel, grid, flops, bytes, startNs, ns }, at) => {
    const [ts, dur] = [startNs / 1000, ns / 1000];
    const args = { dispatch: at, kernel, grid: grid.join(" x "), flops, bytes };
    traceEvents.push({ ph: "X", name: label, cat: kernel, ...HERE, ts, dur, args });
    traceEvents.push({
      ph: "C",
      name: "bytes alive",
      ...HERE,
      ts,
      args: { bytes: aliveAt(program.memory, at) },
    });
  });
  return { displayTimeUnit: "ns", traceEvents };
}

/** Bytes that a program must hold while dispatch `at` runs. */
export function aliveAt({ intervals }: ProgramMemory, at: number): number {
  return intervals.reduce((n, { from, to, bytes }) => (from <= at && at <= to ? n + bytes : n), 0);
}
