// Mathematical functions of one tensor, in PyTorch's names. Activations: activation.ts.

import { DTypeError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { zerosLike } from "../tensor/create.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { identity } from "../tensor/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul } from "./binary.ts";
import { type Chain, chain } from "./chain.ts";
import { launchUnary, scalarOp } from "./elementwise.ts";
import { describe } from "./operand.ts";

/** dx from dy, the input and the output. */
export type UnaryGradient = (dy: Tensor, x: Tensor, y: Tensor) => Tensor;

export interface UnaryOptions {
  /** Dtype computed in; f32 if left out. */
  readonly type?: DType;
  /** WGSL in x, p, q; `op_<name>(x)` if left out. */
  readonly body?: string;
  readonly p?: number;
  readonly q?: number;
}

/** Those that PyTorch's autocast computes in f32. */
const WIDE = new Set(
  "exp exp2 expm1 log log2 log1p reciprocal rsqrt sinh cosh tan acos asin erfc softplus".split(" "),
);

export function unary(name: string, x: Tensor, gradient: UnaryGradient, options: UnaryOptions = {}): Tensor {
  const { type = "f32", p, q } = options;
  if (WIDE.has(name)) x = raised(x);
  const body = options.body ?? `${scalarOp(name, type)}(x)`;
  const [y] = op(name, [x], () => {
    const y = launchUnary(name, body, x, { type, p, q });
    return { outputs: [y], pullback: ([dy]) => [dy && gradient(dy, x, y)] };
  });
  return y;
}

const SQRT: Chain = { name: "sqrt", dx: "dy * 0.5 / v", second: (y) => mul(square(reciprocal(y)), -0.5) };
const RSQRT: Chain = { name: "rsqrt", dx: "dy * -0.5 * v * v * v", second: (y) => mul(square(y), -1.5) };
const RECIPROCAL: Chain = { name: "reciprocal", dx: "-dy * v * v", second: (y) => mul(y, -2) };
const SQUARE: Chain = { name: "square", dx: "2.0 * v * dy", second: () => 2 };
const EXPM1: Chain = { name: "expm1", dx: "dy * (v + 1.0)", second: () => 1 };
const LOG1P: Chain = {
  name: "log1p",
  dx: "dy / (1.0 + v)",
  second: (x) => mul(square(reciprocal(add(x, 1))), -1),
};
const SIN: Chain = { name: "sin", dx: "dy * op_cos(v)", second: (x) => mul(sin(x), -1) };
const COS: Chain = { name: "cos", dx: "-dy * op_sin(v)", second: (x) => mul(cos(x), -1) };
const TANH: Chain = { name: "tanh", dx: "dy * (1.0 - v * v)", second: (y) => mul(y, -2) };
const ERF: Chain = {
  name: "erf",
  dx: "dy * 1.12837917 * op_exp(-v * v)", // 2 / sqrt(pi)
  second: (x) => mul(mul(x, exp(mul(square(x), -1))), -4 / Math.sqrt(Math.PI)),
};
const ERFC: Chain = {
  name: "erfc",
  dx: "dy * -1.12837917 * op_exp(-v * v)",
  second: (x) => mul(mul(x, exp(mul(square(x), -1))), 4 / Math.sqrt(Math.PI)),
};
const EXP2: Chain = { name: "exp2", dx: "dy * v * 0.69314718", second: () => Math.LN2 };
const LOG2: Chain = {
  name: "log2",
  dx: "dy / (v * 0.69314718)",
  second: (x) => mul(square(reciprocal(x)), -Math.LOG2E),
};

// Always f32, whatever the dtype of x:

