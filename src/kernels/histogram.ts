// Counting: bincount and histc. Whole counts, so that two runs give the same bits.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { ones, zeros } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, sub } from "./binary.ts";
import { cast } from "./cast.ts";
import { eq, ge, le, logicalAnd } from "./compare.ts";
import { minimum } from "./extremes.ts";
import { checkIndex, rowsOf } from "./gather.ts";
import { describe, type Operand } from "./operand.ts";
import { max, min } from "./reduce_max.ts";
import { reshape } from "./reshape.ts";
import { scatterRows } from "./scatter.ts";
import { floor } from "./unary.ts";
import { where } from "./where.ts";
import { inF32 } from "./wide.ts";

export interface BincountOptions {
  /** f32, of x's shape: added up instead of counted. Differentiable. */
  readonly weights?: Tensor;
}

/**
 * How often each of 0 .. length - 1 occurs in x, i32 [length], or with weights their sums, f32 (torch.bincount). PyTorch takes
 * the length from the data; here it is given, since reading it back would wait for the GPU. Values outside are not counted.
 *
 * @param x [n] i32
 * @throws OptionError unless length is an integer >= 0; ShapeError unless x has rank 1 and weights its shape
 */
export function bincount(x: Tensor, length: number, { weights }: BincountOptions = {}): Tensor {
  checkIndex("bincount", x);
  if (!Number.isInteger(length) || length < 0)
    throw new OptionError(`bincount: length must be an integer >= 0, got ${length}`);
  if (x.rank !== 1 || (weights && !sameShape(weights.shape, x.shape)))
    throw new ShapeError(
      `bincount: x must have rank 1 and weights its shape, x ${formatShape(x.shape)}, weights ${weights ? formatShape(weights.shape) : "none"}`,
    );
  if (weights && !isFloat(weights.dtype))
    throw new DTypeError(`bincount: weights must be f32 or f16, got ${describe(weights)}`);
  const dtype = weights ? weights.dtype : "i32";
  const values = weights ?? ones(x.shape, { dtype, device: x.device });
  const none = zeros([length], { dtype, device: x.device });
  return scatterRows("bincount", none, x, values, rowsOf([length], x.shape, 0), [length]);
}

export interface HistcOptions {
  /** Default 100. */
  readonly bins?: number;
  /** The range; two equal numbers, by default both 0, take the least and the greatest value. */
  readonly min?: number;
  readonly max?: number;
}

/**
 * How many values lie in each of `bins` equal parts of [min, max], the last one closed, f32 [bins] (torch.histc). Values
 * outside are not counted, nor is NaN. No gradient.
 *
 * @throws DTypeError unless x is f32; OptionError unless bins is a positive integer and min <= max
 */
export function histc(x: Tensor, options: HistcOptions = {}): Tensor {
  const { bins = 100, min: least = 0, max: most = 0 } = options;
  if (!isFloat(x.dtype)) throw new DTypeError(`histc: needs f32 or f16, x ${describe(x)}`);
  if (!Number.isInteger(bins) || bins < 1)
    throw new OptionError(`histc: bins must be a positive integer, got ${bins}`);
  if (!(least <= most && Number.isFinite(most - least)))
    throw new OptionError(`histc: min must not exceed max, got ${least} and ${most}`);
  const flat = reshape(x, [x.size]);
  if (x.size === 0) return zeros([bins], { device: x.device, dtype: x.dtype });
  return inF32([flat], (flat) => {
    const [low, high, width] = bounds(flat, least, most);
    const place = minimum(floor(mul(div(sub(flat, low), width), bins)), bins - 1);
    const inside = logicalAnd(ge(flat, low), le(flat, high));
    const index = cast(where(inside, place, -1), "i32");
    return cast(bincount(index, bins), "f32");
  });
}

/** A range of one value is widened by 1 on both sides. */
function bounds(x: Tensor, least: number, most: number): [low: Operand, high: Operand, width: Operand] {
  if (least < most) return [least, most, most - least];
  const [low, high] = [min(x), max(x)];
  const single = eq(low, high);
  const [from, to] = [where(single, sub(low, 1), low), where(single, add(high, 1), high)];
  return [from, to, sub(to, from)];
}
