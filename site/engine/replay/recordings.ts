// What of the engine's work is recorded when the site is built (build/record.ts), so that Home learns and tests itself before the
// engine has come: the run of the standard settings, and the self-test; each as a GPU would run it, and as a software adapter.

import type { RunConfig, RunInfo } from "../protocol.ts";

/** Of a file, what the recorder says of it. */
export interface AboutRun {
  readonly config: RunConfig;
  readonly info: RunInfo;
  /** Steps from one point of the curve to the next. */
  readonly every: number;
  /** The learning rate of each step. */
  readonly rates: readonly number[];
}

export type Kind = "software" | "hardware";

export const nameOfRun = (kind: Kind): string => `home-run-${kind}.bin`;
export const nameOfTest = (kind: Kind): string => `self-test-${kind}.bin`;

/** Functions of the run's file. */
export const STEP = "step";
export const SCORE = "score";
export const LAYERS = "layers";

/** State of the run's file, beside the names of a snapshot's tensors: the counters of the steps and of the validation. */
export const STEPS_METER = "meter/";
export const SCORE_METER = "score/";
