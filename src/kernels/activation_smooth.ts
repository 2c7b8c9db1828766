// logSigmoid, mish and softsign, in PyTorch's names. The common activations: activation.ts.

import type { Tensor } from "../tensor/tensor.ts";
import { sigmoid, softplus } from "./activation.ts";
import { add, mul, sub } from "./binary.ts";
import { type Chain, chain } from "./chain.ts";
import { abs, neg, reciprocal, sign, square, tanh, unary } from "./unary.ts";

const LOG_SIGMOID: Chain = {
  name: "logSigmoid",
  dx: "dy * op_sigmoid(-v)",
  second: (x) => neg(mul(sigmoid(x), sigmoid(neg(x)))),
};
const MISH: Chain = {
  name: "mish",
  dx: "dy * op_mish_gradient(v)",
  // 2 t' + x t'' for t = tanh(log(1 + e^x)): t' = (1 - t^2) s, t'' = (1 - t^2) s (1 - s) - 2 t t' s
  second: (x) => {
    const [t, s] = [tanh(softplus(x)), sigmoid(x)];
    const dt = mul(sub(1, square(t)), s);
    return mul(dt, add(mul(x, sub(sigmoid(neg(x)), mul(mul(t, s), 2))), 2));
  },
};
const SOFTSIGN: Chain = {
  name: "softsign",
  dx: "let r = 1.0 / (1.0 + abs(v)); return dy * r * r;",
  second: (x) => {
    const r = reciprocal(add(abs(x), 1));
    return mul(mul(sign(x), -2), mul(r, square(r)));
  },
};

/** log(1 / (1 + e^-x)), without overflow (torch.nn.functional.logsigmoid). */
export const logSigmoid = (x: Tensor): Tensor =>
  unary("logSigmoid", x, (dy, x) => chain(LOG_SIGMOID, x, dy), { body: "op_log_sigmoid(x)" });
/** x tanh(log(1 + e^x)) (Misra 2019; torch.nn.functional.mish). */
export const mish = (x: Tensor): Tensor => unary("mish", x, (dy, x) => chain(MISH, x, dy));
/** x / (1 + |x|) (torch.nn.functional.softsign). */
export const softsign = (x: Tensor): Tensor =>
  unary("softsign", x, (dy, x) => chain(SOFTSIGN, x, dy), { body: "x / (1.0 + abs(x))" });
