// Activations, in PyTorch's names and with its derivatives at the bends. tanh is defined in unary.ts.

import { OptionError } from "../gpu/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./binary.ts";
import { type Chain, chain } from "./chain.ts";
import { lt } from "./compare.ts";
import { exp, numbers, square, unary } from "./unary.ts";
import { where } from "./where.ts";

export { tanh } from "./unary.ts";

// Of the output: x itself need not be kept. NaN passes, as in PyTorch.
const RELU: Chain = { name: "relu", dx: "select(0.0, dy, v > 0.0 || is_nan(v))", gates: true };
const SIGMOID: Chain = { name: "sigmoid", dx: "dy * v * (1.0 - v)", second: (y) => sub(1, mul(y, 2)) };
// s = sigmoid(w) and r = 1 - s of one exponential, neither by cancellation.
const SIGMOIDS =
  "let e = exp_decay(-abs(w)); let s = select(e, 1.0, w >= 0.0) / (1.0 + e); let r = select(1.0, e, w >= 0.0) / (1.0 + e);";
const SILU: Chain = {
  name: "silu",
  dx: `let w = v; ${SIGMOIDS} return dy * s * (1.0 + v * r);`,
  // s' (2 + x (1 - 2 s))
  second: (x) => {
    const bend = sub(1, mul(sigmoid(x), 2));
    return mul(sigmoidSlope(x), add(mul(x, bend), 2));
  },
};
// Phi(x) + x phi(x)
const GELU: Chain = {
  name: "gelu",
  dx: "dy * op_gelu_gradient(v)",
  second: (x) => mul(mul(exp(mul(square(x), -0.5)), sub(2, square(x))), 1 / Math.sqrt(2 * Math.PI)),
};
// s + x s r w', w = 2 sqrt(2/pi) (x + 0.044715 x^3)
const GELU_TANH: Chain = {
  name: "geluTanh",
  dx: `let w = v * (1.5957691 + 0.071354816 * v * v); ${SIGMOIDS}
    return dy * s * (1.0 + v * r * (1.5957691 + 0.21406445 * v * v));`,
  second: (x) => {
    const c = 2 * Math.sqrt(2 / Math.PI);
    const w = mul(mul(x, add(mul(square(x), 0.044715), 1)), c);
    const dw = mul(add(mul(square(x), 3 * 0.044715), 1), c);
    const curve = mul(mul(square(dw), sub(1, mul(sigmoid(w), 2))), x);
    // s' (2 w' + x (1 - 2 s) w'^2 + x w'')
    return mul(sigmoidSlope(w), add(add(mul(dw, 2), curve), mul(square(x), 6 * 0.044715 * c)));
  },
};

/** ds/dw of s = sigmoid(w); 1 - s itself would cancel for large w. */
const sigmoidSlope = (w: Tensor): Tensor => mul(sigmoid(w), sigmoid(mul(w, -1)));

/** max(x, 0); gradient 0 at 0. */
export const relu = (x: Tensor): Tensor =>
  unary("relu", x, (dy, _, y) => chain(RELU, y, dy), { type: numbers("relu", x) });
/** 1 / (1 + e^-x) */
export const sigmoid = (x: Tensor): Tensor => unary("sigmoid", x, (dy, _, y) => chain(SIGMOID, y, dy));
/** x sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => unary("silu", x, (dy, x) => chain(SILU, x, dy));

export interface GeluOptions {
  /** "tanh" for the approximation that GPT-2 uses. Default "none". */
  readonly approximate?: "none" | "tanh";
}

/** x Phi(x), Phi the normal distribution's (Hendrycks & Gimpel 2016; torch.nn.functional.gelu). */
export function gelu(x: Tensor, { approximate = "none" }: GeluOptions = {}): Tensor {
  if (approximate === "none") return unary("gelu", x, (dy, x) => chain(GELU, x, dy));
  if (approximate === "tanh")
    return unary("gelu", x, (dy, x) => chain(GELU_TANH, x, dy), { body: "op_gelu_tanh(x)" });
  throw new OptionError(`gelu: approximate must be "none" or "tanh", got ${approximate}`);
}

/** x above 0, negativeSlope x below; the negative side's slope at 0. */
export function leakyRelu(x: Tensor, { negativeSlope = 0.01 } = {}): Tensor {
  checkNumber("leakyRelu", "negativeSlope", negativeSlope);
  const rule: Chain = { name: "leakyRelu", dx: "select(dy * p, dy, v > 0.0)", p: negativeSlope };
  return unary("leakyRelu", x, (dy, x) => chain(rule, x, dy), {
    body: "op_leaky_relu(x, p)",
    p: negativeSlope,
  });
}

/** x above 0, alpha (e^x - 1) below (Clevert et al. 2016). */
export function elu(x: Tensor, { alpha = 1 } = {}): Tensor {
  checkNumber("elu", "alpha", alpha);
  const rule: Chain = {
    name: "elu",
    dx: "select(dy * p * op_exp(v), dy, v > 0.0)",
    p: alpha,
    second: (x) => where(lt(x, 0), mul(exp(x), alpha), 0),
  };
  return unary("elu", x, (dy, x) => chain(rule, x, dy), { body: "op_elu(x, p)", p: alpha });
}

/** log(1 + e^(beta x)) / beta, and x itself where beta x > threshold. */
export function softplus(x: Tensor, { beta = 1, threshold = 20 } = {}): Tensor {
  checkNumber("softplus", "threshold", threshold);
  checkNumber("softplus", "beta", beta);
  if (beta === 0) throw new OptionError("softplus: beta divides, it must not be 0");
  const rule: Chain = {
    name: "softplus",
    dx: "select(dy * op_sigmoid(v * p), dy, v * p > q)",
    p: beta,
    q: threshold,
    second: (x) => {
      const w = mul(x, beta);
      return where(lt(w, threshold), mul(sigmoidSlope(w), beta), 0);
    },
  };
  const body = "select(op_log1p(op_exp(x * p)) / p, x, x * p > q)";
  return unary("softplus", x, (dy, x) => chain(rule, x, dy), { body, p: beta, q: threshold });
}

function checkNumber(name: string, option: string, value: number): void {
  if (typeof value === "number" && !Number.isNaN(value)) return;
  throw new OptionError(`${name}: ${option} must be a number, got ${value}`);
}
