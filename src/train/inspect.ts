// Looks into a training step: compiles it, counts what a replay asks of WebGPU, and profiles replays in turns with the roofs
// of the adapter. The result is data (src/gpu/listing.ts); the command prints it, a page may draw it.

import { type CallCounts, countCalls } from "../gpu/count_calls.ts";
import type { Device } from "../gpu/device.ts";
import { withDevice } from "../gpu/device.ts";
import { type ListingOptions, median, type ProgramListing, programListing } from "../gpu/listing.ts";
import type { ProfileRow } from "../gpu/profiler.ts";
import type { Program } from "../gpu/program.ts";
import { type Roof, roofs } from "../kernels/roofs.ts";
import { type CompileOptions, compile } from "../tensor/compile.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TrainingStep } from "./recipes/steps.ts";

export interface InspectOptions extends Pick<CompileOptions, "fuse"> {
  /** Profiled replays; 0: no times. Default 9. */
  readonly replays?: number;
}

export interface Inspection {
  readonly program: Program;
  readonly listing: ProgramListing;
  /** WebGPU calls of one replay. */
  readonly calls: CallCounts;
  /** The replay whose sum is the median; null where the adapter has no timestamps, or none was asked for. */
  readonly replay: readonly ProfileRow[] | null;
}

const REPLAYS = 9;
/** The first replays meet cold caches. */
const WARM_CALLS = 2;

/** Compiles `step` anew and runs it a few times: its model learns on. */
export async function inspectStep(
  device: Device,
  step: TrainingStep,
  { fuse, replays = REPLAYS }: InspectOptions = {},
): Promise<Inspection> {
  const compiled = compile((x: Tensor, y: Tensor) => step.run(x, y), { fuse });
  const run = () =>
    withDevice(device, () =>
      scope(() => {
        compiled(...step.inputs);
      }, "inspect"),
    );
  await withDevice(device, () => compiled.prepare(...step.inputs));
  const program = compiled.programs[0];
  run(); // the pool gets the results' buffers
  await device.settle();
  const calls = countCalls(device.gpu, run);
  const measured = await measure(device, run, replays);
  const byTotal = [...measured.runs].sort((a, b) => total(a) - total(b));
  const replay = byTotal[byTotal.length >> 1] ?? null;
  return { program, listing: programListing(program, measured), calls, replay };
}

interface Measured extends ListingOptions {
  readonly runs: readonly (readonly ProfileRow[])[];
}

/** Roofs and replays take turns, so that a busy machine slows all alike. */
async function measure(device: Device, run: () => void, replays: number): Promise<Measured> {
  if (replays === 0 || !device.features.has("timestamp-query")) return { runs: [] };
  const { peak, stream, release } = withDevice(device, () => roofs(device));
  const rates: Record<"peak" | "stream", number[]> = { peak: [], stream: [] };
  const runs: (readonly ProfileRow[])[] = [];
  const rate = async ({ run: once, amount }: Roof) => {
    const { rows } = await device.profile(once);
    return amount / total(rows);
  };
  for (let i = 0; i < replays + WARM_CALLS; i++) {
    const [gflops, gbs] = [await rate(peak), await rate(stream)];
    const { rows } = await device.profile(run);
    if (i < WARM_CALLS) continue;
    rates.peak.push(gflops);
    rates.stream.push(gbs);
    runs.push(rows);
  }
  release();
  return { runs, roofs: { gflops: median(rates.peak), gbs: median(rates.stream) } };
}

const total = (rows: readonly ProfileRow[]): number => rows.reduce((n, r) => n + r.ns, 0);
