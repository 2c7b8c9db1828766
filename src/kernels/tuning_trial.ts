// Measures the variants of one class of shapes against the default. A variant is taken only if its results agree with the
// default's and it is ahead by MARGIN in most of many interleaved rounds, twice: on a noisy machine the fastest single time
// names a random winner.

import type { Device } from "../gpu/device.ts";
import { median } from "../gpu/listing.ts";
import { DEFAULT } from "../gpu/tuning_table.ts";
import { faultOf, resultsOf } from "./trial_results.ts";
import { interleaved, type Runs, repeatsFor, type Stand, sample, type TrialRun } from "./trial_timing.ts";

/** What there is to measure: the default and its rivals, on the same operands. */
export interface Trial {
  readonly device: Device;
  readonly default: TrialRun;
  readonly rivals: Readonly<Record<string, TrialRun>>;
}

export interface TrialOptions {
  /** Of the final, and of its confirmation. Default 15. */
  readonly rounds?: number;
  /** The clock, in milliseconds: for tests. */
  readonly now?: () => number;
}

export interface Verdict {
  /** The winner; `"default"` if no rival was clearly ahead. */
  readonly variant: string;
  /** Median over the rounds of the default's time over the winner's; 1 for the default. */
  readonly gain: number;
  /** Milliseconds of a run of the default, median. */
  readonly defaultMs: number;
  /** Best milliseconds of a run in the first looks, of every variant that is not hopeless. */
  readonly looks: Readonly<Record<string, number>>;
  /** Rivals that failed or gave wrong results, and why. */
  readonly refused: Readonly<Record<string, string>>;
}

const ROUNDS = 15;
/** A rival must be ahead by so much in the median ... */
const MARGIN = 1.06;
/** ... and ahead at all in so many of the rounds. */
const MOST = 0.7;
/** Rivals slower than this in a first look are out. */
const HOPELESS = 1.5;
/** What a wait for the GPU may add to a single run. */
const WAIT_MS = 1;
const FIRST_LOOKS = 3;
/** Slower than this in a later look, too. */
const PROMISING = 1.25;
const FINALISTS = 3;

/** Judges the rivals. Throws if the default itself fails. */
export async function runTrial(trial: Trial, options: TrialOptions = {}): Promise<Verdict> {
  const { device } = trial;
  const { rounds = ROUNDS, now = () => performance.now() } = options;
  const stand = { device, now };
  const reference = await resultsOf(device, trial.default);
  const refused: Record<string, string> = {};
  const right = new Map<string, TrialRun>([[DEFAULT, trial.default]]);
  const repeats = await repeatsFor(stand, trial.default);
  const ownMs = await sample(stand, trial.default, repeats);
  for (const [name, run] of Object.entries(trial.rivals)) {
    const fault = await faultOf(device, run, reference);
    if (fault !== null) refused[name] = fault;
    else if ((await sample(stand, run, 1)) < HOPELESS * ownMs + WAIT_MS) right.set(name, run);
  }
  const looks = await firstLooks(stand, right, repeats);
  const finalists = Object.keys(looks)
    .filter((name) => looks[name] < looks[DEFAULT])
    .sort((a, b) => looks[a] - looks[b])
    .slice(0, FINALISTS);
  const final = await interleaved(stand, only(right, finalists), repeats, rounds);
  const defaultMs = median(final.get(DEFAULT)!);
  const [winner] = finalists
    .filter((f) => isAhead(final, f))
    .sort((a, b) => gainOf(final, b) - gainOf(final, a));
  if (winner === undefined) return { variant: DEFAULT, gain: 1, defaultMs, looks, refused };
  // The best of several is also the luckiest: it has to win once more, alone against the default.
  const again = await interleaved(stand, only(right, [winner]), repeats, rounds);
  if (!isAhead(again, winner)) return { variant: DEFAULT, gain: 1, defaultMs, looks, refused };
  return { variant: winner, gain: gainOf(again, winner), defaultMs, looks, refused };
}

/** Best milliseconds of all, each look at fewer of them. */
async function firstLooks(stand: Stand, runs: Runs, repeats: number): Promise<Record<string, number>> {
  const best: Record<string, number> = {};
  let names = [...runs.keys()].filter((name) => name !== DEFAULT);
  for (let look = 0; look < FIRST_LOOKS; look++) {
    for (const [name, [ms]] of await interleaved(stand, only(runs, names), repeats, 1))
      best[name] = Math.min(best[name] ?? Infinity, ms);
    names = names.filter((name) => best[name] < PROMISING * best[DEFAULT]);
  }
  return best;
}

const only = (runs: Runs, names: readonly string[]): Runs =>
  new Map([DEFAULT, ...names].map((name) => [name, runs.get(name)!]));

const ratios = (times: ReadonlyMap<string, readonly number[]>, name: string): number[] =>
  times.get(name)!.map((ms, i) => times.get(DEFAULT)![i] / ms);

const gainOf = (times: ReadonlyMap<string, readonly number[]>, name: string) => median(ratios(times, name));

function isAhead(times: ReadonlyMap<string, readonly number[]>, name: string): boolean {
  const all = ratios(times, name);
  return median(all) >= MARGIN && all.filter((r) => r > 1).length >= MOST * all.length;
}
