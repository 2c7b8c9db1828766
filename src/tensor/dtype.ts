// Element types and their host arrays. bool is stored as u32 0/1; indices are i32.

import { DTypeError } from "../gpu/errors.ts";

export type DType = "f32" | "i32" | "u32" | "bool";
export type TypedArray = Float32Array | Int32Array | Uint32Array;

/** Every element takes four bytes. */
export const ELEMENT_BYTES = 4;

/** The host array of each dtype. */
export const ARRAYS = {
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
} as const satisfies Record<DType, unknown>;

/** WGSL's name of the stored element. */
export const WGSL_TYPE = { f32: "f32", i32: "i32", u32: "u32", bool: "u32" } as const satisfies Record<
  DType,
  string
>;

export function typedArray(dtype: DType, source: ArrayBuffer | ArrayLike<number>): TypedArray {
  const Type = ARRAYS[dtype];
  return source instanceof ArrayBuffer ? new Type(source) : Type.from(source);
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

const RANK: Record<DType, number> = { bool: 0, i32: 1, u32: 1, f32: 2 };

/** PyTorch's promotion: bool < i32 < f32. u32 mixes only with itself and bool: null. */
export function promote(a: DType, b: DType): DType | null {
  if (a === b) return a;
  const mixed = (a === "u32" && b !== "bool") || (b === "u32" && a !== "bool");
  if (mixed) return null;
  return RANK[a] > RANK[b] ? a : b;
}

export function isFloat(dtype: DType): boolean {
  return dtype === "f32";
}
