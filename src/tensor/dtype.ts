// Element types: how each is stored, computed with, and seen by the host. bool is stored as u32 0/1; indices are i32. f16 is
// a way to store: arithmetic on it is f32 (src/gpu/half_storage.ts), and the host sees its values as Float32Array.

import { DTypeError } from "../gpu/errors.ts";
import { f16ToF32, f32ToF16 } from "./half.ts";

export type DType = "f32" | "f16" | "i32" | "u32" | "bool";
export type TypedArray = Float32Array | Int32Array | Uint32Array;

/** Bytes of the widest element. What one tensor takes: `bytesOf`. */
export const ELEMENT_BYTES = 4;

/** Bytes that `size` elements take, in whole 4-byte words: WebGPU copies and writes nothing smaller. */
export function bytesOf(size: number, dtype: DType): number {
  return dtype === "f16" ? Math.ceil(size / 2) * 4 : size * ELEMENT_BYTES;
}

/** The host array of each dtype. */
export const ARRAYS = {
  f32: Float32Array,
  f16: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
} as const satisfies Record<DType, unknown>;

/** WGSL's name of the element as shaders compute with it. */
export const WGSL_TYPE = {
  f32: "f32",
  f16: "f32",
  i32: "i32",
  u32: "u32",
  bool: "u32",
} as const satisfies Record<DType, string>;

/** WGSL's name of the element as it is stored: what a kernel that only moves elements computes with. */
export const STORED_TYPE = { ...WGSL_TYPE, f16: "f16" } as const satisfies Record<DType, string>;

/** A host array of the dtype from values, or from the bytes of a tensor of `size` elements. */
export function typedArray(dtype: DType, source: ArrayBuffer | ArrayLike<number>, size?: number): TypedArray {
  if (dtype === "f16" && source instanceof ArrayBuffer) return f16ToF32(new Uint16Array(source, 0, size));
  const Type = ARRAYS[dtype];
  return source instanceof ArrayBuffer ? new Type(source) : Type.from(source);
}

/** What is written to the device for these values. */
export function storedArray(dtype: DType, data: TypedArray): TypedArray | Uint16Array {
  return dtype === "f16" ? f32ToF16(data) : data;
}

/** @throws DTypeError for arrays of other elements, which only untyped callers can pass */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Uint32Array) return "u32";
  throw new DTypeError(
    `values must be a Float32Array, Int32Array or Uint32Array, got ${(data as object)?.constructor?.name}`,
  );
}

const RANK: Record<DType, number> = { bool: 0, i32: 1, u32: 1, f16: 2, f32: 3 };

/** PyTorch's promotion: bool < i32 < f16 < f32. u32 mixes only with itself and bool: null. */
export function promote(a: DType, b: DType): DType | null {
  if (a === b) return a;
  const mixed = (a === "u32" && b !== "bool") || (b === "u32" && a !== "bool");
  if (mixed) return null;
  return RANK[a] > RANK[b] ? a : b;
}

export function isFloat(dtype: DType): dtype is "f32" | "f16" {
  return dtype === "f32" || dtype === "f16";
}

/** The dtype of an op whose result is a float whatever it is given: f16 stays f16, integers become f32. */
export function floatOf(dtype: DType): "f32" | "f16" {
  return dtype === "f16" ? "f16" : "f32";
}
