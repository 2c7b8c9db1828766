// What a library does for the bench: one object per work. The page (page/page.ts) checks and times it.
import type { ProgramMemory } from "../../src/gpu/program_slabs.ts";
import type { WorkName } from "./operands.ts";

export interface Job {
  /** Calls it so often, several in flight, and resolves when the GPU has done all of them. */
  batch(calls: number): Promise<void>;
  /** One call and its results, read. Of a training: the losses of one step. */
  once(): Promise<ArrayLike<number>[]>;
  /** Brings what `once` gave into the layout of the references (NCHW). Default: it is. */
  readonly canonical?: (outputs: ArrayLike<number>[]) => ArrayLike<number>[];
  /** Where wgrad's compiled function keeps what it makes; null before its first call. */
  readonly memory?: () => ProgramMemory | null;
}

/** Makes operands and parameters and uploads them; compiles nothing. */
export type MakeJob = () => Job;

export interface Library {
  /** Opens the device; the name of the adapter as far as the library says. */
  start(): Promise<string>;
  /** null where the library cannot do it, with the reason. */
  readonly jobs: Readonly<Record<WorkName, MakeJob | string>>;
}

export const LIBRARIES = ["wgrad", "tfjs", "jax-js"] as const;
export type LibraryName = (typeof LIBRARIES)[number];
