// Making tensors: from host values, constant, counting, random.

import { currentDevice, type Device } from "../gpu/device.ts";
import { HostScalar } from "../gpu/dispatch.ts";
import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import {
  ARRAYS,
  type DType,
  dtypeOf,
  floatOf,
  isFloat,
  storedArray,
  type TypedArray,
  typedArray,
} from "./dtype.ts";
import type { Generator } from "./philox.ts";
import { fill, fillNormal, fillUniform } from "./primitives.ts";
import { formatShape, numel, type Shape } from "./shape.ts";
import { empty, type Tensor } from "./tensor.ts";

export type Nested = number | boolean | readonly Nested[];

export interface TensorOptions {
  /** Default: what the values suggest; f32 for plain numbers, bool for booleans. */
  readonly dtype?: DType;
  readonly shape?: Shape;
  /** Default: the current device. */
  readonly device?: Device;
  readonly requiresGrad?: boolean;
}

export interface CreateOptions {
  readonly dtype?: DType;
  readonly device?: Device;
  readonly requiresGrad?: boolean;
}

export interface RandomOptions extends CreateOptions {
  /** Default: the default stream, see manualSeed. */
  readonly generator?: Generator;
}

/**
 * A tensor from nested arrays, a number, or a typed array with a shape (torch.tensor).
 *
 * @throws ShapeError for ragged nests or a shape that does not hold the values
 */
export function tensor(values: Nested | TypedArray, options: TensorOptions = {}): Tensor {
  const typed = ArrayBuffer.isView(values);
  const inferred = typed ? [(values as TypedArray).length] : shapeOf(values as Nested);
  const shape = options.shape ?? inferred;
  const size = numel(inferred);
  if (numel(shape) !== size) throw new ShapeError(`tensor: ${size} values do not fit ${formatShape(shape)}`);
  const flat = typed ? (values as TypedArray) : flatten(values as Nested);
  const guess = () =>
    typed ? dtypeOf(values as TypedArray) : typeof (flat[0] as unknown) === "boolean" ? "bool" : "f32";
  const dtype = options.dtype ?? guess();
  const t = empty(shape, dtype, options.device); // first: it checks the dtype
  const data = hostArray(flat, dtype);
  if (t.size > 0) t.device.recorder.upload(t, storedArray(dtype, data));
  if (options.requiresGrad) t.requiresGrad = true;
  return t;
}

/** Every element `value` (torch.full). */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  const t = fill(empty(shape, options.dtype, options.device), value);
  if (options.requiresGrad) t.requiresGrad = true;
  return t;
}

export function zeros(shape: Shape, options?: CreateOptions): Tensor {
  return full(shape, 0, options);
}

export function ones(shape: Shape, options?: CreateOptions): Tensor {
  return full(shape, 1, options);
}

/** Zeros with the shape, dtype and device of `t` (torch.zeros_like). */
export function zerosLike(t: Tensor, options: CreateOptions = {}): Tensor {
  return fullLike(t, 0, options);
}

/** Ones with the shape, dtype and device of `t` (torch.ones_like). */
export function onesLike(t: Tensor, options: CreateOptions = {}): Tensor {
  return fullLike(t, 1, options);
}

/** Every element `value`, with the shape, dtype and device of `t` (torch.full_like). */
export function fullLike(t: Tensor, value: number, options: CreateOptions = {}): Tensor {
  return full(t.shape, value, { dtype: t.dtype, device: t.device, ...options });
}

/** Uninitialised, with the shape, dtype and device of `t` (torch.empty_like). */
export function emptyLike(
  t: Tensor,
  { dtype = t.dtype, device = t.device, requiresGrad }: CreateOptions = {},
): Tensor {
  const made = empty(t.shape, dtype, device);
  if (requiresGrad) made.requiresGrad = true;
  return made;
}

/** A scalar [] read on the host now and, inside a compiled function, at every replay: a rate, a weight that changes. */
export function hostScalar(read: () => number, options: CreateOptions = {}): Tensor {
  return fill(empty([], options.dtype, options.device), new HostScalar(read));
}

