// Correct first, then time. Candidates take turns: a round measures each once, so that a busy machine slows all alike, and
// odd rounds go backwards. One measurement repeats the call until it lasts MIN_MS and ends when the GPU is done.
import type { Device } from "../src/gpu/device.ts";
import { scope } from "../src/tensor/scope.ts";

/** Something to time. What `run` makes is freed after each call. */
export interface Candidate {
  readonly name: string;
  readonly run: () => unknown;
}

/** Milliseconds of one call over the rounds. */
export interface Times {
  readonly median: number;
  readonly best: number;
}

export interface GpuTime {
  /** Sum over the dispatches of one call, median of a few calls. */
  readonly ms: number;
  readonly dispatches: number;
}

/** Shorter measurements drown in the cost of a submit and in the clock. */
const MIN_MS = 15;
/** So many times the wait for an idle GPU, which is 0.1 s in Firefox. */
const WAITS = 8;
const MAX_CALLS = 4096;
const PROFILED_CALLS = 5;

/** Median and best of `rounds` interleaved rounds, in the order of the candidates. */
export async function measure(
  device: Device,
  candidates: readonly Candidate[],
  rounds: number,
  progress: (done: number) => void = () => {},
): Promise<Times[]> {
  const calls: number[] = [];
  const waiting = await wall(device, { name: "nothing", run: () => {} }, 1);
  const minMs = Math.max(MIN_MS, WAITS * waiting);
  for (const c of candidates) calls.push(await calibrate(device, c, minMs));
  const samples: number[][] = candidates.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = candidates.map((_, i) => (round % 2 === 0 ? i : candidates.length - 1 - i));
    for (const i of order) samples[i]!.push((await wall(device, candidates[i]!, calls[i]!)) / calls[i]!);
    progress(round + 1);
  }
  return samples.map((ms) => ({ median: median(ms), best: Math.min(...ms) }));
}

/** Time on the GPU by timestamps; null where the adapter has none. Each dispatch has a pass of its own: no overlap. */
export async function gpuTime(device: Device, { run }: Candidate): Promise<GpuTime | null> {
  if (!device.features.has("timestamp-query")) return null;
  const { rows } = await device.profile(() => {
    for (let i = 0; i < PROFILED_CALLS; i++) call(run);
  });
  const dispatches = rows.length / PROFILED_CALLS;
  const sums = Array.from({ length: PROFILED_CALLS }, (_, i) =>
    rows.slice(i * dispatches, (i + 1) * dispatches).reduce((sum, row) => sum + row.ns / 1e6, 0),
  );
  return { ms: median(sums), dispatches };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Calls a measurement; also warms up: pipelines are compiled and buffers pooled when this returns. */
async function calibrate(device: Device, candidate: Candidate, minMs: number): Promise<number> {
  await wall(device, candidate, 1);
  let calls = 1;
  for (;;) {
    const ms = await wall(device, candidate, calls);
    if (ms >= minMs || calls >= MAX_CALLS) return calls;
    const wanted = Math.ceil((calls * 1.2 * minMs) / Math.max(ms, 0.01));
    calls = Math.min(Math.max(wanted, calls * 2), calls * 16, MAX_CALLS);
  }
}

async function wall(device: Device, { run }: Candidate, calls: number): Promise<number> {
  await device.settle();
  const start = performance.now();
  for (let i = 0; i < calls; i++) call(run);
  await device.settle();
  return performance.now() - start;
}

function call(run: () => unknown): void {
  scope(() => {
    run();
  });
}
