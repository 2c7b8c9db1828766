// Activations made of straight lines, and those with an exponential below 0, in PyTorch's names and with its derivatives at
// the bends. The common ones: activation.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { lowered } from "../tensor/autocast.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { binary, div, mul } from "./binary.ts";
import { type Chain, chain } from "./chain.ts";
import { gt, lt } from "./compare.ts";
import { commonDType } from "./operand.ts";
import { shaped } from "./reshape.ts";
import { exp, unary } from "./unary.ts";
import { where } from "./where.ts";

const CLAMP = "op_minimum_f32(op_maximum_f32(x, p), q)";
/** 1 strictly between p and q, 0 at the bounds: not as clamp. NaN passes. */
const BETWEEN = "select(dy, 0.0, v <= p || v >= q)";

/** min(max(x, 0), 6); gradient 0 at the bounds (torch.nn.functional.relu6). */
export function relu6(x: Tensor): Tensor {
  return bounded("relu6", x, 0, 6);
}

export interface HardtanhOptions {
  /** Default -1. */
  readonly min?: number;
  /** Default 1. */
  readonly max?: number;
}

/**
 * min(max(x, min), max); gradient 0 at the bounds (torch.nn.functional.hardtanh).
 *
 * @throws OptionError unless min < max
 */
export function hardtanh(x: Tensor, { min = -1, max = 1 }: HardtanhOptions = {}): Tensor {
  if (!(min < max)) throw new OptionError(`hardtanh: min must lie below max, got ${min} and ${max}`);
  return bounded("hardtanh", x, min, max);
}

function bounded(name: string, x: Tensor, p: number, q: number): Tensor {
  const rule: Chain = { name, dx: BETWEEN, p, q };
  return unary(name, x, (dy, x) => chain(rule, x, dy), { body: CLAMP, p, q });
}

const HARDSIGMOID: Chain = {
  name: "hardsigmoid",
  dx: "select(dy * 0.16666667, 0.0, v <= -3.0 || v >= 3.0)",
};
const HARDSWISH: Chain = {
  name: "hardswish",
  dx: "select(select(dy * (v * 0.33333333 + 0.5), dy, v >= 3.0), 0.0, v < -3.0)",
  second: (x) => where(gt(mul(x, x), 9), 0, 1 / 3),
};

/** min(max(x + 3, 0), 6) / 6 (torch.nn.functional.hardsigmoid). */
export const hardsigmoid = (x: Tensor): Tensor =>
  unary("hardsigmoid", x, (dy, x) => chain(HARDSIGMOID, x, dy), {
    body: "op_minimum_f32(op_maximum_f32(x + 3.0, 0.0), 6.0) / 6.0",
  });

/** x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019; torch.nn.functional.hardswish). */
export const hardswish = (x: Tensor): Tensor =>
  unary("hardswish", x, (dy, x) => chain(HARDSWISH, x, dy), {
    body: "x * (op_minimum_f32(op_maximum_f32(x + 3.0, 0.0), 6.0) / 6.0)",
  });

/**
 * x above 0, weight x below, weight learnt (He et al. 2015; torch.nn.functional.prelu).
 *
 * @param x [n, c, ...]
 * @param weight [c], or [1] for all channels
 * @throws ShapeError unless weight has one value or one a channel
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  [x, weight] = [lowered(x), lowered(weight)];
  const channels = x.rank > 1 ? x.shape[1] : 1;
  if (weight.rank > 1 || (weight.size !== 1 && weight.size !== channels))
    throw new ShapeError(
      `prelu: weight must have one value or one a channel, x ${formatShape(x.shape)}, weight ${formatShape(weight.shape)}`,
    );
  commonDType("prelu", x, weight);
  const one = weight.size === 1;
  const w = shaped("prelu", weight, one ? [] : [weight.size, ...x.shape.slice(2).map(() => 1)]);
  const gradient = {
    a: (dy: Tensor) => where(gt(x, 0), dy, mul(dy, w)),
    b: (dy: Tensor) => where(gt(x, 0), 0, mul(dy, x)),
  };
  return binary("prelu", [x, w], gradient, { type: "f32", body: "select(a * b, a, a > 0.0)" });
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
const SELU: Chain = {
  name: "selu",
  dx: "dy * select(q * op_exp(v), p, v > 0.0)",
  second: (x) => where(lt(x, 0), mul(exp(x), SELU_SCALE * SELU_ALPHA), 0),
  p: SELU_SCALE,
  q: SELU_SCALE * SELU_ALPHA,
};

/** 1.0507 x above 0, 1.0507 * 1.6733 (e^x - 1) below (Klambauer et al. 2017; torch.nn.functional.selu). */
export const selu = (x: Tensor): Tensor =>
  unary("selu", x, (dy, x) => chain(SELU, x, dy), {
    body: "select(q * op_expm1(x), p * x, x > 0.0)",
    p: SELU_SCALE,
    q: SELU_SCALE * SELU_ALPHA,
  });

/**
 * x above 0, alpha (e^(x / alpha) - 1) below (Barron 2017; torch.nn.functional.celu).
 *
 * @throws OptionError for alpha 0
 */
export function celu(x: Tensor, { alpha = 1 } = {}): Tensor {
  if (alpha === 0) throw new OptionError("celu: alpha must not be 0");
  const rule: Chain = {
    name: "celu",
    dx: "select(dy * op_exp(v / p), dy, v > 0.0)",
    p: alpha,
    second: (x) => where(lt(x, 0), mul(exp(div(x, alpha)), 1 / alpha), 0),
  };
  return unary("celu", x, (dy, x) => chain(rule, x, dy), {
    body: "select(p * op_expm1(x / p), x, x > 0.0)",
    p: alpha,
  });
}
