// What a compiled function is called with: tensors, host values that it takes as tensors, and everything else by its value.

import { currentDevice, type Device } from "../gpu/device.ts";
import { DeviceError, ShapeError, UsageError } from "../gpu/errors.ts";
import { activeTrace } from "../gpu/trace.ts";
import { argumentKey } from "./argument_key.ts";
import { type DType, dtypeOf, type TypedArray } from "./dtype.ts";
import { gradEnabled } from "./mode.ts";
import { tensorsIn } from "./scope.ts";
import { formatShape, numel, type Shape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Host values with a shape: what a DataLoader yields. */
export interface HostArray {
  readonly data: TypedArray;
  readonly shape: Shape;
}

/** What an argument becomes inside: a tensor of this shape and dtype. */
export interface Slot {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A text that is equal for calls that one recording may serve. */
export function signature(args: readonly unknown[], device: Device): string {
  const parts = args.map((a) => {
    const slot = slotOf(a);
    if (slot) return `${slot.dtype}${formatShape(slot.shape)}`;
    if (tensorsIn(a).size > 0)
      throw new UsageError("compile: pass tensors as arguments of their own, not inside objects");
    return argumentKey(a);
  });
  return `${deviceNumber(device)}|${gradEnabled()}|${parts.join("|")}`;
}

const deviceNumbers = new WeakMap<Device, number>();
let devices = 0;

function deviceNumber(device: Device): number {
  if (!deviceNumbers.has(device)) deviceNumbers.set(device, devices++);
  return deviceNumbers.get(device)!;
}

/** The device of a call. Throws UsageError inside another compiled function. */
export function deviceOf(args: readonly unknown[]): Device {
  if (activeTrace()) {
    throw new UsageError(
      "compile: a compiled function was called inside another; call the plain function there",
    );
  }
  const tensors = args.filter((a): a is Tensor => a instanceof Tensor);
  const device = tensors[0]?.device ?? currentDevice();
  if (tensors.some((t) => t.device !== device))
    throw new DeviceError("compile: tensors of two devices in one call");
  device.check("compile");
  return device;
}

/** Null for what is no tensor. */
export function slotOf(arg: unknown): Slot | null {
  if (arg instanceof Tensor) return { shape: arg.shape, dtype: arg.dtype };
  if (!isHostArray(arg) && !isTyped(arg)) return null;
  const { data, shape } = hostArray(arg);
  if (numel(shape) !== data.length)
    throw new ShapeError(`compile: ${data.length} values do not fit ${formatShape(shape)}`);
  return { shape, dtype: dtypeOf(data) };
}

export function hostArray(arg: HostArray | TypedArray): HostArray {
  return isTyped(arg) ? { data: arg, shape: [arg.length] } : arg;
}

function isTyped(arg: unknown): arg is TypedArray {
  return arg instanceof Float32Array || arg instanceof Int32Array || arg instanceof Uint32Array;
}

function isHostArray(arg: unknown): arg is HostArray {
  const a = arg as HostArray | null;
  return typeof a === "object" && a !== null && isTyped(a.data) && Array.isArray(a.shape);
}
