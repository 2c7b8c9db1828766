// Parameters and buffers: tensors that outlive every scope. Their initial values come from the CPU, so that they are
// bit-identical on every host.

import { currentDevice, type Device } from "../gpu/device.ts";
import { ShapeError } from "../gpu/errors.ts";
import type { TypedArray } from "./dtype.ts";
import { type DType, dtypeOf, ELEMENT_BYTES } from "./dtype.ts";
import { formatShape, numel, type Shape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

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
  const storage = device.pool.allocate(Math.max(size, 1) * ELEMENT_BYTES, label, device.eager.batch);
  const t = new Class([...shape], dtype, device, storage);
  if (size > 0) device.eager.upload(t, values);
  return t;
}
