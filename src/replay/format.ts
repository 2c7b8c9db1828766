// A program file: captured functions as data. Its form is safetensors: the metadata's entry `programs` is the JSON of ProgramSet, the
// tensors are bytes (U8): `buffer/3`, `params/step`, `constant/step/0`, and U32 `scalars/step` [runs, places]. Written by
// src/io/program_file.ts, read and run by this room, which knows nothing of the engine but its errors
// and its dtypes.

import type { DType } from "../tensor/dtype.ts";

export const FORMAT = "wgrad programs";
/** Of the form. A file of a newer one is refused. */
export const VERSION = 1;

/** Key of what stands in a result in place of a tensor. */
export const OUTPUT = "@output";

/** A range of one of the file's buffers, in bytes. */
export type Place = readonly [buffer: number, offset: number, bytes: number];

export interface TensorPlace {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly place: Place;
}

export interface PipelineRecord {
  /** Place in `shaders`. */
  readonly shader: number;
  readonly entry: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly bindings: readonly (readonly [binding: number, access: "read" | "read_write"])[];
  /** Binding of the uniform, and its bytes; null without one. */
  readonly params: readonly [binding: number, bytes: number] | null;
}

export interface DispatchRecord {
  readonly label: string;
  readonly pipeline: number;
  /** As the pipeline's bindings. */
  readonly places: readonly Place[];
  /** Offset of its params in those of the function. */
  readonly at: number;
  readonly grid: readonly [number, number, number];
}

export interface FunctionRecord {
  readonly inputs: readonly TensorPlace[];
  readonly outputs: readonly TensorPlace[];
  /** What it returns, with `{ "@output": i }` where a tensor stands. */
  readonly result: unknown;
  readonly dispatches: readonly DispatchRecord[];
  /** Written before every run, since dispatches change it: `constant/NAME/i`. */
  readonly constants: readonly Place[];
  /** Host values that change from run to run: where they stand in the params, and for how many runs they were recorded. */
  readonly scalars: { readonly runs: number; readonly places: readonly number[] } | null;
}

export interface ProgramSet {
  readonly version: number;
  /** Features of the device that a shader enables. */
  readonly features: readonly string[];
  readonly shaders: readonly { readonly file: string; readonly code: string }[];
  readonly pipelines: readonly PipelineRecord[];
  /** `kept`: its content is in the file, as of the export; others are scratch, or all zeros. */
  readonly buffers: readonly { readonly label: string; readonly bytes: number; readonly kept: boolean }[];
  /** Tensors that can be read and written between runs. */
  readonly state: Readonly<Record<string, TensorPlace>>;
  readonly functions: Readonly<Record<string, FunctionRecord>>;
  /** The exporter's own words. */
  readonly about: unknown;
}
