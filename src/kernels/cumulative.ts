// Running sums, products and log-sum-exps along one axis. Running extremes: cumulative_max.ts; of whole axes: reduce.ts,
// product.ts, logsumexp.ts.

import { DTypeError } from "../gpu/errors.ts";
import { scalarFunctions } from "../gpu/shaders.gen.ts";
import { scalarCode } from "../gpu/specialise.ts";
import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul, sub } from "./binary.ts";
import { eq } from "./compare.ts";
import { linearScan, neighbour } from "./linear_scan.ts";
import { describe } from "./operand.ts";
import { PAIR, runScan, SCALAR, type Scan } from "./scan_run.ts";
import { exp } from "./unary.ts";
import { where } from "./where.ts";

/** Of the same dtype, but i32 for bool. */
function stateOf(x: Tensor): "f32" | "i32" | "u32" {
  if (isFloat(x.dtype)) return "f32";
  return x.dtype === "bool" ? "i32" : x.dtype;
}

/**
 * y_k = x_0 + ... + x_k along `axis` (torch.cumsum). i32 and bool give i32, u32 gives u32: no gradient for these.
 *
 * @throws ShapeError for an axis out of range
 */
export function cumsum(x: Tensor, axis: number): Tensor {
  x = raised(x);
  return runningSum(x, normalizeAxis("cumsum", axis, x.rank), false);
}

function runningSum(x: Tensor, axis: number, reverse: boolean): Tensor {
  const dtype = stateOf(x);
  const how: Scan = { name: "cumsum", out: dtype, state: SCALAR[dtype] };
  const [y] = op("cumsum", [x], () => ({
    outputs: [runScan(how, x, null, axis, reverse)],
    pullback: ([dy]) => [dy && runningSum(dy, axis, !reverse)],
  }));
  return y;
}

/**
 * y_k = x_0 x_1 ... x_k along `axis` (torch.cumprod), with the right gradient where factors are 0. i32 and bool give i32.
 *
 * @throws ShapeError for an axis out of range
 */
export function cumprod(x: Tensor, axis: number): Tensor {
  x = raised(x);
  return runningProduct(x, normalizeAxis("cumprod", axis, x.rank), false);
}

/** From the front, or in reverse from the back. */
export function runningProduct(x: Tensor, axis: number, reverse: boolean): Tensor {
  const dtype = stateOf(x);
  const how: Scan = {
    name: "cumprod",
    out: dtype,
    state: SCALAR[dtype],
    none: "S(1)",
    combine: "return s * t;",
  };
  const [y] = op("cumprod", [x], () => {
    const y = runScan(how, x, null, axis, reverse);
    return {
      outputs: [y],
      pullback: ([dy]) => {
        if (!dy) return [null];
        // dx_i = (x_0 ... x_(i-1)) r_i with r_i = dy_i + x_(i+1) r_(i+1); the other way round r_i = dy_i + x_(i-1) r_(i-1)
        const links = reverse ? neighbour(x, axis, false) : x;
        return [mul(neighbour(y, axis, reverse, 1), linearScan(links, dy, axis, !reverse))];
      },
    };
  });
  return y;
}

// State (m, s) for e^m s, m the largest so far: nothing overflows.
const LOG_SUM_EXP: Scan = {
  name: "logcumsumexp",
  out: "f32",
  state: PAIR.f32,
  none: "vec2<f32>(-inf(), 0.0)",
  combine: `let m = op_maximum_f32(s.x, t.x);
  let u = select(op_exp(s.x - m), 1.0, s.x == m); // -inf - -inf
  let v = select(op_exp(t.x - m), 1.0, t.x == m);
  return vec2<f32>(m, s.y * u + t.y * v);`,
  element: "return vec2<f32>(a[at], 1.0);",
  finish: "return s.x + op_log(s.y);",
  append: scalarCode(scalarFunctions, ["op_maximum_f32", "op_exp", "op_log", "inf"]),
};

/** In place of -inf, whose difference with itself is NaN. */
const LEAST = -1e30;

/**
 * y_k = log(e^x_0 + ... + e^x_k) along `axis` (torch.logcumsumexp). Where all so far are -inf: -inf, with gradient 0.
 *
 * @throws DTypeError unless x is f32; ShapeError for an axis out of range
 */
export function logcumsumexp(x: Tensor, axis: number): Tensor {
  x = raised(x);
  if (!isFloat(x.dtype)) throw new DTypeError(`logcumsumexp: needs f32 or f16, x ${describe(x)}`);
  const at = normalizeAxis("logcumsumexp", axis, x.rank);
  const [y] = op("logcumsumexp", [x], () => {
    const y = runScan(LOG_SUM_EXP, x, null, at, false);
    return {
      outputs: [y],
      pullback: ([dy]) => {
        if (!dy) return [null];
        // dx_i = e^(x_i - y_i) r_i with r_i = dy_i + e^(y_i - y_(i+1)) r_(i+1): no factor exceeds 1.
        const finite = where(eq(y, Number.NEGATIVE_INFINITY), LEAST, y);
        const ratio = exp(sub(neighbour(finite, at, false, LEAST), finite));
        return [mul(exp(sub(x, finite)), linearScan(ratio, dy, at, true))];
      },
    };
  });
  return y;
}