/** start, start + step, ... below end (torch.arange): i32 if all three are integers, else f32. */
export function arange(start: number, end?: number, step = 1, options: CreateOptions = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (step === 0 || !Number.isFinite((to - from) / step))
    throw new OptionError(`arange: bad range ${from}, ${to}, ${step}`);
  const n = Math.max(0, Math.ceil((to - from) / step));
  const dtype = options.dtype ?? ([from, to, step].every(Number.isInteger) ? "i32" : "f32");
  return tensor(
    typedArray(
      dtype,
      Array.from({ length: n }, (_, i) => from + i * step),
    ),
    { ...options, dtype },
  );
}

/**
 * `steps` numbers from start to end, both included, at equal distances (torch.linspace); one step gives start. Integers are
 * cut toward zero.
 *
 * @throws OptionError unless steps is an integer >= 0 and both ends are finite
 */
export function linspace(start: number, end: number, steps: number, options: CreateOptions = {}): Tensor {
  if (!Number.isInteger(steps) || steps < 0 || !Number.isFinite(end - start))
    throw new OptionError(`linspace: needs finite ends and an integer >= 0, got ${start}, ${end}, ${steps}`);
  const step = (end - start) / Math.max(steps - 1, 1);
  // From the nearer end, so that both are exact.
  const at = (i: number) => (i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step);
  const { dtype = "f32" } = options;
  return tensor(
    typedArray(
      dtype,
      Array.from({ length: steps }, (_, i) => at(i)),
    ),
    { ...options, dtype },
  );
}

/** Uniform on [0, 1), drawn on the GPU (torch.rand). */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  return random(shape, options, (t) => fillUniform(t, 0, 1, options.generator));
}

/** Standard normal, drawn on the GPU (torch.randn). Adapters agree to 1e-6. */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  return random(shape, options, (t) => fillNormal(t, 0, 1, options.generator));
}

/** `rand` with the shape and device of `t` (torch.rand_like). */
export function randLike(t: Tensor, options: RandomOptions = {}): Tensor {
  return rand(t.shape, { device: t.device, dtype: floatOf(t.dtype), ...options });
}

/** `randn` with the shape and device of `t` (torch.randn_like). */
export function randnLike(t: Tensor, options: RandomOptions = {}): Tensor {
  return randn(t.shape, { device: t.device, dtype: floatOf(t.dtype), ...options });
}

function random(shape: Shape, options: RandomOptions, draw: (t: Tensor) => Tensor): Tensor {
  const { dtype = "f32" } = options;
  if (!isFloat(dtype)) throw new DTypeError(`random: only f32 and f16 can be drawn, got ${dtype}`);
  const t = draw(empty(shape, dtype, options.device ?? currentDevice()));
  if (options.requiresGrad) t.requiresGrad = true;
  return t;
}

function flatten(values: Nested): number[] {
  return Array.isArray(values) ? values.flatMap(flatten) : [values as number];
}

function shapeOf(values: Nested): number[] {
  if (!Array.isArray(values)) {
    if (typeof values === "number" || typeof values === "boolean") return [];
    throw new DTypeError(`tensor: values must be numbers or booleans, got ${String(values)}`);
  }
  if (values.length === 0) return [0];
  const inner = values.map(shapeOf);
  const first = inner[0];
  for (const s of inner) {
    if (formatShape(s) !== formatShape(first))
      throw new ShapeError(`tensor: ragged nest, ${formatShape(first)} beside ${formatShape(s)}`);
  }
  return [values.length, ...first];
}

function hostArray(values: ArrayLike<number>, dtype: DType): TypedArray {
  if (dtype === "bool")
    return typedArray(
      "bool",
      Array.from(values, (v) => (v ? 1 : 0)),
    );
  return values instanceof ARRAYS[dtype] ? (values as TypedArray) : typedArray(dtype, values);
}
