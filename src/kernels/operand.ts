// An operand of an elementwise op: a tensor, or a number that takes part as a 0-d value without an upload. Which dtype two
// of them are computed in, and where a shader finds them.

import { DTypeError, UsageError } from "../gpu/errors.ts";
import { type DType, isFloat, promote, WGSL_TYPE } from "../tensor/dtype.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A tensor, or a number: a number never promotes f32. */
export type Operand = Tensor | number;

// Where an operand comes from, as the shaders count it.
export const LINEAR = 0;
const SINGLE = 1;
const NUMBER = 2;
export const BROADCAST = 3;

export function sourceOf(operand: Operand, y: Tensor): number {
  if (typeof operand === "number") return NUMBER;
  if (operand.size === y.size) return LINEAR;
  return operand.size === 1 ? SINGLE : BROADCAST;
}

export const shapeOf = (operand: Operand): Shape => (typeof operand === "number" ? [] : operand.shape);

export const storedType = (operand: Operand, type: DType) =>
  WGSL_TYPE[typeof operand === "number" ? type : operand.dtype];

/** f16 where no float operand is wider, else f32: the dtype of an op that gives a float whatever it is given. */
export function floatResult(...operands: readonly (Operand | null)[]): "f32" | "f16" {
  const dtypes = operands.map((t) => (t instanceof Tensor ? t.dtype : null));
  return dtypes.includes("f16") && !dtypes.includes("f32") ? "f16" : "f32";
}

/** The number as a float and, for integers that f32 would round, as bits. */
export function numberParams(value: number, type: DType): { value: number; bits: number } {
  return isFloat(type) ? { value, bits: 0 } : { value: 0, bits: value };
}

export function tensorOf(name: string, ...operands: Operand[]): Tensor {
  const found = operands.find((t) => t instanceof Tensor);
  if (found instanceof Tensor) return found;
  throw new UsageError(`${name}: at least one operand must be a tensor`);
}

/** The tensors among the operands, for the tape. */
export const onTape = (operand: Operand): Tensor | null => (typeof operand === "number" ? null : operand);

/** Dtype that two operands are computed in. A number never promotes f32; a whole one leaves integers as they are. */
export function commonDType(name: string, a: Operand, b: Operand): DType {
  if (typeof a === "number") return withNumber(name, tensorOf(name, a, b), a);
  if (typeof b === "number") return withNumber(name, a, b);
  const type = promote(a.dtype, b.dtype);
  if (type) return type;
  throw new DTypeError(`${name}: u32 mixes only with u32 and bool, a ${describe(a)}, b ${describe(b)}`);
}

function withNumber(name: string, t: Tensor, value: number): DType {
  if (isFloat(t.dtype)) return t.dtype;
  const unsigned = t.dtype === "u32";
  if (Number.isInteger(value)) {
    const fits = unsigned ? value >>> 0 === value : (value | 0) === value;
    if (fits) return unsigned ? "u32" : "i32";
    throw new DTypeError(`${name}: ${value} does not fit ${unsigned ? "u32" : "i32"}, beside ${describe(t)}`);
  }
  if (unsigned)
    throw new DTypeError(`${name}: u32 mixes only with whole numbers, got ${value} beside ${describe(t)}`);
  return "f32";
}

export const describe = (t: Operand) =>
  typeof t === "number" ? String(t) : `${t.dtype}${formatShape(t.shape)}`;
