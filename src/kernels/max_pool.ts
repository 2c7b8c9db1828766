// Max pooling and its gradients, all by the index of the maximum, which is computed once:
//   y  = maxPool2d(x)                    and indices: where in the h*w plane each maximum stands
//   dx = maxPool2dBackward(dy, indices)  each element of x sums dy over the windows that chose it
//   dy = maxPool2dGather(x, indices)     reads x where the indices point; the two are each other's adjoint
// Averages: avg_pool.ts. Adaptive windows: adaptive_pool.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  maxPool2dBackward as backwardShader,
  maxPool2d as forwardShader,
  maxPool2dGather as gatherShader,
  maxPool2dPairsBackward as pairsBackwardShader,
  maxPool2dPairs as pairsShader,
} from "../gpu/shaders.gen.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, numel, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { type PoolGeometry, type PoolOptions, poolGeometry } from "./pool_geometry.ts";

const forward = kernel(forwardShader);
const backward = kernel(backwardShader);
const gather = kernel(gatherShader);
const pairs = kernel(pairsShader);
const pairsBackward = kernel(pairsBackwardShader);

const WG = 64;
const SCATTERS = { kind: "scatters" } as const;

export type MaxPool2dOptions = PoolOptions;

/**
 * Maximum over windows (torch.nn.functional.max_pool2d). Of equal values the first counts, NaN beats all, padding is -inf.
 *
 * Shapes: x [n, c, h, w] or [c, h, w] -> [..., oh, ow] with
 * oh = floor((h + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1, ow likewise; n may be 0.
 * Indices (i32, of y's shape): position in the h * w plane.
 *
 * @throws OptionError for a kernel, stride or dilation below 1, or padding beyond half of the kernel
 * @throws ShapeError for another rank, empty channels or planes, or an output size below 1
 * @throws DTypeError unless x is f32
 */
export function maxPool2d(x: Tensor, options: MaxPool2dOptions & { readonly returnIndices?: false }): Tensor;
export function maxPool2d(x: Tensor, options: MaxPool2dOptions & ReturnIndices): [Tensor, Tensor];
export function maxPool2d(x: Tensor, options: MaxPool2dOptions & Partial<ReturnIndices<boolean>>) {
  const [y, indices] = maxPool("maxPool2d", x, poolGeometry("maxPool2d", x.shape, options));
  return options.returnIndices ? [y, indices] : y;
}

/** Return `[y, indices]` instead of y. */
export interface ReturnIndices<B extends boolean = true> {
  readonly returnIndices: B;
}

/** [y, indices] of a max pooling with any windows. */
export function maxPool(name: string, x: Tensor, g: PoolGeometry): [Tensor, Tensor] {
  checkFloat(name, "x", x);
  const [y, indices] = op(name, [x], () => {
    const y = empty(g.y, x.dtype, x.device);
    const indices = empty(g.y, "i32", x.device);
    const n = y.size;
    const label = name;
    if (isPairs(g)) {
      const { oh, ow } = g.sizes;
      const role = { kind: "picks", quarters: true } as const;
      const grid = grid1d(Math.ceil(n / (4 * WG)));
      pairs({ x, y, indices }, { n, oh, ow }, { grid, label, flops: 3 * n, role });
    } else {
      const role = { kind: "picks", quarters: false } as const;
      const how = { ...grid(n), constants: g.forward, label, role };
      forward({ x, y, indices }, { n, ...g.sizes, divisor: 0 }, how);
    }
    return { outputs: [y, indices], pullback: ([dy]) => [dy && maxPool2dBackward(dy, indices, g)] };
  });
  return [y!, indices!];
}

/**
 * Gradient of a max pooling in its input (torch.ops.aten.max_pool2d_with_indices_backward); sums in a fixed order.
 *
 * Shapes: dy and indices [..., oh, ow] -> x's shape, both as the geometry says.
 */
export function maxPool2dBackward(dy: Tensor, indices: Tensor, g: PoolGeometry): Tensor {
  const name = "maxPool2dBackward";
  checkFloat(name, "dy", dy);
  checkIndices(name, dy, indices, g);
  const [dx] = op(name, [dy, indices], () => {
    const dx = empty(g.x, dy.dtype, dy.device);
    if (isPairs(g)) {
      const { oh, ow } = g.sizes;
      const grid = grid1d(Math.ceil(dy.size / (4 * WG)));
      pairsBackward({ x: dy, indices, dx }, { n: dy.size, oh, ow }, { grid, label: name, role: SCATTERS });
    } else {
      const n = dx.size;
      backward(
        { x: dy, indices, dx },
        { n, ...g.sizes, divisor: 0 },
        { ...grid(n / 4), constants: g.backward, label: name, role: SCATTERS },
      );
    }
    return { outputs: [dx], pullback: ([ddx]) => [ddx && maxPool2dGather(ddx, indices, g), null] };
  });
  return dx!;
}

/** Reads x [..., h, w] where the indices [..., oh, ow] point, 0 for an index of -1: the adjoint of maxPool2dBackward. */
export function maxPool2dGather(x: Tensor, indices: Tensor, g: PoolGeometry): Tensor {
  const name = "maxPool2dGather";
  checkFloat(name, "x", x);
  if (!sameShape(x.shape, g.x)) {
    throw new ShapeError(`${name}: x must have the shape ${formatShape(g.x)}, x ${formatShape(x.shape)}`);
  }
  checkIndices(name, null, indices, g);
  const [y] = op(name, [x, indices], () => {
    const y = empty(g.y, x.dtype, x.device);
    const params = { n: y.size, plane: numel(g.x.slice(-2)), out_plane: numel(g.y.slice(-2)) };
    gather({ x, indices, y }, params, { grid: grid1d(Math.ceil(y.size / WG)), label: name });
    return { outputs: [y], pullback: ([dy]) => [dy && maxPool2dBackward(dy, indices, g), null] };
  });
  return y!;
}

/** 2x2 windows with stride 2 that cover planes of even height and width: the kernels that read pairs. */
function isPairs({ forward: k, sizes: s }: PoolGeometry): boolean {
  const two = [k.KERNEL_Y, k.KERNEL_X, k.STRIDE_Y, k.STRIDE_X].every((v) => v === 2);
  const plain = k.PAD_Y + k.PAD_X === 0 && k.DILATION_Y * k.DILATION_X === 1;
  return !k.ADAPTIVE && two && plain && s.h === 2 * s.oh && s.w === 2 * s.ow;
}

const grid = (threads: number) => ({ grid: grid1d(Math.ceil(threads / WG)) });

function checkFloat(name: string, key: string, t: Tensor): void {
  if (!isFloat(t.dtype))
    throw new DTypeError(`${name}: takes f32 tensors, ${key} is ${t.dtype}${formatShape(t.shape)}`);
}

function checkIndices(name: string, dy: Tensor | null, indices: Tensor, g: PoolGeometry): void {
  if (indices.dtype !== "i32") throw new DTypeError(`${name}: indices must be i32, got ${indices.dtype}`);
  if (sameShape(indices.shape, g.y) && (!dy || sameShape(dy.shape, g.y))) return;
  const shapes = `${dy ? `dy ${formatShape(dy.shape)}, ` : ""}indices ${formatShape(indices.shape)}`;
  throw new ShapeError(
    `${name}: dy and indices must have the shape of the output ${formatShape(g.y)}, ${shapes}`,
  );
}
