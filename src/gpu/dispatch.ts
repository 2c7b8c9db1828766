// The atom of everything the GPU does: a Dispatch, and the Recorder that takes it.
// Kernels make dispatches; the eager recorder encodes them at once, a trace collects them for a program.

import type { Device } from "./device.ts";
import type { PipelineEntry } from "./pipeline.ts";
import type { Storage } from "./storage.ts";

/** Something a shader binding can point at: a byte range of a storage. Tensors are Bindable. */
export interface Bindable {
  readonly device: Device;
  readonly storage: Storage;
  readonly byteOffset: number;
  readonly byteLength: number;
  /** For listings; a bare range has none. */
  readonly shape?: readonly number[];
}

/** The place alone, without the tensor: it stays valid when the tensor is released, as long as somebody holds the storage. */
export function rangeOf({ device, storage, byteOffset, byteLength, shape }: Bindable): Bindable {
  return { device, storage, byteOffset, byteLength, shape };
}

/** A number read on the host at every run, eager or replayed: learning rate, step count, random offset. */
export class HostScalar {
  constructor(readonly read: () => number) {}
}

export type ParamValue = number | HostScalar;

export interface DispatchBinding {
  readonly name: string;
  readonly binding: number;
  readonly access: "read" | "read_write";
  readonly source: Bindable;
}

export interface DispatchParam {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32";
  readonly offset: number;
  readonly value: ParamValue;
}

/** What a fuser may do with a dispatch. Opaque: nothing. */
export type FusionRole =
  | { readonly kind: "elementwise"; readonly apply: string }
  | { readonly kind: "prologue"; readonly input: string }
  | { readonly kind: "epilogue"; readonly output: string }
  | { readonly kind: "opaque" };

export interface Dispatch {
  readonly kernel: string;
  readonly pipeline: PipelineEntry;
  readonly bindings: readonly DispatchBinding[];
  readonly params: readonly DispatchParam[];
  readonly paramsBytes: number;
  readonly grid: readonly [number, number, number];
  /** Module path and op that asked: `encoder.layers.0.attn/softmax`. */
  readonly label: string;
  readonly flops: number;
  readonly bytes: number;
  readonly role: FusionRole;
  /** Where the call came from; only in debug mode. */
  readonly stack?: string;
}

export interface Recorder {
  /** True while a program is being captured: storage is virtual, nothing runs, nothing can be read. */
  readonly capturing: boolean;
  allocate(bytes: number, label: string): Storage;
  dispatch(d: Dispatch): void;
  /** Fills `target` from host memory. The bytes are copied before this returns. */
  upload(target: Bindable, data: ArrayBufferView): void;
}

/** Writes the params of a dispatch into `view` at `at`; host scalars are read now. */
export function writeParams(view: DataView, at: number, params: readonly DispatchParam[]): void {
  for (const p of params) {
    const value = typeof p.value === "number" ? p.value : p.value.read();
    writeParam(view, at + p.offset, p.type, value);
  }
}

export function writeParam(view: DataView, at: number, type: DispatchParam["type"], value: number): void {
  if (type === "f32") view.setFloat32(at, value, true);
  else if (type === "i32") view.setInt32(at, value, true);
  else view.setUint32(at, value, true);
}
