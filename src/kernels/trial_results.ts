// Whether a rival computes what the default does. Who wins: tuning_trial.ts.

import type { Device } from "../gpu/device.ts";
import { fill } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import type { TrialRun } from "./trial_timing.ts";

const WRONG = 1e30;
/** Largest difference of results over the largest value: sums in another order. */
const TOLERANCE = 1e-3;

/** What a run gives, read. */
export async function resultsOf(device: Device, run: TrialRun): Promise<ArrayLike<number>[]> {
  const results = scope(() => [...run()], "tuning");
  const data = await Promise.all(results.map((t) => t.data()));
  const copies = data.map((values) => Float32Array.from(values));
  // The next candidate may be given the same memory: what it leaves unwritten must not look right.
  scope(() => {
    for (const t of results) fill(t, WRONG);
  }, "tuning");
  for (const t of results) t.release("tuning");
  await device.settle();
  return copies;
}

/** Why a rival cannot be taken, or null. */
export async function faultOf(
  device: Device,
  run: TrialRun,
  reference: readonly ArrayLike<number>[],
): Promise<string | null> {
  let results: ArrayLike<number>[];
  try {
    results = await resultsOf(device, run);
  } catch (error) {
    device.check("tune"); // a lost device has no rivals
    return (error as Error).message;
  }
  for (const [i, want] of reference.entries()) {
    const [largest, difference] = distance(results[i], want);
    if (!(difference <= TOLERANCE * largest))
      return `result ${i} differs from the default's by ${difference.toPrecision(2)} of ${largest.toPrecision(2)}`;
  }
  return null;
}

function distance(got: ArrayLike<number>, want: ArrayLike<number>): [largest: number, difference: number] {
  let [largest, difference] = [0, 0];
  for (let i = 0; i < want.length; i++) {
    largest = Math.max(largest, Math.abs(want[i]));
    const d = Math.abs(got[i] - want[i]);
    if (Number.isNaN(d)) return [largest, d];
    difference = Math.max(difference, d);
  }
  return [largest, difference];
}
