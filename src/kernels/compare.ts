// Comparisons and logic with NumPy broadcasting: bool results, no gradients. NaN compares false, but for ne.

import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { launchBinary, launchUnary, scalarOp } from "./elementwise.ts";
import { commonDType, type Operand, onTape } from "./operand.ts";

function compare(name: string, scalar: string, a: Operand, b: Operand): Tensor {
  const type = commonDType(name, a, b);
  const body = `${scalarOp(scalar, type)}(a, b)`;
  const [y] = op(name, [onTape(a), onTape(b)], () => ({
    outputs: [launchBinary(name, body, [a, b], { type, out: "bool" })],
  }));
  return y;
}

/** a == b */
export const eq = (a: Operand, b: Operand): Tensor => compare("eq", "eq", a, b);
/** a != b */
export const ne = (a: Operand, b: Operand): Tensor => compare("ne", "ne", a, b);
/** a < b */
export const lt = (a: Operand, b: Operand): Tensor => compare("lt", "lt", a, b);
/** a <= b */
export const le = (a: Operand, b: Operand): Tensor => compare("le", "le", a, b);
/** a > b */
export const gt = (a: Operand, b: Operand): Tensor => compare("gt", "gt", a, b);
/** a >= b */
export const ge = (a: Operand, b: Operand): Tensor => compare("ge", "ge", a, b);

// Logic: anything but zero counts as true, NaN too.

export const logicalAnd = (a: Operand, b: Operand): Tensor => compare("logicalAnd", "logical_and", a, b);
export const logicalOr = (a: Operand, b: Operand): Tensor => compare("logicalOr", "logical_or", a, b);
export const logicalXor = (a: Operand, b: Operand): Tensor => compare("logicalXor", "logical_xor", a, b);
export function logicalNot(x: Tensor): Tensor {
  const body = `${scalarOp("logical_not", x.dtype)}(x)`;
  const [y] = op("logicalNot", [x], () => ({
    outputs: [launchUnary("logicalNot", body, x, { type: x.dtype, out: "bool" })],
  }));
  return y;
}
