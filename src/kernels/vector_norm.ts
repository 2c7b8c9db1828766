// The p-norm over any axes, and the number of elements that are not zero.

import { DTypeError, OptionError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./binary.ts";
import { cast } from "./cast.ts";
import { eq } from "./compare.ts";
import { launchUnary } from "./elementwise.ts";
import { describe } from "./operand.ts";
import { pow } from "./power.ts";
import { type Fold, fitted, SUM } from "./reduce_fold.ts";
import { type Axes, type Folding, folding } from "./reduce_layout.ts";
import { max, min } from "./reduce_max.ts";
import { fold } from "./reduce_run.ts";
import { shaped } from "./reshape.ts";
import { abs, sign } from "./unary.ts";
import { where } from "./where.ts";

export interface NormOptions {
  /** Default 2. 0 counts what is not zero; Infinity and -Infinity take the largest and the least size. */
  readonly p?: number;
  /** Default: all. */
  readonly axes?: Axes;
  readonly keepdim?: boolean;
}

const ABSOLUTE: Fold = { ...SUM, name: "norm", pre: "return abs(v);" };
const EUCLIDEAN: Fold = { ...SUM, name: "norm", pre: "return v * v;", post: "return sqrt(v);" };
/** By the bits, in which NaN is the largest. */
const LARGEST: Fold = {
  name: "norm",
  dtype: "i32",
  out: "f32",
  pre: "return bitcast<A>(v) & A(0x7fffffff);",
  combine: "return max(a, b);",
  post: "return bitcast<Y>(v);",
  init: 0,
};
const SCALED: Fold = { ...EUCLIDEAN, pre: "let s = v * c; return s * s;" };
// The power of two below a largest size, and one over it, exactly; 1 for Inf and NaN, which stay what they are. Neither is
// subnormal: a GPU may take those for 0.
const EXPONENT = "((bitcast<u32>(x) >> 23u) & 255u)";
const BINADE = `bitcast<f32>(select(clamp(${EXPONENT}, 1u, 253u), 127u, ${EXPONENT} == 255u) << 23u)`;
const INVERSE = `bitcast<f32>(select(254u - clamp(${EXPONENT}, 1u, 253u), 127u, ${EXPONENT} == 255u) << 23u)`;

/**
 * (sum |x|^p)^(1/p) over `axes` (torch.linalg.vector_norm). Where it is 0, its gradient is 0. For p = +-Infinity equal sizes
 * share the gradient evenly. The norm of no elements is 0. Sizes whose p-th power f32 does not hold neither overflow nor vanish:
 * they are divided by the largest first.
 *
 * @throws DTypeError unless x is f32; OptionError for p NaN
 */
export function norm(x: Tensor, { p = 2, axes, keepdim = false }: NormOptions = {}): Tensor {
  x = raised(x);
  if (!isFloat(x.dtype)) throw new DTypeError(`norm: needs f32 or f16, x ${describe(x)}`);
  if (Number.isNaN(p)) throw new OptionError("norm: p must be a number, got NaN");
  if (p === 0) return cast(countNonzero(x, axes, keepdim), x.dtype);
  if (p === Number.POSITIVE_INFINITY && x.size > 0) return max(abs(x), axes, keepdim);
  if (p === Number.NEGATIVE_INFINITY) return min(abs(x), axes, keepdim);
  const f = folding("norm", x.shape, axes, keepdim);
  const [y] = op("norm", [x], () => {
    const y = forward(x, p, f);
    return { outputs: [y], pullback: ([dy]) => [dy && gradient(x, y, dy, p, f)] };
  });
  return y;
}

function forward(x: Tensor, p: number, f: Folding): Tensor {
  if (p === 1) return fold(x, f.mask, f.shape, fitted(ABSOLUTE, x));
  // No square of an f16 leaves f32, where it is summed.
  if (p === 2 && x.dtype === "f16") return fold(x, f.mask, f.shape, fitted(EUCLIDEAN, x));
  if (x.size === 0) return fold(x, f.mask, f.shape, fitted(SUM, x));
  const largest = fold(x, f.mask, f.shape, LARGEST);
  const [scale, inverse] = [BINADE, INVERSE].map((body) =>
    launchUnary("norm", body, largest, { type: "f32" }),
  );
  const y =
    p === 2
      ? mul(fold(x, f.mask, f.shape, SCALED, inverse), scale)
      : mul(
          pow(fold(pow(mul(abs(x), shaped("norm", inverse, f.keptShape)), p), f.mask, f.shape, SUM), 1 / p),
          scale,
        );
  return cast(y, x.dtype);
}

/** dy sign(x) (|x| / y)^(p - 1) */
function gradient(x: Tensor, y: Tensor, dy: Tensor, p: number, f: Folding): Tensor {
  const [g, n] = [shaped("norm", dy, f.keptShape), shaped("norm", y, f.keptShape)];
  if (p === 1) return mul(g, sign(x));
  const zero = eq(n, 0);
  const size = where(zero, 1, n); // no 0 / 0, in the second gradient either
  const ratio = div(x, size);
  if (p === 2) return where(zero, 0, mul(g, ratio));
  // Below 1 a power of 0 is infinite: PyTorch's gradient there is 0.
  const still = p < 1 ? eq(x, 0) : zero;
  const steep = where(still, 0, pow(where(still, 1, abs(ratio)), p - 1));
  return mul(g, mul(sign(x), steep));
}

const COUNT: Fold = {
  name: "countNonzero",
  dtype: "i32",
  out: "i32",
  pre: "return select(A(0), A(1), v != X(0));",
  combine: "return a + b;",
  post: "return v;",
  init: 0,
  ofNone: 0,
};
// By its bits: WGSL may take a comparison with NaN either way.
const FLOAT_BITS = "return select(A(0), A(1), (bitcast<A>(v) & A(0x7fffffff)) != A(0));";

/** How many elements over `axes`, by default all, are not zero, as i32 (torch.count_nonzero). NaN counts. No gradient. */
export function countNonzero(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const f = folding("countNonzero", x.shape, axes, keepdim);
  const pre = isFloat(x.dtype) ? FLOAT_BITS : COUNT.pre;
  const [y] = op("countNonzero", [x], () => ({ outputs: [fold(x, f.mask, f.shape, { ...COUNT, pre })] }));
  return y;
}
