// Reading by index: gather (an index per element) and indexSelect (an index per slice). Indices are i32; one outside its
// axis gives 0, and its gradient goes nowhere; in debug mode it is reported. The gradients add: scatter.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { gather as gatherShader } from "../gpu/shaders.gen.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis, numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { finishHook } from "./finish.ts";
import { reportIndices } from "./index_check.ts";
import { scatterRows } from "./scatter.ts";
import { narrow } from "./slice.ts";

const run = kernel(gatherShader);
const WG = 64;

/** How an index addresses a tensor: x [outer, rows, inner] and y [outer, n, inner] with y[o, j, i] = x[o, index, i]. */
export interface Rows {
  readonly outer: number;
  readonly rows: number;
  readonly n: number;
  readonly inner: number;
  /** The index has a value for every element of y, [outer, n, inner]; else [n]. */
  readonly perElement: boolean;
  /** A row that counts as out of range; -1 for none. */
  readonly skip: number;
}

/**
 * y[i, j, k] = x[index[i, j, k], j, k] for axis 0, likewise for others (torch.gather). y has the shape of `index`, which
 * may be smaller than x on the other axes. An index outside the axis, negative ones included, gives 0.
 *
 * @throws DTypeError unless index is i32; ShapeError for another rank, or an index larger than x on another axis;
 *   IndexError in debug mode, at the next await, for an index outside the axis
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  const y = gatherOrZero(x, axis, index);
  reportIndices("gather", index, axisSize(x, axis));
  return y;
}

/** gather where indices may lie outside: never reported. */
export function gatherOrZero(x: Tensor, axis: number, index: Tensor): Tensor {
  checkIndex("gather", index);
  const at = normalizeAxis("gather", axis, x.rank);
  checkFits("gather", x, index, at);
  return gatherRows(
    "gather",
    cropped(x, index.shape, at),
    index,
    rowsOf(x.shape, index.shape, at),
    index.shape,
  );
}

/**
 * The slices of x at `index` along an axis (torch.index_select): y.shape is x.shape with the axis of index's length.
 * An index outside the axis, negative ones included, gives zeros.
 *
 * @param index [n] i32
 * @throws IndexError in debug mode, at the next await, for an index outside the axis
 */
export function indexSelect(x: Tensor, axis: number, index: Tensor): Tensor {
  const y = indexSelectOrZero(x, axis, index);
  reportIndices("indexSelect", index, axisSize(x, axis));
  return y;
}

/** indexSelect where indices may lie outside: never reported. */
export function indexSelectOrZero(x: Tensor, axis: number, index: Tensor): Tensor {
  checkIndex("indexSelect", index);
  if (x.rank === 0 || index.rank !== 1) {
    throw new ShapeError(
      `indexSelect: needs an axis and an index of rank 1, x ${formatShape(x.shape)}, index ${formatShape(index.shape)}`,
    );
  }
  const at = normalizeAxis("indexSelect", axis, x.rank);
  const shape = x.shape.map((s, i) => (i === at ? index.size : s));
  return gatherRows("indexSelect", x, index, { ...rowsOf(x.shape, shape, at), perElement: false }, shape);
}

/** The op behind gather, indexSelect and embedding; its gradient is scatterRows into zeros. */
export function gatherRows(name: string, x: Tensor, index: Tensor, rows: Rows, shape: Shape): Tensor {
  const [y] = op(name, [x, index], () => {
    const y = empty(shape, x.dtype, x.device);
    const vec = !rows.perElement && rows.inner % 4 === 0;
    const word = isFloat(x.dtype) ? x.dtype : "u32";
    const [size, inner] = vec ? [y.size / 4, rows.inner / 4] : [y.size, rows.inner];
    const params = { size, rows: rows.rows, n: rows.n, inner, skip: rows.skip };
    const constants = { PER_ELEMENT: rows.perElement };
    const grid = grid1d(Math.ceil(size / WG));
    const bytes = 8 * y.size + index.byteLength; // of x only the rows that are read
    run({ x, index, y }, params, {
      grid,
      constants,
      types: { V: vec ? `vec4<${word}>` : word },
      hooks: word === "f32" ? finishHook(vec ? 4 : 1) : {},
      label: name,
      bytes,
    });
    return {
      outputs: [y],
      pullback: ([dy]) => [dy && scatterRows(`${name}Backward`, null, index, dy, rows, x.shape), null],
    };
  });
  return y;
}

/** x and y of these shapes, which agree but for `axis`, with an index per element. A scalar counts as [1]. */
export function rowsOf(x: Shape, y: Shape, axis: number): Rows {
  const [outer, inner] = [numel(y.slice(0, axis)), numel(y.slice(axis + 1))];
  return { outer, rows: x[axis] ?? 1, n: y[axis] ?? 1, inner, perElement: true, skip: -1 };
}

/** x without what lies beyond `shape` on every axis but one. */
export function cropped(x: Tensor, shape: Shape, except: number): Tensor {
  return shape.reduce((t, s, i) => (i === except || t.shape[i] === s ? t : narrow(t, i, 0, s)), x);
}

/** Of an axis that may be negative; a scalar counts as [1]. */
export function axisSize(x: Tensor, axis: number): number {
  return x.shape.at(axis) ?? 1;
}

export function checkIndex(name: string, index: Tensor): void {
  if (index.dtype !== "i32")
    throw new DTypeError(`${name}: indices must be i32, got ${index.dtype}${formatShape(index.shape)}`);
}

/** Throws unless index has x's rank and is nowhere larger but on `axis`. */
export function checkFits(name: string, x: Tensor, index: Tensor, axis: number, what = "x"): void {
  const fits = index.rank === x.rank && index.shape.every((s, i) => i === axis || s <= x.shape[i]);
  if (fits) return;
  const beside = axis < 0 ? "" : ` beside axis ${axis}`;
  throw new ShapeError(
    `${name}: index must have the rank of ${what} and fit in it${beside}, ${what} ${formatShape(x.shape)}, index ${formatShape(index.shape)}`,
  );
}