export const exp = (x: Tensor): Tensor => unary("exp", x, (dy, _, y) => mul(dy, y));
/** e^x - 1, without cancellation near 0. */
export const expm1 = (x: Tensor): Tensor => unary("expm1", x, (dy, _, y) => chain(EXPM1, y, dy));
/** 2^x */
export const exp2 = (x: Tensor): Tensor => unary("exp2", x, (dy, _, y) => chain(EXP2, y, dy));
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => unary("log", x, (dy, x) => div(dy, x));
/** Logarithm to base 2; exact for powers of two. */
export const log2 = (x: Tensor): Tensor => unary("log2", x, (dy, x) => chain(LOG2, x, dy));
/** log(1 + x), without cancellation near 0. */
export const log1p = (x: Tensor): Tensor => unary("log1p", x, (dy, x) => chain(LOG1P, x, dy));
export const sqrt = (x: Tensor): Tensor => unary("sqrt", x, (dy, _, y) => chain(SQRT, y, dy));
/** 1 / sqrt(x) */
export const rsqrt = (x: Tensor): Tensor => unary("rsqrt", x, (dy, _, y) => chain(RSQRT, y, dy));
/** 1 / x */
export const reciprocal = (x: Tensor): Tensor =>
  unary("reciprocal", x, (dy, _, y) => chain(RECIPROCAL, y, dy));
/** Accurate to 1e-5 for |x| <= 3e4. */
export const sin = (x: Tensor): Tensor => unary("sin", x, (dy, x) => chain(SIN, x, dy));
/** Accurate to 1e-5 for |x| <= 3e4. */
export const cos = (x: Tensor): Tensor => unary("cos", x, (dy, x) => chain(COS, x, dy));
export const tanh = (x: Tensor): Tensor => unary("tanh", x, (dy, _, y) => chain(TANH, y, dy));
/** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf = (x: Tensor): Tensor => unary("erf", x, (dy, x) => chain(ERF, x, dy));
/** 1 - erf(x), without cancellation for large x. */
export const erfc = (x: Tensor): Tensor => unary("erfc", x, (dy, x) => chain(ERFC, x, dy));

// In the dtype of x:

/** -x. Not for u32 and bool. */
export const neg = (x: Tensor): Tensor => unary("neg", x, (dy) => neg(dy), { type: numbers("neg", x, true) });
/** |x|; gradient 0 at 0. */
export const abs = (x: Tensor): Tensor =>
  unary("abs", x, (dy, x) => mul(dy, sign(x)), { type: numbers("abs", x) });
/** -1, 0 or 1. */
export const sign = (x: Tensor): Tensor =>
  unary("sign", x, (_, x) => zerosLike(x), { type: numbers("sign", x) });
/** x^2 */
export const square = (x: Tensor): Tensor =>
  unary("square", x, (dy, x) => chain(SQUARE, x, dy), { type: numbers("square", x) });
export const floor = (x: Tensor): Tensor => rounding("floor", x);
export const ceil = (x: Tensor): Tensor => rounding("ceil", x);
/** To the nearest integer, halves to even. */
export const round = (x: Tensor): Tensor => rounding("round", x);
/** Toward zero. */
export const trunc = (x: Tensor): Tensor => rounding("trunc", x);
/** x - trunc(x), with the sign of x; f32 only. */
export function frac(x: Tensor): Tensor {
  if (!isFloat(x.dtype)) throw new DTypeError(`frac: needs f32 or f16, x ${describe(x)}`);
  return unary("frac", x, (dy) => dy, { body: "x - trunc(x)" });
}

/** Integers are whole already; the gradient is zero, as PyTorch has it. */
function rounding(name: string, x: Tensor): Tensor {
  numbers(name, x);
  return isFloat(x.dtype) ? unary(name, x, (_, x) => zerosLike(x)) : identity(x);
}

/** The dtype of x, which must not be bool, nor u32 where the result is negative. */
export function numbers(name: string, x: Tensor, signed = false): DType {
  if (x.dtype !== "bool" && !(signed && x.dtype === "u32")) return x.dtype;
  throw new DTypeError(
    `${name}: needs ${signed ? "f32, f16 or i32" : "numbers, not bool"}, x ${describe(x)}`,
  );
}
