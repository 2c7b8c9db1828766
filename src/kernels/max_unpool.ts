// Max unpooling: y is 0 but for y[indices[i]] = x[i], the indices those of a max pooling. Where several x have one index, the
// last counts, in every run. The gradient reads dy where the indices point. Pooling: max_pool.ts, pool_nd.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { maxUnpoolOwner, maxUnpool as maxUnpoolShader } from "../gpu/shaders.gen.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { fill } from "../tensor/primitives.ts";
import { formatShape, numel, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { axisNumbers, type Sizes } from "./conv_nd_geometry.ts";
import { gatherOrZero } from "./gather.ts";
import { reportIndices } from "./index_check.ts";
import { reshape } from "./reshape.ts";

const findOwners = kernel(maxUnpoolOwner);
const read = kernel(maxUnpoolShader);
const WG = 64;

export interface MaxUnpoolOptions {
  /** As in the pooling. */
  readonly kernelSize: Sizes;
  /** Default: kernelSize. */
  readonly stride?: Sizes;
  /** Default 0. */
  readonly padding?: Sizes;
  /** Spatial shape of the result; default (size - 1) * stride - 2 * padding + kernelSize. */
  readonly outputSize?: readonly number[];
}

/**
 * The inverse of maxPool2d but for what the maxima displaced (torch.nn.functional.max_unpool2d).
 *
 * Shapes: x and indices (i32) [n, c, h, w] or [c, h, w] -> [..., ...outputSize]. An index outside the result is ignored.
 *
 * @throws OptionError for sizes out of range; ShapeError for another rank, or indices unlike x
 * @throws DTypeError unless x is f32 and indices are i32
 * @throws IndexError in debug mode, at the next await, for an index outside the result
 */
export function maxUnpool2d(x: Tensor, indices: Tensor, options: MaxUnpoolOptions): Tensor {
  return unpooled("maxUnpool2d", x, indices, outputShape("maxUnpool2d", x, 2, options));
}

/** maxUnpool2d over one axis (torch.nn.functional.max_unpool1d): [n, c, l] or [c, l]. */
export function maxUnpool1d(x: Tensor, indices: Tensor, options: MaxUnpoolOptions): Tensor {
  return unpooled("maxUnpool1d", x, indices, outputShape("maxUnpool1d", x, 1, options));
}

/** maxUnpool2d over three axes (torch.nn.functional.max_unpool3d): [n, c, d, h, w] or [c, d, h, w]. */
export function maxUnpool3d(x: Tensor, indices: Tensor, options: MaxUnpoolOptions): Tensor {
  return unpooled("maxUnpool3d", x, indices, outputShape("maxUnpool3d", x, 3, options));
}

function outputShape(name: string, x: Tensor, axes: number, options: MaxUnpoolOptions): Shape {
  if (x.rank !== axes + 1 && x.rank !== axes + 2) {
    throw new ShapeError(
      `${name}: x must have ${axes + 2} dimensions, or ${axes + 1} without a batch, x ${formatShape(x.shape)}`,
    );
  }
  const kernelSize = axisNumbers(name, "kernelSize", options.kernelSize, axes, 1);
  const stride = axisNumbers(name, "stride", options.stride ?? options.kernelSize, axes, 1);
  const padding = axisNumbers(name, "padding", options.padding ?? 0, axes, 0);
  const lead = x.shape.slice(0, -axes);
  if (options.outputSize) return [...lead, ...axisNumbers(name, "outputSize", options.outputSize, axes, 1)];
  const sizes = x.shape.slice(-axes).map((s, i) => (s - 1) * stride[i] - 2 * padding[i] + kernelSize[i]);
  if (sizes.some((s) => s < 1)) {
    throw new OptionError(
      `${name}: nothing is left of the output, x ${formatShape(x.shape)}, padding ${padding}`,
    );
  }
  return [...lead, ...sizes];
}

function unpooled(name: string, x: Tensor, indices: Tensor, shape: Shape): Tensor {
  if (!isFloat(x.dtype) || indices.dtype !== "i32") {
    throw new DTypeError(`${name}: takes x f32 and indices i32, got ${x.dtype} and ${indices.dtype}`);
  }
  if (!sameShape(x.shape, indices.shape)) {
    throw new ShapeError(
      `${name}: indices must have the shape of x, x ${formatShape(x.shape)}, indices ${formatShape(indices.shape)}`,
    );
  }
  const axes = name === "maxUnpool1d" ? 1 : name === "maxUnpool2d" ? 2 : 3;
  const planes = numel(x.shape.slice(0, -axes));
  const [plane, outPlane] = [numel(x.shape.slice(-axes)), numel(shape.slice(-axes))];
  reportIndices(name, indices, outPlane);
  const [y] = op(name, [x, indices], () => {
    const y = empty(shape, x.dtype, x.device);
    const owner = fill(empty(shape, "i32", x.device), 0);
    const params = { size: x.size, plane, out_plane: outPlane };
    findOwners({ indices, owner }, params, { grid: grid1d(Math.ceil(x.size / WG)), label: name });
    read({ x, owner, y }, { size: y.size }, { grid: grid1d(Math.ceil(y.size / WG)), label: name });
    const gradient = (dy: Tensor) => {
      const at = reshape(indices, [planes, plane]);
      return reshape(gatherOrZero(reshape(dy, [planes, outPlane]), 1, at), x.shape);
    };
    return { outputs: [y], pullback: ([dy]) => [dy && gradient(dy), null] };
  });
  return y;
}
