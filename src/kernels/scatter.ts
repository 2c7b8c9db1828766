// Adding by index: scatterAdd (an index per element) and indexAdd (an index per slice), the gradients of gather.ts.
// Contributions to one element add up in the order of the index, without float atomics: two runs give the same bits.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis, type Shape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { axisSize, checkFits, checkIndex, cropped, gatherRows, type Rows, rowsOf } from "./gather.ts";
import { reportIndices } from "./index_check.ts";
import { pad } from "./pad.ts";
import { runScatter } from "./scatter_run.ts";

/**
 * x with y[index[i, j, k], j, k] += src[i, j, k] for axis 0, likewise for others (torch.scatter_add). Elements of src
 * beyond index are not used; an index outside the axis is ignored.
 *
 * @param src of x's dtype and rank, at least as large as index
 * @throws DTypeError for bool, or an index that is not i32; ShapeError for another rank, or an index that does not fit;
 *   IndexError in debug mode, at the next await, for an index outside the axis
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, src: Tensor): Tensor {
  checkIndex("scatterAdd", index);
  checkAddable("scatterAdd", x, src);
  const at = normalizeAxis("scatterAdd", axis, x.rank);
  checkFits("scatterAdd", x, index, at);
  checkFits("scatterAdd", src, index, -1, "src");
  reportIndices("scatterAdd", index, axisSize(x, at));
  const used = cropped(src, index.shape, -1);
  // Where index is smaller than x, it goes on with indices that are ignored.
  const missing = [...index.shape.keys()]
    .reverse()
    .flatMap((i) => [0, i === at ? 0 : x.shape[i] - index.shape[i]]);
  const [whole, values] = [pad(index, missing, -1), pad(used, missing)];
  return scatterRows("scatterAdd", x, whole, values, rowsOf(x.shape, whole.shape, at), x.shape);
}

/**
 * x with src[.., j, ..] added to its slice index[j] along an axis (torch.index_add). An index outside the axis is ignored.
 *
 * @param index [n] i32
 * @param src x's shape, with n on the axis
 * @throws IndexError in debug mode, at the next await, for an index outside the axis
 */
export function indexAdd(x: Tensor, axis: number, index: Tensor, src: Tensor): Tensor {
  checkIndex("indexAdd", index);
  checkAddable("indexAdd", x, src);
  const at = normalizeAxis("indexAdd", axis, x.rank);
  const expected = x.shape.map((s, i) => (i === at ? index.size : s));
  if (x.rank === 0 || index.rank !== 1 || !sameShape(src.shape, expected)) {
    throw new ShapeError(
      `indexAdd: src must be x with index's length on axis ${axis}, x ${formatShape(x.shape)}, index ${formatShape(index.shape)}, src ${formatShape(src.shape)}`,
    );
  }
  reportIndices("indexAdd", index, axisSize(x, at));
  return scatterRows(
    "indexAdd",
    x,
    index,
    src,
    { ...rowsOf(x.shape, src.shape, at), perElement: false },
    x.shape,
  );
}

/** The op behind both: x, or zeros of `shape`, plus src at the rows of index. Its gradient for src is gatherRows. */
export function scatterRows(
  name: string,
  x: Tensor | null,
  index: Tensor,
  src: Tensor,
  rows: Rows,
  shape: Shape,
): Tensor {
  const [y] = op(name, [x, index, src], () => ({
    outputs: [runScatter(name, x, index, src, rows, shape)],
    pullback: ([dy]) => {
      const dsrc = dy && src.requiresGrad ? gatherRows(`${name}Backward`, dy, index, rows, src.shape) : null;
      return [x && dy, null, dsrc];
    },
  }));
  return y;
}

function checkAddable(name: string, x: Tensor, src: Tensor): void {
  if (x.dtype === "bool" || src.dtype !== x.dtype) {
    throw new DTypeError(`${name}: x and src must have one dtype, not bool, got ${x.dtype} and ${src.dtype}`);
  }
}
