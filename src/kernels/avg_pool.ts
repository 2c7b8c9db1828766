// Average pooling and its gradient. Both are linear and each other's adjoint, so a gradient of any order is one of them:
//   y  = avgPool2d(x)           y[o] = sum of x over the window of o / divisor(o)
//   dx = avgPool2dBackward(dy)  dx[i] = sum of dy[o] / divisor(o) over the windows o that cover i
// Maxima: max_pool.ts. Adaptive windows: adaptive_pool.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { avgPool2dBackward as backwardShader, avgPool2d as forwardShader } from "../gpu/shaders.gen.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { type PoolGeometry, type PoolOptions, poolGeometry } from "./pool_geometry.ts";

const forward = kernel(forwardShader);
const backward = kernel(backwardShader);

const WG = 64;

export interface AvgPool2dOptions extends Omit<PoolOptions, "dilation"> {
  /** Count the zeros of the padding as elements. Default true. */
  readonly countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  readonly divisorOverride?: number | null;
}

/** Windows and what their sums are divided by. */
export interface Averaging {
  readonly geometry: PoolGeometry;
  readonly includePad: boolean;
  /** 0: the number of elements a window covers. */
  readonly divisor: number;
}

/**
 * Mean over windows (torch.nn.functional.avg_pool2d).
 *
 * Shapes: x [n, c, h, w] or [c, h, w] -> [..., oh, ow] with oh = floor((h + 2 * padding - kernelSize) / stride) + 1, ow
 * likewise; n may be 0.
 *
 * @throws OptionError for a kernel or stride below 1, padding beyond half of the kernel, or a divisor of 0
 * @throws ShapeError for another rank, empty channels or planes, or an output size below 1
 * @throws DTypeError unless x is f32
 */
export function avgPool2d(x: Tensor, options: AvgPool2dOptions): Tensor {
  const { countIncludePad = true, divisorOverride } = options;
  const divisor = divisorOverride ?? null;
  if (divisor !== null && !(Number.isInteger(divisor) && divisor !== 0)) {
    throw new OptionError(`avgPool2d: divisorOverride must be an integer other than 0, got ${divisor}`);
  }
  const geometry = poolGeometry("avgPool2d", x.shape, { ...options, dilation: 1 });
  return avgPool("avgPool2d", x, { geometry, includePad: countIncludePad, divisor: divisor ?? 0 });
}

/** Average pooling with any windows. */
export function avgPool(name: string, x: Tensor, a: Averaging): Tensor {
  check(name, "x", x, a.geometry.x);
  const [y] = op(name, [x], () => {
    const y = empty(a.geometry.y, x.dtype, x.device);
    forward({ x, y }, parameters(a, y.size), {
      ...variant(a, "forward", y.size),
      label: name,
      flops: x.size,
    });
    return { outputs: [y], pullback: ([dy]) => [dy && avgPool2dBackward(dy, a)] };
  });
  return y!;
}

/**
 * Gradient of an average pooling in its input (torch.ops.aten.avg_pool2d_backward); sums in a fixed order.
 *
 * Shapes: dy [..., oh, ow] -> x's shape, both as the geometry says.
 */
export function avgPool2dBackward(dy: Tensor, a: Averaging): Tensor {
  const name = "avgPool2dBackward";
  check(name, "dy", dy, a.geometry.y);
  const [dx] = op(name, [dy], () => {
    const dx = empty(a.geometry.x, dy.dtype, dy.device);
    backward({ dy, dx }, parameters(a, dx.size), {
      ...variant(a, "backward", dx.size / 4),
      label: name,
      flops: 2 * dx.size,
    });
    return { outputs: [dx], pullback: ([ddx]) => [ddx && avgPool("avgPool2d", ddx, a)] };
  });
  return dx!;
}

function parameters(a: Averaging, n: number) {
  return { n, ...a.geometry.sizes, divisor: a.divisor };
}

function variant(a: Averaging, pass: "forward" | "backward", threads: number) {
  const constants = { ...a.geometry[pass], INCLUDE_PAD: a.includePad };
  return { grid: grid1d(Math.ceil(threads / WG)), constants };
}

function check(name: string, key: string, t: Tensor, shape: readonly number[]): void {
  if (!isFloat(t.dtype))
    throw new DTypeError(`${name}: takes f32 tensors, ${key} is ${t.dtype}${formatShape(t.shape)}`);
  if (!sameShape(t.shape, shape)) {
    throw new ShapeError(
      `${name}: ${key} must have the shape ${formatShape(shape)}, got ${formatShape(t.shape)}`,
    );
  }
}
