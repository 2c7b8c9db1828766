// One training step with everything kept: what the Inspector computes from. Plain arrays read back from the device, so that the
// run can go on. Made by collect.ts, which views.ts calls; opened by inspect.ts.

import type { Program } from "../../../src/gpu/program.ts";
import type { Storage } from "../../../src/gpu/storage.ts";
import type { LayerSpec } from "../layers.ts";
import type { OptimizerName } from "../protocol.ts";

export type Numbers = Float32Array | Int32Array | Uint32Array;

export interface Values {
  readonly shape: readonly number[];
  readonly values: Numbers;
}

/** A tensor that the variant kept, under the label of the dispatch that made it: `0/conv2d`, `0/conv2dWeightGradient.sum.db`. */
export interface Kept extends Values {
  /** Places in `program.dispatches`. */
  readonly madeBy: readonly number[];
}

/** A parameter through the step. Values belong to the shape, row-major. */
export interface ParameterStep extends Values {
  readonly layer: number;
  readonly tensor: "weight" | "bias";
  /** Before the step. */
  readonly values: Float32Array;
  readonly after: Float32Array;
  /** What the optimizer read. */
  readonly gradient: Float32Array;
  /** By PyTorch's names: `momentum_buffer`; `exp_avg`, `exp_avg_sq`; `square_avg`. */
  readonly moments: Readonly<Record<string, { readonly before: Float32Array; readonly after: Float32Array }>>;
}

/** Hyper-parameters of the step; those that the optimizer does not have are 0. */
export interface OptimizerNumbers {
  readonly name: OptimizerName;
  readonly lr: number;
  readonly momentum: number;
  readonly betas: readonly [number, number];
  readonly alpha: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Steps taken, this one included. */
  readonly count: number;
}

/** Where known numbers lie on the device: what a binding there held, in front of the step and behind it. */
export interface Place {
  readonly storage: Storage;
  readonly byteOffset: number;
  /** Null: made within the step. */
  readonly before: Numbers | null;
  readonly after: Numbers;
}

export interface RetainedStep {
  /** The run's counter after the step. */
  readonly step: number;
  readonly layers: readonly LayerSpec[];
  /** f32 [b, c, h, w], standardised: what the model got. */
  readonly x: { readonly shape: readonly number[]; readonly values: Float32Array };
  /** Labels, [b]. */
  readonly y: Int32Array;
  /** u8 grey [b, h, w], the pictures as they are on disk; null where there are none. */
  readonly pictures: Uint8Array | null;
  readonly loss: number;
  readonly kept: ReadonlyMap<string, Kept>;
  readonly parameters: readonly ParameterStep[];
  readonly optimizer: OptimizerNumbers;
  /** Running statistics of batch norms after the step, by name: `1.running_mean`. */
  readonly buffers: ReadonlyMap<string, Values>;
  readonly program: Program;
  /** Numbers that a dispatch read from the host: where the stream of random numbers stood. By place in `program.dispatches`. */
  readonly host: readonly Readonly<Record<string, number>>[];
  readonly places: readonly Place[];
  /** Microseconds of each dispatch of the program; null without timestamps. */
  readonly us: readonly number[] | null;
  /** What the adapter can do at most, where it was measured (bench). */
  readonly roofs: { readonly gflops: number; readonly gbs: number } | null;
}
