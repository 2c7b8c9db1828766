// What a training job is to the command, and the command to it. The jobs themselves are the files beside this one; what they
// share is run.ts.

import type { DataSource } from "../../../data/sets/files.ts";
import type { Device } from "../../../gpu/device.ts";

/** Numbers of a progress bar. */
export interface RecipeProgress {
  /** The running part of a job of several trainings. */
  readonly phase?: string;
  readonly step: number;
  readonly steps: number;
  /** The running epoch, from 1, and how many; none where steps are counted. */
  readonly epoch?: number;
  readonly epochs?: number;
  /** Means since the last report, by name: loss, accuracy, ... */
  readonly values: Readonly<Record<string, number>>;
  readonly samplesPerSecond: number;
  readonly secondsLeft: number;
}

/** Where a recipe reads and writes: the run folder under Node, memory in a page. */
export interface RecipeFiles {
  /** Reads the files of a data set by name. */
  data(source: DataSource): (file: string) => Promise<Uint8Array>;
  /** Replaces a file of the run at once or not at all. */
  write(name: string, content: Uint8Array | string): Promise<void>;
  /** Adds lines at the end of a file of the run. */
  append(name: string, text: string): Promise<void>;
  /** A file that the run wrote, or the one that it goes on from; null if there is none. */
  read(name: string): Promise<Uint8Array | null>;
  /** The checkpoint to go on from, if one was asked for. */
  resume(): Promise<Uint8Array | null>;
  /** metrics.jsonl of another run, to be drawn beside this one, and its name. */
  compare?(): Promise<{ readonly name: string; readonly text: string } | null>;
}

/** What the command hands to a recipe; a number left out means the recipe's own default. */
export interface RecipeOptions {
  device: Device;
  epochs?: number;
  /** For recipes that count steps instead of epochs. */
  steps?: number;
  batch?: number;
  lr?: number;
  seed?: number;
  /** A run of seconds instead of minutes, to see that all works. Its result means little. Default false. */
  small?: boolean;
  files: RecipeFiles;
  /** Aborted by Ctrl-C: save a checkpoint, return the result so far. */
  signal: AbortSignal;
  /** Prints one line without disturbing the progress bar. */
  log: (line: string) => void;
  progress: (state: RecipeProgress) => void;
}

/** What a recipe reports. */
export interface RecipeResult {
  readonly metrics: Readonly<Record<string, number>>;
  /** The same figures of the trivial way, as far as they have a meaning there. */
  readonly baseline: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly seconds: number;
  readonly seed: number;
  /** SHA-256 of the parameters' bytes in the order of stateDict(): equal for equal runs. */
  readonly weightsSha256: string;
}

/** A recipe: what it does in one line, and the run. */
export interface Recipe {
  title: string;
  run(options: RecipeOptions): Promise<RecipeResult>;
}
