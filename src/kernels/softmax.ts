// softmax: y = exp(x) / sum exp(x) and its logarithm, along one axis. Fused with a loss: cross_entropy.ts.

import { DTypeError } from "../gpu/errors.ts";
import { kernel } from "../gpu/kernel.ts";
import { softmaxBackward as softmaxBackwardShader, softmax as softmaxShader } from "../gpu/shaders.gen.ts";
import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { mul, sub } from "./binary.ts";
import { finishHook } from "./finish.ts";
import { sum } from "./reduce.ts";
import { type Rows, rowsOf } from "./softmax_rows.ts";
import { exp } from "./unary.ts";

const forwardKernel = kernel(softmaxShader);
const backwardKernel = kernel(softmaxBackwardShader);

/**
 * exp(x) / sum exp(x) along `axis` (torch.softmax). A row of -inf only, or with a NaN, gives NaN.
 *
 * @throws DTypeError unless x is f32; ShapeError for an axis out of range
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  x = raised(x);
  const a = checked("softmax", x, axis);
  const [y] = op("softmax", [x], () => {
    const y = forward("softmax", x, a, false);
    return { outputs: [y], pullback: ([dy]) => [dy && softmaxBackward(y, dy, a)] };
  });
  return y;
}

/** log(softmax(x)) = x - max - log sum exp(x - max) along `axis` (torch.log_softmax): exact where softmax underflows. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  x = raised(x);
  const a = checked("logSoftmax", x, axis);
  const [y] = op("logSoftmax", [x], () => {
    const y = forward("logSoftmax", x, a, true);
    return { outputs: [y], pullback: ([dy]) => [dy && logSoftmaxBackward(y, dy, a)] };
  });
  return y;
}

/** Gradient of softmax from its result: dx = y (dy - sum y dy). */
export function softmaxBackward(y: Tensor, dy: Tensor, axis: number): Tensor {
  const [dx] = op("softmaxBackward", [y, dy], () => ({
    outputs: [backward("softmaxBackward", y, dy, axis, false)],
    pullback: ([v]) => {
      if (!v) return [null, null];
      // d/dy of sum v y (dy - s), s = sum y dy: v (dy - s) - dy sum v y
      const left = mul(v, sub(dy, sum(mul(y, dy), axis, true)));
      return [sub(left, mul(dy, sum(mul(v, y), axis, true))), softmaxBackward(y, v, axis)];
    },
  }));
  return dx;
}

/** Gradient of logSoftmax from its result: dx = dy - exp(y) sum dy. */
export function logSoftmaxBackward(y: Tensor, dy: Tensor, axis: number): Tensor {
  const [dx] = op("logSoftmaxBackward", [y, dy], () => ({
    outputs: [backward("logSoftmaxBackward", y, dy, axis, true)],
    pullback: ([v]) => {
      if (!v) return [null, null];
      const weighted = mul(v, exp(y));
      return [mul(mul(weighted, -1), sum(dy, axis, true)), sub(v, sum(weighted, axis, true))];
    },
  }));
  return dx;
}

function checked(name: string, x: Tensor, axis: number): number {
  if (!isFloat(x.dtype))
    throw new DTypeError(`${name}: needs f32 or f16, x ${x.dtype}${formatShape(x.shape)}`);
  return normalizeAxis(name, axis, x.rank);
}

const ALONE_MAX = "fn across_max(v: V) -> V { return v; }";
const ALONE_SUM = "fn across_sum(v: V) -> V { return v; }";

const options = ({ grid, constants, types }: Rows, log: boolean) => ({
  grid,
  constants: { ...constants, LOG: log },
  types,
});

function forward(label: string, x: Tensor, axis: number, log: boolean): Tensor {
  const y = empty(x.shape, x.dtype, x.device);
  const rows = rowsOf(x, axis, "forward");
  const hooks = {
    ...rows.team,
    ...finishHook(rows.wide),
    ...(rows.across ? {} : { across_max: ALONE_MAX, across_sum: ALONE_SUM }),
  };
  if (x.size > 0)
    forwardKernel({ x, y }, rows.params, { ...options(rows, log), hooks, label, flops: 5 * x.size });
  return y;
}

function backward(label: string, y: Tensor, dy: Tensor, axis: number, log: boolean): Tensor {
  checked(label, y, axis);
  const dx = empty(y.shape, y.dtype, y.device);
  const rows = rowsOf(y, axis, "backward");
  const hooks = { ...rows.team, ...finishHook(rows.wide), ...(rows.across ? {} : { across_sum: ALONE_SUM }) };
  if (y.size > 0)
    backwardKernel({ y, dy, dx }, rows.params, { ...options(rows, log), hooks, label, flops: 4 * y.size });
  return dx;
}
