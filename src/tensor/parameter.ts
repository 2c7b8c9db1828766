// Parameters and buffers: tensors that outlive every scope. Their initial values come from the CPU, so that they are
// bit-identical on every host.

import { currentDevice, type Device } from "../gpu/device.ts";
import { ShapeError, UsageError } from "../gpu/errors.ts";
import { activeTrace } from "../gpu/trace.ts";
import { bytesOf, type DType, dtypeOf, type TypedArray } from "./dtype.ts";
import { inSlab } from "./flatten.ts";
import { copyInto } from "./primitives.ts";
import { formatShape, numel, type Shape } from "./shape.ts";
import { emptyPersistent, Tensor } from "./tensor.ts";

/** A tensor that an optimizer trains (torch.nn.Parameter): requires a gradient, belongs to no scope. */
export class Parameter extends Tensor {}

/** A parameter with these values, in row-major order. */
export function parameter(shape: Shape, values: Float32Array, device: Device = currentDevice()): Parameter {
  const p = persistent(Parameter, shape, values, device, "parameter");
  p.requiresGrad = true;
  return p;
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
