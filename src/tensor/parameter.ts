// Parameters and buffers: tensors that outlive every scope. Their initial values come from the CPU, so that they are
// bit-identical on every host.

import { currentDevice, type Device } from "../gpu/device.ts";
import { ShapeError, UsageError } from "../gpu/errors.ts";
import { activeTrace } from "../gpu/trace.ts";
import { bytesOf, type DType, dtypeOf, type TypedArray } from "./dtype.ts";
import { inSlab } from "./flatten.ts";
import { copyInto } from "./primitives.ts";
import { synchronous } from "./scope.ts";
import { checkShape, formatShape, numel, type Shape } from "./shape.ts";
import { emptyPersistent, Tensor } from "./tensor.ts";

/** A tensor that an optimizer trains (torch.nn.Parameter): requires a gradient, belongs to no scope. */
export class Parameter extends Tensor {}

let skipping = false;

/**
 * Runs `fn`, which makes modules, without drawing values or taking memory for their parameters (compare
 * torch.nn.utils.skip_init, torch's meta device): shapes, names and counts are there at once, however large the model, and
 * `loadStateDict` gives each parameter its memory with its values. Reading or computing with one before throws UsageError.
 * Buffers are made as ever.
 */
export function skipInit<R>(fn: () => R): R {
  const before = skipping;
  skipping = true;
  try {
    return synchronous("skipInit", fn());
  } finally {
    skipping = before;
  }
}

/** False for a parameter made under `skipInit` that has been given nothing yet. */
export const hasValues = (t: Tensor): boolean => !t.storage.virtual;

/** Gives a parameter made under `skipInit` its memory: whoever calls this fills it. */
export function takeMemory(t: Tensor): void {
  if (t.storage.virtual) t.device.pool.materialise(t.storage);
}

/** A parameter with these values, in row-major order; those of a function are asked for unless under `skipInit`. */
export function parameter(
  shape: Shape,
  values: Float32Array | (() => Float32Array),
  device: Device = currentDevice(),
): Parameter {
  checkShape("parameter", shape);
  // Before the values are drawn, which takes long for as many.
  device.pool.checkLimits(bytesOf(numel(shape), "f32"), `parameter ${formatShape(shape)}`);
  const p = skipping
    ? valueless(shape, device)
    : persistent(Parameter, shape, typeof values === "function" ? values() : values, device, "parameter");
  p.requiresGrad = true;
  return p;
}

function valueless(shape: Shape, device: Device): Parameter {
  device.check("parameter");
  const bytes = bytesOf(Math.max(numel(shape), 1), "f32");
  const label = "parameter made under skipInit, not loaded yet";
  return new Parameter([...shape], "f32", device, device.pool.allocateVirtual(bytes, label));
}

/** A tensor that is state but not trained (a running mean), with these values. */
export function buffer(shape: Shape, values: TypedArray, device: Device = currentDevice()): Tensor {
  return persistent(Tensor, shape, values, device, "buffer");
}

/**
 * Gives a float parameter or buffer another float dtype, in place: whoever holds it holds the converted one. Its gradient is
 * cleared.
 *
 * @throws UsageError inside compile, and once an optimizer has placed it in a slab: convert first, then make the optimizer;
 *   DTypeError for f16 without shader-f16
 */
export function convert(t: Tensor, dtype: "f32" | "f16"): void {
  if (t.dtype === dtype) return;
  if (activeTrace()) throw new UsageError(`convert: ${t} cannot change its dtype inside compile`);
  if (inSlab(t)) throw new UsageError(`convert: ${t} belongs to an optimizer; convert the module first`);
  const copy = copyInto(emptyPersistent(t.shape, dtype, t.device, t.storage.label), t);
  t.grad = null;
  t.gradSlot?.release("a change of dtype");
  t.gradSlot = null;
  t.rebase(copy.storage, 0, dtype);
  copy.release("a change of dtype");
}

type TensorClass<T> = new (...args: ConstructorParameters<typeof Tensor>) => T;

function persistent<T extends Tensor>(
  Class: TensorClass<T>,
  shape: Shape,
  values: TypedArray,
  device: Device,
  label: string,
): T {
  const size = numel(shape);
  if (values.length !== size)
    throw new ShapeError(`${label}: ${values.length} values do not fit ${formatShape(shape)}`);
  device.check(label);
  const dtype: DType = dtypeOf(values);
  const storage = device.pool.allocate(bytesOf(Math.max(size, 1), dtype), label, device.eager.batch);
  const t = new Class([...shape], dtype, device, storage);
  if (size > 0) device.eager.upload(t, values);
  return t;
}
