// The training jobs by name. A recipe is a file beside this one, loaded only when it runs.
import type { DataSource } from "../../data/files.ts";
import type { Device } from "../../gpu/device.ts";
import { OptionError } from "../../gpu/errors.ts";

/** Numbers of a progress bar. */
export interface RecipeProgress {
  readonly step: number;
  readonly steps: number;
  /** The running epoch, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly accuracy: number;
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
  /** The checkpoint to go on from, if one was asked for. */
  resume(): Promise<Uint8Array | null>;
}

/** What the command hands to a recipe; a number left out means the recipe's own default. */
export interface RecipeOptions {
  device: Device;
  epochs?: number;
  batch?: number;
  lr?: number;
  seed?: number;
  files: RecipeFiles;
  /** Aborted by Ctrl-C: save a checkpoint, return the result so far. */
  signal: AbortSignal;
  /** Prints one line without disturbing the progress bar. */
  log: (line: string) => void;
  progress: (state: RecipeProgress) => void;
}

/** What a recipe reports. */
export interface RecipeResult {
  metrics: Record<string, number>;
  steps: number;
  seconds: number;
  seed: number;
  /** SHA-256 of the parameters' bytes in the order of stateDict(): equal for equal runs. */
  weightsSha256: string;
}

/** A recipe: what it does in one line, and the run. */
export interface Recipe {
  title: string;
  run(options: RecipeOptions): Promise<RecipeResult>;
}

const recipes = {
  digits: async () => (await import("./digits.ts")).digits,
} satisfies Record<string, () => Promise<Recipe>>;

/** Names of all recipes. */
export const RECIPE_NAMES = Object.keys(recipes) as (keyof typeof recipes)[];

/** A name from outside. Throws OptionError listing the names there are. */
export function recipeName(name: string): keyof typeof recipes {
  const known = RECIPE_NAMES.find((r) => r === name);
  if (known) return known;
  throw new OptionError(`train: recipe must be one of ${RECIPE_NAMES.join(", ")}, got ${name}`);
}

/** Runs a recipe by name. Throws OptionError for an unknown name. */
export async function runRecipe(name: string, options: RecipeOptions): Promise<RecipeResult> {
  const recipe = await recipes[recipeName(name)]();
  return recipe.run(options);
}
