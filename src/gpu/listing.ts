// What a program does, as data: a line per dispatch with shapes, cost and, where replays were profiled, time against the
// roofs of the adapter. What `wgrad inspect` prints and writes; how it is measured: src/train/inspect.ts.

import type { Dispatch, DispatchBinding } from "./dispatch.ts";
import { HostScalar } from "./dispatch.ts";
import type { PipelineEntry } from "./pipeline.ts";
import type { ProfileRow } from "./profiler.ts";
import type { Program } from "./program.ts";
import type { ProgramMemory } from "./program_slabs.ts";

/** What an adapter can do at most, measured beside the program. */
export interface Roofs {
  /** Multiply-adds in registers alone; a multiply-add counts two. */
  readonly gflops: number;
  /** Memory read and written in a row. */
  readonly gbs: number;
}

export interface ListedBinding {
  readonly name: string;
  readonly access: "read" | "read_write";
  /** Stored element, as WGSL names it; null for a bare range of bytes. */
  readonly type: string | null;
  /** Null for a bare range, and for an optional binding that is not given. */
  readonly shape: readonly number[] | null;
  readonly bytes: number;
  readonly given: boolean;
}

/** One shader text as it was compiled. */
export interface ListedPipeline {
  readonly file: string;
  readonly wgsl: string;
  /** Overrides that went to the pipeline by name, beside the text. */
  readonly overrides: Readonly<Record<string, number>>;
}

export interface ListedDispatch {
  /** Place in `program.dispatches`. */
  readonly at: number;
  readonly label: string;
  readonly kernel: string;
  /** Place in `pipelines`. */
  readonly pipeline: number;
  /** Entry point, constants and types that differ from the shader's own. */
  readonly variant: Readonly<Record<string, string | number | boolean>>;
  readonly bindings: readonly ListedBinding[];
  /** `"host"`: read anew at every run. */
  readonly params: Readonly<Record<string, number | "host">>;
  readonly grid: readonly [number, number, number];
  readonly flops: number;
  /** Bytes that have to move: each binding once. */
  readonly bytes: number;
  readonly time: ListedTime | null;
}

export interface ListedTime {
  /** Nanoseconds on the GPU, median of the replays. */
  readonly ns: number;
  readonly gflops: number;
  readonly gbs: number;
  /** The roof that this dispatch is nearer to, and its share of it; null without roofs. */
  readonly roof: "peak" | "stream" | null;
  readonly share: number | null;
}

export interface ListingTotals {
  /** Dispatches of the recording, and of those how many are left. */
  readonly recorded: number;
  readonly dispatches: number;
  readonly pipelines: number;
  readonly flops: number;
  readonly bytes: number;
  /** Sum of the medians; null where nothing was profiled. */
  readonly ns: number | null;
  /** The time that the roofs allow over the time taken; null likewise. */
  readonly share: number | null;
}

export interface ProgramListing {
  readonly dispatches: readonly ListedDispatch[];
  readonly pipelines: readonly ListedPipeline[];
  readonly totals: ListingTotals;
  readonly memory: ProgramMemory;
  readonly roofs: Roofs | null;
}

export interface ListingOptions {
  /** Profiled replays: of each the rows of `device.profile`, one per dispatch. */
  readonly runs?: readonly (readonly ProfileRow[])[];
  readonly roofs?: Roofs | null;
}

/** The listing of a program; times need `runs`, shares also `roofs`. */
export function programListing(
  program: Program,
  { runs = [], roofs = null }: ListingOptions = {},
): ProgramListing {
  const pipelines = [...program.pipelines];
  const dispatches = program.dispatches.map((d, at) => {
    const ns = runs.length > 0 ? median(runs.map((rows) => rows[at].ns)) : null;
    return { ...describe(d, at, pipelines), time: ns === null ? null : timeOf(d, ns, roofs) };
  });
  return {
    dispatches,
    pipelines: pipelines.map(({ file, code, overrides }) => ({ file, wgsl: code, overrides })),
    totals: totalsOf(program, dispatches, roofs),
    memory: program.memory,
    roofs,
  };
}

function describe(
  d: Dispatch,
  at: number,
  pipelines: readonly PipelineEntry[],
): Omit<ListedDispatch, "time"> {
  const { label, kernel, grid, flops, bytes } = d;
  const pipeline = pipelines.indexOf(d.pipeline);
  const params = d.params.map((p) => [p.name, p.value instanceof HostScalar ? "host" : p.value] as const);
  return {
    ...{ at, label, kernel, pipeline, variant: variantOf(d), bindings: d.bindings.map(bindingOf) },
    ...{ params: Object.fromEntries(params), grid, flops, bytes },
  };
}

function bindingOf({ name, access, source }: DispatchBinding): ListedBinding {
  const given = source.storage.label !== NOTHING;
  return {
    ...{ name, access, type: source.elementType ?? null, given },
    ...{ shape: given ? (source.shape ?? null) : null, bytes: given ? source.byteLength : 0 },
  };
}

/** Label of the buffer that stands for optional bindings that are not given (device.ts). */
const NOTHING = "nothing";

function variantOf({ shader, options }: Dispatch): ListedDispatch["variant"] {
  const own: Readonly<Record<string, unknown>> = { ...shader.aliases, ...shader.consts, ...shader.overrides };
  const chosen: Record<string, string | number | boolean> = {};
  if (options.entry !== undefined && options.entry !== Object.keys(shader.entries)[0])
    chosen.entry = options.entry;
  const given: Readonly<Record<string, unknown>> = { ...options.constants, ...options.types };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && value !== own[name]) chosen[name] = value as string | number | boolean;
  }
  return chosen;
}

function timeOf({ flops, bytes }: Dispatch, ns: number, roofs: Roofs | null): ListedTime {
  const [gflops, gbs] = ns > 0 ? [flops / ns, bytes / ns] : [0, 0];
  if (!roofs) return { ns, gflops, gbs, roof: null, share: null };
  const [peak, stream] = [gflops / roofs.gflops, gbs / roofs.gbs];
  return { ns, gflops, gbs, roof: peak > stream ? "peak" : "stream", share: Math.max(peak, stream) };
}

function totalsOf(
  program: Program,
  dispatches: readonly ListedDispatch[],
  roofs: Roofs | null,
): ListingTotals {
  const sum = (of: (d: ListedDispatch) => number) => dispatches.reduce((n, d) => n + of(d), 0);
  const timed = dispatches.length > 0 && dispatches.every((d) => d.time);
  const ns = timed ? sum((d) => d.time!.ns) : null;
  return {
    recorded: program.recorded,
    dispatches: dispatches.length,
    pipelines: program.pipelines.length,
    flops: sum((d) => d.flops),
    bytes: sum((d) => d.bytes),
    ns,
    share: ns && roofs ? sum((d) => d.time!.share! * d.time!.ns) / ns : null,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
