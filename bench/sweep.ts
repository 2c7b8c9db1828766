// The kernel sweep, the same in Node and in the page: every bench is checked, then all take turns with the two roofs.
import type { Device } from "../src/gpu/device.ts";
import { type Bench, type BenchFacts, benches, check, type Sweep } from "./kernels.ts";
import { type Candidate, type GpuTime, gpuTime, measure, type Times } from "./measure.ts";
import { measureReplay, type Replay } from "./replay.ts";
import { type KnownPeak, knownPeak, roofs } from "./roofs.ts";

export interface SweepCall {
  /** Kernels whose name and shape match this regular expression. */
  readonly only: string;
  readonly rounds: number;
  readonly sweep: Sweep;
}

export interface Row {
  readonly bench: BenchFacts;
  readonly times: Times;
  readonly gpu: GpuTime | null;
}

/** Plain data: the page sends it. */
export interface Result {
  readonly adapter: string;
  /** Which kernel variants ran: `device.tuning.hash`. */
  readonly tuning: string;
  readonly peak: Row;
  readonly stream: Row;
  readonly rows: readonly Row[];
  readonly replay: Replay;
  /** What is known of such an adapter on a quiet machine. */
  readonly known: KnownPeak | null;
}

export type Progress = (text: string) => void;

export function chosenBenches(only: string, sweep: Sweep): Bench[] {
  const pattern = new RegExp(only, "i");
  const inSweep = benches.filter((b) => sweep === "full" || b.sweep !== "full");
  return inSweep.filter((b) => pattern.test(`${b.kernel} ${b.shape}`));
}

export async function runSweep(
  device: Device,
  call: SweepCall,
  progress: Progress = () => {},
): Promise<Result> {
  const { peak, stream } = roofs();
  const list = [peak, stream, ...chosenBenches(call.only, call.sweep)];
  const candidates: Candidate[] = [];
  for (const bench of list) {
    const name = `${bench.kernel} ${bench.shape}`;
    progress(`checking ${name}`);
    const ready = bench.setup();
    await check(name, ready);
    candidates.push({ name, run: ready.run });
  }
  const times = await measure(device, candidates, call.rounds, (done) => progress(`round ${done}`));
  const rows: Row[] = [];
  for (const [i, { setup: _, ...bench }] of list.entries()) {
    rows.push({ bench, times: times[i]!, gpu: await gpuTime(device, candidates[i]!) });
  }
  const [first, second, ...rest] = rows;
  progress("replay");
  const replay = await measureReplay(device);
  return {
    adapter: device.name,
    tuning: device.tuning.hash,
    peak: first!,
    stream: second!,
    rows: rest,
    replay,
    known: knownPeak(device),
  };
}
