// log of the sum of exponentials over any axes: max + log sum exp(x - max).

import { DTypeError } from "../gpu/errors.ts";
import { raised } from "../tensor/autocast.ts";
import { floatOf, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { castFloat } from "../tensor/primitives.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./binary.ts";
import { type Fold, SUM } from "./reduce_fold.ts";
import { type Axes, folding } from "./reduce_layout.ts";
import { FINITE_MAX } from "./reduce_max.ts";
import { fold } from "./reduce_run.ts";
import { shaped } from "./reshape.ts";
import { exp } from "./unary.ts";

// Subtract the max: exp overflows f32 above 88.
// The largest value adds 1 to the sum. Less than that is left of -inf only, whose exp some drivers take for a tiny number.
const LOG_SUM_EXP: Fold = {
  ...SUM,
  name: "logsumexp",
  pre: "return exp(v - c);",
  post: "return select(log(v), A(params.scale), v < A(0.5));",
  scale: Number.NEGATIVE_INFINITY,
};

/**
 * log sum exp(x) over `axes`, by default all (torch.logsumexp). Of values that are all -inf, or of none: -inf.
 *
 * @throws DTypeError unless x is f32
 */
export function logsumexp(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  x = raised(x);
  if (!isFloat(x.dtype))
    throw new DTypeError(`logsumexp: needs f32 or f16, x ${x.dtype}${formatShape(x.shape)}`);
  const f = folding("logsumexp", x.shape, axes, keepdim);
  const [y] = op("logsumexp", [x], () => {
    const top = fold(x, f.mask, f.shape, { ...FINITE_MAX, ofNone: 0 });
    const rest = fold(x, f.mask, f.shape, { ...LOG_SUM_EXP, ofNone: Number.NEGATIVE_INFINITY }, top);
    const y = castFloat(add(top, rest), floatOf(x.dtype));
    top.release("logsumexp");
    rest.release("logsumexp");
    return {
      outputs: [y],
      pullback: ([dy]) => [
        dy && mul(shaped("logsumexp", dy, f.keptShape), exp(sub(x, shaped("logsumexp", y, f.keptShape)))),
      ],
    };
  });
  return y;
}
