// The page of the bench: one library, one work at a time; rows.ts drives it. Also the kernel sweeps, for wgrad.
import { currentDevice } from "../../src/gpu/device.ts";
import type { ProgramMemory } from "../../src/gpu/program_slabs.ts";
import type { Job, Library, LibraryName } from "../peers/job.ts";
import type { WorkName } from "../peers/operands.ts";
import { faultOf, stepsOf } from "../peers/references.ts";
import type { Result, SweepCall } from "../sweep.ts";
import { type Counts, counted, wrapWebGpu } from "./counters.ts";

export interface Prepared {
  /** First call, compilation and reading of the result included. */
  readonly firstMs: number;
  /** What is wrong with the results; null: nothing. */
  readonly fault: string | null;
}

export interface BenchPage {
  /** Opens the device; what the library calls the adapter. */
  start(): Promise<string>;
  /** Makes the job, runs it for the first time, checks it and finds out how many calls make a measurement. */
  prepare(work: WorkName): Promise<Prepared>;
  /** Milliseconds a call with several in flight. */
  throughput(): Promise<number>;
  /** Milliseconds of one call and the reading of its result. */
  latency(): Promise<number>;
  /** What one call asks of WebGPU, and the peak of live bytes meanwhile. */
  counts(): Promise<Counts & { readonly peakBytes: number }>;
  /** The memory plan of what wgrad compiled; null where nothing is. */
  memory(): Promise<ProgramMemory | null>;
  sweep(call: SweepCall): Promise<Result>;
}

declare global {
  interface Window {
    wgradBench?: BenchPage;
  }
}

const LIBRARIES: Record<LibraryName, () => Promise<{ library: Library }>> = {
  wgrad: () => import("../peers/wgrad.ts"),
  tfjs: () => import("../peers/tfjs.ts"),
  "jax-js": () => import("../peers/jax.ts"),
};

/** A measurement lasts about so long. */
const TARGET_MS = 40;
const SEVERAL = 4; // calls in flight at least, unless one is longer than LONG_MS
const MAX_CALLS = 32;
const LONG_MS = 400;
const WARM_CALLS = 2;

wrapWebGpu();
const name = new URLSearchParams(location.search).get("library") as LibraryName;
const { library } = await LIBRARIES[name]();
let job: Job | null = null;
let calls = 1;

async function prepare(work: WorkName): Promise<Prepared> {
  const make = library.jobs[work];
  if (typeof make === "string") throw new Error(make);
  job = make();
  const start = performance.now();
  const first = await job.once();
  const firstMs = performance.now() - start;
  const fault = faultOf(work, await outputsOf(job, work, first));
  await job.batch(WARM_CALLS);
  const one = await timed(() => job!.batch(1));
  calls = one > LONG_MS ? 1 : Math.min(Math.max(Math.ceil(TARGET_MS / one), SEVERAL), MAX_CALLS);
  return { firstMs, fault };
}

/** In the layout of the references. A training goes on until as many losses are there as are known. */
async function outputsOf(job: Job, work: WorkName, first: ArrayLike<number>[]): Promise<ArrayLike<number>[]> {
  const known = stepsOf(work);
  if (known === 0) return job.canonical ? job.canonical(first) : first;
  const losses = first.map((loss) => loss[0]!);
  while (losses.length < known) losses.push(...(await job.once()).map((loss) => loss[0]!));
  return [losses];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

window.wgradBench = {
  start: () => library.start(),
  prepare,
  throughput: async () => (await timed(() => job!.batch(calls))) / calls,
  latency: () => timed(() => job!.once()),
  counts: () => counted(() => job!.batch(1)),
  memory: async () => job?.memory?.() ?? null,
  sweep: async (call) => (await import("../sweep.ts")).runSweep(currentDevice(), call),
};
