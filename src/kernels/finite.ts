// Which elements are NaN or infinite, and nanToNum, which replaces them.

import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { identity } from "../tensor/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Chain, chain } from "./chain.ts";
import { launchUnary } from "./elementwise.ts";
import { unary } from "./unary.ts";
import { where } from "./where.ts";

function test(name: string, x: Tensor, body: string, ofIntegers: string): Tensor {
  const [y] = op(name, [x], () => ({
    outputs: [launchUnary(name, isFloat(x.dtype) ? body : ofIntegers, x, { type: x.dtype, out: "bool" })],
  }));
  return y;
}

/** True where x is NaN (torch.isnan). No gradient. */
export const isnan = (x: Tensor): Tensor => test("isnan", x, "u32(is_nan(x))", "0u");
/** True where x is infinite (torch.isinf). No gradient. */
export const isinf = (x: Tensor): Tensor => test("isinf", x, "u32(is_inf(x))", "0u");
/** True where x is neither NaN nor infinite (torch.isfinite). No gradient. */
export const isfinite = (x: Tensor): Tensor =>
  test("isfinite", x, "u32((bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u)", "1u");

export interface NanToNumOptions {
  /** Default 0. */
  readonly nan?: number;
  /** Instead of +Inf; default the largest f32. */
  readonly posinf?: number;
  /** Instead of -Inf; default the least f32. */
  readonly neginf?: number;
}

const LARGEST = 3.4028234663852886e38;
const FINITE: Chain = {
  name: "nanToNum",
  dx: "select(0.0, dy, (bitcast<u32>(v) & 0x7fffffffu) < 0x7f800000u)",
};

/** x with NaN and infinities replaced (torch.nan_to_num); their gradient is 0. Integers as they are. */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  if (!isFloat(x.dtype)) return identity(x);
  const { nan = 0, posinf = LARGEST, neginf = -LARGEST } = options;
  const y = unary("nanToNum", x, (dy, x) => chain(FINITE, x, dy), {
    body: "select(select(x, select(p, q, x < 0.0), is_inf(x)), 0.0, is_nan(x))",
    p: posinf,
    q: neginf,
  });
  return nan === 0 ? y : where(isnan(x), nan, y);
}
