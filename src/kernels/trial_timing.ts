// Times candidates in interleaved rounds, until the GPU is done. Who wins: tuning_trial.ts.

import type { Device } from "../gpu/device.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Runs one candidate once and gives its results, made by it: whoever calls releases them. */
export type TrialRun = () => readonly Tensor[];

/** What is timed, and by which clock. */
export interface Stand {
  readonly device: Device;
  readonly now: () => number;
}

export type Runs = ReadonlyMap<string, TrialRun>;

/** A sample is repeated runs of at least so long: the clock of a browser counts in 0.1 ms, and a wait costs as much. */
const SAMPLE_MS = 4;
const MOST_REPEATS = 256;

/** Milliseconds of a run, of every candidate in every round; each round begins with another one. */
export async function interleaved(
  stand: Stand,
  runs: Runs,
  repeats: number,
  rounds: number,
): Promise<Map<string, number[]>> {
  const names = [...runs.keys()];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      times.get(name)!.push(await sample(stand, runs.get(name)!, repeats));
    }
  }
  return times;
}

/** Milliseconds of one of `repeats` runs, until the GPU has done them all. */
export async function sample({ device, now }: Stand, run: TrialRun, repeats: number): Promise<number> {
  const start = now();
  for (let i = 0; i < repeats; i++) once(run);
  await device.settle();
  return (now() - start) / repeats;
}

/** Releases what the run made. */
function once(run: TrialRun): void {
  scope(() => {
    run();
  }, "tuning");
}

/** Runs of a sample: enough that the wait at its end hardly counts. */
export async function repeatsFor(stand: Stand, run: TrialRun): Promise<number> {
  const ms = Math.min(await sample(stand, run, 1), await sample(stand, run, 1));
  if (ms >= SAMPLE_MS) return 1;
  const waiting = Math.min(await sample(stand, () => [], 1), ms / 2);
  return Math.min(MOST_REPEATS, Math.ceil(SAMPLE_MS / Math.max(ms - waiting, SAMPLE_MS / MOST_REPEATS)));
}
