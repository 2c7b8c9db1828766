// lerp, addcmul, addcdiv: sums of products with NumPy broadcasting, f32.

import { OptionError } from "../gpu/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, binary, div, mul, sub } from "./binary.ts";
import { commonDType, type Operand } from "./operand.ts";

/** a + weight (b - a) (torch.lerp); weight a number or a tensor. */
export function lerp(a: Tensor, b: Tensor, weight: Operand): Tensor {
  if (typeof weight !== "number") return add(a, mul(sub(b, a), weight));
  if (Number.isNaN(weight)) throw new OptionError("lerp: weight must be a number, got NaN");
  commonDType("lerp", a, b);
  return binary(
    "lerp",
    [a, b],
    { a: (dy) => mul(dy, 1 - weight), b: (dy) => mul(dy, weight) },
    // From the nearer end: exact at both.
    { type: "f32", body: "select(b - (b - a) * (1.0 - p), a + p * (b - a), abs(p) < 0.5)", p: weight },
  );
}

export interface AddcOptions {
  /** Factor of the product or quotient. Default 1. */
  readonly value?: number;
}

/** x + value a b (torch.addcmul). */
export function addcmul(x: Tensor, a: Operand, b: Operand, { value = 1 }: AddcOptions = {}): Tensor {
  return plus("addcmul", x, mul(a, b), value);
}

/** x + value a / b (torch.addcdiv). */
export function addcdiv(x: Tensor, a: Operand, b: Operand, { value = 1 }: AddcOptions = {}): Tensor {
  return plus("addcdiv", x, div(a, b), value);
}

/** x + value y */
function plus(name: string, x: Tensor, y: Tensor, value: number): Tensor {
  if (Number.isNaN(value)) throw new OptionError(`${name}: value must be a number, got NaN`);
  commonDType(name, x, y);
  return binary(
    name,
    [x, y],
    { a: (dy) => dy, b: (dy) => mul(dy, value) },
    { type: "f32", body: "a + p * b", p: value },
  );
}
