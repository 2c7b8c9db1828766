// Bits of integers with NumPy broadcasting: no gradients. For bool the logic of the same name.

import { DTypeError } from "../gpu/errors.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { logicalNot } from "./compare.ts";
import { launchBinary, launchUnary, scalarOp } from "./elementwise.ts";
import { commonDType, describe, type Operand, onTape } from "./operand.ts";

function bitwise(name: string, a: Operand, b: Operand, body: (type: DType) => string, bool: boolean): Tensor {
  const type = commonDType(name, a, b);
  if (isFloat(type) || (type === "bool" && !bool))
    throw new DTypeError(
      `${name}: needs integers${bool ? " or bool" : ""}, a ${describe(a)}, b ${describe(b)}`,
    );
  const [y] = op(name, [onTape(a), onTape(b)], () => ({
    outputs: [launchBinary(name, body(type), [a, b], { type })],
  }));
  return y;
}

/** a & b (torch.bitwise_and). @throws DTypeError for f32 */
export const bitwiseAnd = (a: Operand, b: Operand): Tensor =>
  bitwise("bitwiseAnd", a, b, () => "a & b", true);
/** a | b (torch.bitwise_or). @throws DTypeError for f32 */
export const bitwiseOr = (a: Operand, b: Operand): Tensor => bitwise("bitwiseOr", a, b, () => "a | b", true);
/** a ^ b (torch.bitwise_xor). @throws DTypeError for f32 */
export const bitwiseXor = (a: Operand, b: Operand): Tensor =>
  bitwise("bitwiseXor", a, b, () => "a ^ b", true);
/** a 2^b modulo 2^32, 0 for b outside [0, 32) (torch.bitwise_left_shift). @throws DTypeError for f32 and bool */
export const bitwiseLeftShift = (a: Operand, b: Operand): Tensor =>
  bitwise("bitwiseLeftShift", a, b, (type) => `${scalarOp("shift_left", type)}(a, b)`, false);
/** floor(a / 2^b); from 32 on as for infinitely many (torch.bitwise_right_shift). @throws DTypeError for f32 and bool */
export const bitwiseRightShift = (a: Operand, b: Operand): Tensor =>
  bitwise("bitwiseRightShift", a, b, (type) => `${scalarOp("shift_right", type)}(a, b)`, false);

/** ~x, which is -x - 1 for i32; the logical not of bool (torch.bitwise_not). @throws DTypeError for f32 */
export function bitwiseNot(x: Tensor): Tensor {
  if (isFloat(x.dtype)) throw new DTypeError(`bitwiseNot: needs integers or bool, x ${describe(x)}`);
  if (x.dtype === "bool") return logicalNot(x);
  const [y] = op("bitwiseNot", [x], () => ({
    outputs: [launchUnary("bitwiseNot", "~x", x, { type: x.dtype })],
  }));
  return y;
}
