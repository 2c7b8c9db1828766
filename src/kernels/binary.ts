// add, sub, mul, div with NumPy broadcasting. Comparisons: compare.ts; powers: power.ts; extremes: extremes.ts.

import { DTypeError } from "../gpu/errors.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { launchBinary, scalarOp } from "./elementwise.ts";
import { commonDType, describe, type Operand, onTape } from "./operand.ts";
import { sumTo } from "./reduce.ts";

/** Gradients of the two operands in the broadcast shape; each is asked for only if its operand needs it. */
export interface BinaryGradient {
  a(dy: Tensor, y: Tensor): Tensor;
  b(dy: Tensor, y: Tensor): Tensor;
}

/** A binary op computed in `type`; its gradients are summed back to the operands' shapes. */
export function binary(
  name: string,
  [a, b]: readonly [Operand, Operand],
  gradient: BinaryGradient,
  { type, body = `${scalarOp(name, type)}(a, b)`, p }: { type: DType; body?: string; p?: number },
): Tensor {
  const [ta, tb] = [onTape(a), onTape(b)];
  const [y] = op(name, [ta, tb], () => {
    const y = launchBinary(name, body, [a, b], { type, p });
    return {
      outputs: [y],
      pullback: ([dy]) => [
        dy && ta?.requiresGrad ? sumTo(gradient.a(dy, y), ta.shape) : null,
        dy && tb?.requiresGrad ? sumTo(gradient.b(dy, y), tb.shape) : null,
      ],
    };
  });
  return y;
}

/** a + b (torch.add). For two bool tensors: or. A number never promotes a float tensor. */
export function add(a: Operand, b: Operand): Tensor {
  const type = commonDType("add", a, b);
  const body = type === "bool" ? `${scalarOp("logical_or", type)}(a, b)` : undefined;
  return binary("add", [a, b], { a: (dy) => dy, b: (dy) => dy }, { type, body });
}

/** a - b (torch.sub). */
export function sub(a: Operand, b: Operand): Tensor {
  const type = noBool("sub", a, b);
  return binary("sub", [a, b], { a: (dy) => dy, b: (dy) => mul(dy, -1) }, { type });
}

/** a b (torch.mul). For two bool tensors: and. */
export function mul(a: Operand, b: Operand): Tensor {
  return binary(
    "mul",
    [a, b],
    { a: (dy) => mul(dy, b), b: (dy) => mul(dy, a) },
    { type: commonDType("mul", a, b) },
  );
}

/** a / b, always f32 (torch.div). */
export function div(a: Operand, b: Operand): Tensor {
  commonDType("div", a, b);
  const gradient: BinaryGradient = { a: (dy) => div(dy, b), b: (dy, y) => mul(mul(dy, -1), div(y, b)) };
  return binary("div", [a, b], gradient, { type: "f32" });
}

/** The dtype of two operands, of which not both may be bool. */
export function noBool(name: string, a: Operand, b: Operand): DType {
  const type = commonDType(name, a, b);
  if (type !== "bool") return type;
  throw new DTypeError(`${name}: needs numbers, not bool, a ${describe(a)}, b ${describe(b)}`);
}

/** The dtype of two operands for an op that is defined for f32 and i32 only. */
export function signedDType(name: string, a: Operand, b: Operand): DType {
  const type = noBool(name, a, b);
  if (isFloat(type) || type === "i32") return type;
  throw new DTypeError(`${name}: needs f32, f16 or i32, a ${describe(a)}, b ${describe(b)}`);
}
