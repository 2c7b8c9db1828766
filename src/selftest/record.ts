// A row of the op table: samples, what the op gives, what it should give, what it refuses. check.ts turns a row into
// checks of values, gradients, gradients of gradients and mid-graph use. Host independent: no test runner, no Node.
import type { WgradError } from "../gpu/errors.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Draw } from "./draw.ts";
import { type Nd, nd } from "./nd.ts";

/** An input of a sample. f32 inputs get gradients unless fixed. */
export interface HostTensor extends Nd {
  readonly dtype: DType;
  readonly fixed?: boolean;
}

export interface Sample<O = unknown> {
  readonly inputs: readonly HostTensor[];
  readonly options: O;
}

export interface ErrorCase {
  readonly name: string;
  run(): unknown;
  readonly message: RegExp;
  readonly type: abstract new (...args: never[]) => WgradError;
  /** What is wrong; default by the error (refusal.ts). */
  readonly kind?: "shape" | "dtype" | "option";
}

/** Factors on the bounds of check.ts. */
export interface Tolerance {
  readonly forward?: number;
  readonly gradient?: number;
  readonly doubleGradient?: number;
  readonly why: string;
}

export interface OpRecord<O = unknown> {
  /** The name of the function. */
  readonly name: string;
  /** Must stay 0.02 away from kinks: the gradients are compared with differences. */
  samples(draw: Draw): Sample<O>[];
  run(inputs: readonly Tensor[], options: O): Tensor | readonly Tensor[];
  /** The same in float64; differentiated by differences. */
  reference(inputs: readonly Nd[], options: O): Nd | readonly Nd[];
  /** false: results have no gradient. */
  readonly differentiable: boolean;
  /**
   * How results are compared. "values" (default): relative to each; "sums": relative to the op of the absolute inputs;
   * "largest": relative to the largest result; "exact".
   */
  readonly compare?: "values" | "sums" | "largest" | "exact";
  readonly tolerance?: Tolerance;
  readonly errors: readonly ErrorCase[];
  /** Why nothing of a kind is refused. */
  readonly accepts?: Readonly<Partial<Record<"shape" | "dtype" | "option", string>>>;
}

/** Numbers that f32 holds. */
export function f32(shape: Shape, data: ArrayLike<number>): HostTensor {
  return { ...nd(shape, Array.from(data, Math.fround)), dtype: "f32" };
}

export function integers(shape: Shape, data: ArrayLike<number>, dtype: DType = "i32"): HostTensor {
  return { ...nd(shape, data), dtype };
}

/** An input without gradient. */
export function fixed(t: HostTensor): HostTensor {
  return { ...t, fixed: true };
}

export function sample<O>(options: O, ...inputs: HostTensor[]): Sample<O> {
  return { inputs, options };
}
