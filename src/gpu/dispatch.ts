// The atom of everything the GPU does: a Dispatch, and the Recorder that takes it.
// Kernels make dispatches; the eager recorder encodes them at once, a trace collects them for a program.

import type { Device } from "./device.ts";
import type { PipelineEntry } from "./pipeline.ts";
import type { Shader } from "./shader.ts";
import type { SpecialiseOptions } from "./specialise.ts";
import type { Storage } from "./storage.ts";

/** Something a shader binding can point at: a byte range of a storage. Tensors are Bindable. */
export interface Bindable {
  readonly device: Device;
  readonly storage: Storage;
  readonly byteOffset: number;
  readonly byteLength: number;
  /** For listings; a bare range has none. */
  readonly shape?: readonly number[];
  /** WGSL's name of the stored element; a bare range has none, and any binding takes it. */
  readonly elementType?: string;
}

/** The place alone, without the tensor: it stays valid when the tensor is released, as long as somebody holds the storage. */
export function rangeOf({ device, storage, byteOffset, byteLength, shape, elementType }: Bindable): Bindable {
  return { device, storage, byteOffset, byteLength, shape, elementType };
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

/**
 * What a fuser may do with a dispatch. Besides, a shader with the hook `epilogue(v: f32, i: u32) -> f32` promises to write
 * element i of its result, the binding y or dx, as epilogue(v, i) and in no other way. One with the hook
 * `prologue(i: u32) -> X` promises to read x[i] of its operand x: array<X>, elements or vectors of four, as prologue(i) and in
 * no other way; and all of x, each by one thread and nearly always once, if its role says `once`.
 */
export type FusionRole =
  | ElementwiseRole
  | CopyRole
  | StridedRole
  | PicksRole
  | ScattersRole
  | MomentsRole
  | OpaqueRole;

/** y[i] = apply(operands at i, numbers). */
export interface ElementwiseRole {
  readonly kind: "elementwise";
  /** `fn apply(...) -> R`, over the aliases T and R. */
  readonly apply: string;
  /** Functions of shaders/scalar/ that it calls. */
  readonly calls: readonly string[];
  /** T and R in WGSL. */
  readonly type: string;
  readonly result: string;
  /** Its first arguments: names of bindings, whose shapes broadcast against y's, or numbers. */
  readonly operands: readonly (string | number)[];
  /** Its last arguments. */
  readonly numbers: readonly number[];
  /** The result is this operand or 0, and which of them the other operands say alone. */
  readonly gates?: string;
}

/** y = x, bit by bit, all of it. */
export interface CopyRole {
  readonly kind: "copy";
}

/** dst[dstOffset + i . dst] = src[srcOffset + i . src] over a box of indices i, all in elements, bit by bit. */
export interface StridedRole {
  readonly kind: "strided";
  readonly axes: readonly { readonly size: number; readonly src: number; readonly dst: number }[];
  readonly srcOffset: number;
  readonly dstOffset: number;
  /** Of an element. */
  readonly bytes: number;
  /** How src is read: its axes are the last of the role's. */
  readonly views: { readonly src: StridedView };
}

/** y[o] = x[indices[o]], with indices that the kernel finds: max pooling. */
export interface PicksRole {
  readonly kind: "picks";
  /** Over the windows 2x2 that tile the planes x[.., h, w]. */
  readonly quarters: boolean;
}

/** dx[i] = sum of x[o] over all o with indices[o] = i, its adjoint, x read through the hook `prologue`. */
export interface ScattersRole {
  readonly kind: "scatters";
}

/** partial[split, channel] = count, shift, rest, m2 of x[n, channel, ..]: batch_norm_moments.wgsl. Readers have a param `splits`. */
export interface MomentsRole {
  readonly kind: "moments";
}

export interface OpaqueRole {
  readonly kind: "opaque";
  /** Bindings that the kernel walks by strides, which a fuser may change. */
  readonly views?: Readonly<Record<string, StridedView>>;
  /**
   * Of a shader with the hook `prologue`: it may then also compute what is dear, and store results on the side. The constants
   * with which its text stands in the kernel once: for what is dear to compile.
   */
  readonly once?: Readonly<Record<string, number>>;
  /**
   * Of a kernel that can write the maxima over windows 2x2 instead of the planes y (fuse/pooled.ts); null: not at these sizes.
   */
  readonly pooled?: () => PooledVariant | null;
  /**
   * How the kernel gives, besides y[n, channel, ..], the moments of parts of it: through the hook
   * `store_moments(split * channels + channel: u32, m: vec4f)`.
   */
  readonly moments?: () => MomentsVariant | null;
}

/** What then changes in the dispatch. */
export interface PooledVariant {
  readonly constants: Readonly<Record<string, number | boolean>>;
  readonly params: Readonly<Record<string, number>>;
  readonly grid: Dispatch["grid"];
}

export interface MomentsVariant {
  readonly constants: Readonly<Record<string, number | boolean>>;
  readonly splits: number;
}

/** Element (i, e) of a binding, e < run, is at offset + i . strides + e; the kernel visits no other. */
export interface StridedView {
  /** Sizes, and the params that hold the strides, in elements. No two bindings share a param, but for reads of the same. */
  readonly axes: readonly { readonly size: number; readonly param: string }[];
  readonly run: number;
  /** The param that holds the offset; null: 0. */
  readonly offset: string | null;
  /** What offset and strides must be multiples of, and in what the params count them. */
  readonly align: number;
  readonly unit?: number;
  /** This result may stand in the storage of another one, if this constant is then true and this binding nothing. */
  readonly joins?: { readonly binding: string; readonly constant: string };
}

export interface Dispatch {
  readonly kernel: string;
  /** What the pipeline was made from: a fuser makes another from it. */
  readonly shader: Shader;
  readonly options: SpecialiseOptions;
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
