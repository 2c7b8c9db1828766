// Trigonometric and hyperbolic functions in PyTorch's names, and of two tensors atan2 and hypot. sin, cos, tanh: unary.ts.
// Always f32. Outside their domain NaN.

import type { Tensor } from "../tensor/tensor.ts";
import { add, binary, div, mul, sub } from "./binary.ts";
import { type Chain, chain } from "./chain.ts";
import { commonDType, type Operand } from "./operand.ts";
import { neg, reciprocal, rsqrt, square, unary } from "./unary.ts";

/** u^-1.5 */
const inverseCube = (u: Tensor): Tensor => mul(rsqrt(u), reciprocal(u));
const oneMinusSquare = (x: Tensor): Tensor => mul(sub(1, x), add(x, 1));

const TAN: Chain = { name: "tan", dx: "dy * (1.0 + v * v)", second: (y) => mul(y, 2) };
const ASIN: Chain = {
  name: "asin",
  dx: "dy / sqrt((1.0 - v) * (1.0 + v))",
  second: (x) => mul(x, inverseCube(oneMinusSquare(x))),
};
const ACOS: Chain = {
  name: "acos",
  dx: "-dy / sqrt((1.0 - v) * (1.0 + v))",
  second: (x) => neg(mul(x, inverseCube(oneMinusSquare(x)))),
};
const ATAN: Chain = {
  name: "atan",
  dx: "dy / (1.0 + v * v)",
  second: (x) => mul(mul(x, -2), square(reciprocal(add(square(x), 1)))),
};
const SINH: Chain = { name: "sinh", dx: "dy * op_cosh(v)", second: (x) => sinh(x) };
const COSH: Chain = { name: "cosh", dx: "dy * op_sinh(v)", second: (x) => cosh(x) };
const ASINH: Chain = {
  name: "asinh",
  dx: "dy / sqrt(v * v + 1.0)",
  second: (x) => neg(mul(x, inverseCube(add(square(x), 1)))),
};
const ACOSH: Chain = {
  name: "acosh",
  dx: "dy / (sqrt(v - 1.0) * sqrt(v + 1.0))",
  second: (x) => neg(mul(x, inverseCube(mul(sub(x, 1), add(x, 1))))),
};
const ATANH: Chain = {
  name: "atanh",
  dx: "dy / ((1.0 - v) * (1.0 + v))",
  second: (x) => mul(mul(x, 2), square(reciprocal(oneMinusSquare(x)))),
};

/** sin x / cos x; accurate to 1e-5 for |x| <= 3e4 away from its poles. */
export const tan = (x: Tensor): Tensor => unary("tan", x, (dy, _, y) => chain(TAN, y, dy));
/** Angle in [-pi/2, pi/2] whose sine is x. */
export const asin = (x: Tensor): Tensor => unary("asin", x, (dy, x) => chain(ASIN, x, dy));
/** Angle in [0, pi] whose cosine is x. */
export const acos = (x: Tensor): Tensor => unary("acos", x, (dy, x) => chain(ACOS, x, dy));
/** Angle in (-pi/2, pi/2) whose tangent is x. */
export const atan = (x: Tensor): Tensor => unary("atan", x, (dy, x) => chain(ATAN, x, dy));
/** (e^x - e^-x) / 2 */
export const sinh = (x: Tensor): Tensor => unary("sinh", x, (dy, x) => chain(SINH, x, dy));
/** (e^x + e^-x) / 2 */
export const cosh = (x: Tensor): Tensor => unary("cosh", x, (dy, x) => chain(COSH, x, dy));
/** log(x + sqrt(x^2 + 1)) */
export const asinh = (x: Tensor): Tensor => unary("asinh", x, (dy, x) => chain(ASINH, x, dy));
/** log(x + sqrt(x^2 - 1)) for x >= 1 */
export const acosh = (x: Tensor): Tensor => unary("acosh", x, (dy, x) => chain(ACOSH, x, dy));
/** log((1 + x) / (1 - x)) / 2 for |x| <= 1 */
export const atanh = (x: Tensor): Tensor => unary("atanh", x, (dy, x) => chain(ATANH, x, dy));

/** The angle of the point (b, a) in [-pi, pi] (torch.atan2); the signs of zeros count. Gradient NaN at (0, 0). */
export function atan2(a: Operand, b: Operand): Tensor {
  commonDType("atan2", a, b);
  // By hypot, so that the sum of squares does not overflow.
  const over = (dy: Tensor, x: Operand) => {
    const h = hypot(a, b);
    return mul(dy, div(div(x, h), h));
  };
  return binary("atan2", [a, b], { a: (dy) => over(dy, b), b: (dy) => neg(over(dy, a)) }, { type: "f32" });
}

/** sqrt(a^2 + b^2) without overflow (torch.hypot). Gradient NaN at (0, 0), as in PyTorch. */
export function hypot(a: Operand, b: Operand): Tensor {
  commonDType("hypot", a, b);
  const gradient = (x: Operand) => (dy: Tensor, y: Tensor) => mul(dy, div(x, y));
  return binary("hypot", [a, b], { a: gradient(a), b: gradient(b) }, { type: "f32" });
}
