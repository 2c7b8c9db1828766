// indexPut: writing or adding at positions given by an index for each of the first axes. Composed of row-wise reading, adding and
// the last writer of scatter; an index per element along one axis: scatter_write.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { broadcastShapes, formatShape, numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { broadcastTo } from "./broadcast.ts";
import { ge, logicalAnd, lt } from "./compare.ts";
import { checkIndex, indexSelectOrZero } from "./gather.ts";
import { reportIndices } from "./index_check.ts";
import { describe } from "./operand.ts";
import { reshape } from "./reshape.ts";
import { indexAdd } from "./scatter.ts";
import { lastWriter } from "./scatter_write.ts";
import { where } from "./where.ts";

export interface IndexPutOptions {
  /** Add to what is there; equal positions add up, in the order of the index. Default false: write, of equal ones the last. */
  readonly accumulate?: boolean;
}

/**
 * x with y[i_1[k], ..., i_m[k], ...] = values[k, ...] (torch.index_put): an index tensor for each of the first m axes, broadcast
 * to one shape. Negative indices count from the end; a position outside x is not written.
 *
 * @param indices i32, 1 to x.rank of them. A mask: maskedFill, where
 * @param values of x's dtype, broadcast to [...indices, ...the other axes of x]
 * @throws DTypeError for other dtypes, and to accumulate in bool; ShapeError for too many indices, or shapes that do not
 *   broadcast; IndexError in debug mode, at the next await, for an index outside its axis
 */
export function indexPut(
  x: Tensor,
  indices: readonly Tensor[],
  values: Tensor,
  { accumulate = false }: IndexPutOptions = {},
): Tensor {
  check(x, indices, values, accumulate);
  const shape = indices.map((t) => t.shape).reduce((a, b) => broadcastShapes("indexPut", a, b));
  const rest = x.shape.slice(indices.length);
  const rows = numel(x.shape.slice(0, indices.length));
  const place = reshape(broadcastTo(placeOf(x, indices), shape), [numel(shape)]); // [k]
  const given = reshape(broadcastTo(values, [...shape, ...rest]), [numel(shape), numel(rest)]);
  const table = reshape(x, [rows, numel(rest)]);
  if (accumulate) return reshape(indexAdd(table, 0, place, given), x.shape);
  const winner = lastWriter(place, 0, { shape: [rows], device: x.device });
  const written = indexSelectOrZero(given, 0, winner);
  return reshape(where(reshape(ge(winner, 0), [rows, 1]), written, table), x.shape);
}

/** Row of the table that each position names; -1 outside. */
function placeOf(x: Tensor, indices: readonly Tensor[]): Tensor {
  const parts = indices.map((index, axis) => {
    const size = x.shape[axis];
    const at = where(lt(index, 0), add(index, size), index);
    reportIndices("indexPut", at, size);
    return { at, size, inside: logicalAnd(ge(at, 0), lt(at, size)) };
  });
  const all = parts.reduce((a, b) => ({
    at: add(mul(a.at, b.size), b.at),
    size: b.size,
    inside: logicalAnd(a.inside, b.inside),
  }));
  return where(all.inside, all.at, -1);
}

function check(x: Tensor, indices: readonly Tensor[], values: Tensor, accumulate: boolean): void {
  for (const t of indices) checkIndex("indexPut", t);
  if (indices.length === 0 || indices.length > x.rank) {
    const n = indices.length;
    throw new ShapeError(
      `indexPut: needs an index for each of the first axes of x, got ${n} for x ${formatShape(x.shape)}`,
    );
  }
  if (values.dtype !== x.dtype || (accumulate && x.dtype === "bool"))
    throw new DTypeError(
      `indexPut: x and values must have one dtype${accumulate ? ", not bool" : ""}, x ${describe(x)}, values ${describe(values)}`,
    );
}
