// Powers and remainders with NumPy broadcasting.

import { raised } from "../tensor/autocast.ts";
import { zerosLike } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type BinaryGradient, binary, div, mul, noBool, signedDType, sub } from "./binary.ts";
import { eq, ge, logicalAnd } from "./compare.ts";
import { scalarOp } from "./elementwise.ts";
import type { Operand } from "./operand.ts";
import { floor, log, reciprocal, sqrt, square, trunc } from "./unary.ts";
import { where } from "./where.ts";

/**
 * a^b (torch.pow), as C's pow at 0, Inf and NaN; i32 gives i32.
 * Gradients as PyTorch: da = 0 where b = 0; db = 0 where a = 0 and b >= 0.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (a instanceof Tensor) a = raised(a);
  if (b instanceof Tensor) b = raised(b);
  const type = signedDType("pow", a, b);
  if (isFloat(type) && typeof b === "number" && typeof a !== "number" && isFloat(a.dtype)) {
    if (b === 2) return square(a);
    if (b === 0.5) return sqrt(a);
    if (b === -1) return reciprocal(a);
  }
  const gradient: BinaryGradient = {
    a: (dy) => powBase(dy, a as Tensor, b),
    b: (dy, y) => mul(dy, powExponent(a, b as Tensor, y)),
  };
  return binary("pow", [a, b], gradient, { type });
}

/** dy b a^(b - 1) */
function powBase(dy: Tensor, a: Tensor, b: Operand): Tensor {
  if (typeof b === "number") return b === 0 ? zerosLike(dy) : mul(dy, mul(pow(a, b - 1), b));
  return where(eq(b, 0), 0, mul(dy, mul(pow(a, sub(b, 1)), b)));
}

/** y log a */
function powExponent(a: Operand, b: Tensor, y: Tensor): Tensor {
  if (typeof a === "number") return a === 0 ? where(ge(b, 0), 0, mul(y, -Infinity)) : mul(y, Math.log(a));
  return where(logicalAnd(eq(a, 0), ge(b, 0)), 0, mul(y, log(a)));
}

/** a - b trunc(a / b), exact: the sign of a (torch.fmod). */
export function fmod(a: Operand, b: Operand): Tensor {
  return remainderOf("fmod", a, b, trunc);
}

/** a - b floor(a / b), exact: the sign of b (torch.remainder, Python's %). */
export function remainder(a: Operand, b: Operand): Tensor {
  return remainderOf("remainder", a, b, floor);
}

function remainderOf(name: string, a: Operand, b: Operand, whole: (x: Tensor) => Tensor): Tensor {
  const type = noBool(name, a, b);
  const gradient: BinaryGradient = { a: (dy) => dy, b: (dy) => mul(mul(dy, -1), whole(div(a, b))) };
  const body = type === "u32" ? "a % b" : `${scalarOp(name, type)}(a, b)`;
  return binary(name, [a, b], gradient, { type, body });
}
