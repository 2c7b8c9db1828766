// Writing by index: scatter. Of several writers to one place the last in the index wins, always, where PyTorch leaves it
// open; only that one gets a gradient. Adding by index: scatter.ts. takeAlongDim: gather with broadcasting.

import { DTypeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { scatterLast } from "../gpu/shaders.gen.ts";
import { op } from "../tensor/op.ts";
import { fill } from "../tensor/primitives.ts";
import { broadcastShapes, normalizeAxis } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { ge } from "./compare.ts";
import { axisSize, checkFits, checkIndex, cropped, gatherOrZero, rowsOf } from "./gather.ts";
import { reportIndices } from "./index_check.ts";
import type { Operand } from "./operand.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";
import { where } from "./where.ts";

const run = kernel(scatterLast);
const WG = 64;

/**
 * x with y[index[i, j, k], j, k] = src[i, j, k] for axis 0, likewise for others (torch.scatter). Elements of src beyond
 * index are not used; an index outside the axis writes nowhere; of equal indices the last one writes.
 *
 * @param src a number, or of x's dtype and rank, at least as large as index
 * @throws DTypeError for another dtype, or an index that is not i32; ShapeError for another rank, or an index that does
 *   not fit; IndexError in debug mode, at the next await, for an index outside the axis
 */
export function scatter(x: Tensor, axis: number, index: Tensor, src: Operand): Tensor {
  checkIndex("scatter", index);
  const at = normalizeAxis("scatter", axis, x.rank);
  checkFits("scatter", x, index, at);
  reportIndices("scatter", index, axisSize(x, at));
  // Where index is smaller than x, it goes on with indices that are ignored.
  const missing = [...index.shape.keys()]
    .reverse()
    .flatMap((i) => [0, i === at ? 0 : x.shape[i] - index.shape[i]]);
  const winner = lastWriter(pad(index, missing, -1), at, x); // x.shape, i32
  if (typeof src === "number") return where(ge(winner, 0), src, x);
  if (src.dtype !== x.dtype)
    throw new DTypeError(`scatter: x and src must have one dtype, got ${x.dtype} and ${src.dtype}`);
  checkFits("scatter", src, index, -1, "src");
  const values = pad(cropped(src, index.shape, -1), missing); // x.shape, but n on the axis
  return where(ge(winner, 0), gatherOrZero(values, at, winner), x);
}

/** For every element of something like x the last j whose index names it, or -1: i32, not differentiable. */
export function lastWriter(index: Tensor, axis: number, x: Pick<Tensor, "shape" | "device">): Tensor {
  const [winner] = op("scatterLast", [index], () => {
    const winner = fill(empty(x.shape, "i32", x.device), -1);
    const { rows, n, inner } = rowsOf(x.shape, index.shape, axis);
    const options = { grid: grid1d(Math.ceil(index.size / WG)), label: "scatter" };
    run({ index, winner }, { size: index.size, rows, n, inner }, options);
    return { outputs: [winner] };
  });
  return winner;
}

/**
 * gather whose x and index broadcast on the other axes (torch.take_along_dim), as argsort and argmax with keepdim want.
 * Without an axis: of x as one row, by index as one row.
 *
 * @throws DTypeError unless index is i32; ShapeError for another rank, or shapes that do not broadcast; IndexError in
 *   debug mode, at the next await, for an index outside the axis
 */
export function takeAlongDim(x: Tensor, index: Tensor, axis?: number): Tensor {
  checkIndex("takeAlongDim", index);
  reportIndices("takeAlongDim", index, axis === undefined ? x.size : axisSize(x, axis));
  if (axis === undefined) return gatherOrZero(reshape(x, [x.size]), 0, reshape(index, [index.size]));
  const at = normalizeAxis("takeAlongDim", axis, x.rank);
  if (index.rank !== x.rank) checkFits("takeAlongDim", x, index, at);
  const one = (t: Tensor) => t.shape.map((s, i) => (i === at ? 1 : s));
  const shape = broadcastShapes("takeAlongDim", one(x), one(index));
  const whole = (t: Tensor) => broadcastTo(t, t.rank === 0 ? [] : shape.with(at, t.shape[at]));
  return gatherOrZero(whole(x), at, whole(index));
}
