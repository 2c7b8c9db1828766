// A sparse linear map along one axis, y[.., j, ..] = sum over the entries of row j of weight * x[.., from, ..]: what
// resizing, padding by reflection and unfolding have in common. Its gradient is the transposed map, so a gradient of any
// order is this op again. The tables are made on the host, in float64. Dense maps: matmul.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { axisMap as axisMapShader } from "../gpu/shaders.gen.ts";
import { tensor } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis, numel } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

const run = kernel(axisMapShader);
const WG = 64;

/** One term of a row: which element of x, and its factor. */
export type Entry = readonly [from: number, weight: number];

/** A matrix [rows.length, columns] by its entries. */
export class AxisMap {
  private adjoint: AxisMap | null = null;
  private packed: Table | null = null;

  constructor(
    readonly columns: number,
    readonly rows: readonly (readonly Entry[])[],
  ) {}

  /** The transposed map; its own transpose is this one. */
  get transposed(): AxisMap {
    if (this.adjoint) return this.adjoint;
    const rows = Array.from({ length: this.columns }, (): Entry[] => []);
    this.rows.forEach((entries, j) => {
      for (const [from, weight] of entries) rows[from].push([j, weight]);
    });
    const map = new AxisMap(this.rows.length, rows);
    map.adjoint = this;
    this.adjoint = map;
    return map;
  }

  /** As axis_map.wgsl reads it. */
  get table(): Table {
    this.packed ??= packed(this.rows);
    return this.packed;
  }
}

interface Table {
  readonly data: Int32Array;
  /** Entries a row; 0: rows of different lengths. */
  readonly taps: number;
  /** false: every weight is 1, and left out. */
  readonly weighted: boolean;
}

/** Rows of so many entries at most are filled up to a common length and written out: no bounds to read. */
const MOST_TAPS = 4;

function packed(rows: AxisMap["rows"]): Table {
  const longest = rows.reduce((n, row) => Math.max(n, row.length), 1);
  const taps = longest > MOST_TAPS ? 0 : longest === 3 ? 4 : longest;
  const weighted = taps !== 1 || rows.some((row) => row.length !== 1 || row[0][1] !== 1);
  if (!weighted) return { data: Int32Array.from(rows, ([[from]]) => from), taps, weighted };
  const starts = taps === 0 ? rows.length + 1 : 0;
  const count = taps === 0 ? rows.reduce((n, row) => n + row.length, 0) : taps * rows.length;
  const data = new Int32Array(starts + 2 * count);
  const weights = new Float32Array(data.buffer);
  let e = 0;
  rows.forEach((row, j) => {
    if (taps > 0) e = j * taps;
    for (const [from, weight] of row) {
      data[starts + 2 * e] = from;
      weights[starts + 2 * e + 1] = weight;
      e++;
    }
    if (taps === 0) data[j + 1] = e;
  });
  return { data, taps, weighted };
}

/** Rows that each copy one element of x; -1 gives 0. */
export function copies(columns: number, from: readonly number[]): AxisMap {
  return new AxisMap(
    columns,
    from.map((i) => (i < 0 ? [] : [[i, 1]])),
  );
}

/**
 * Applies a map along an axis of x: the axis of map.columns becomes one of map.rows.length.
 *
 * @param name of the op it is done for
 * @throws DTypeError unless x is f32; ShapeError if the axis has another length
 */
export function applyAxisMap(name: string, x: Tensor, axis: number, map: AxisMap): Tensor {
  if (!isFloat(x.dtype))
    throw new DTypeError(`${name}: takes f32 tensors, x is ${x.dtype}${formatShape(x.shape)}`);
  const at = normalizeAxis(name, axis, x.rank);
  if (x.shape[at] !== map.columns) {
    throw new ShapeError(`${name}: axis ${axis} must have length ${map.columns}, x ${formatShape(x.shape)}`);
  }
  const [y] = op(name, [x], () => {
    const y = empty(x.shape.with(at, map.rows.length), x.dtype, x.device);
    const { data, taps, weighted } = map.table;
    const table = tensor(data, { device: x.device });
    const inner = numel(x.shape.slice(at + 1));
    const vec = inner % 4 === 0;
    const per = vec ? 4 : 1;
    const params = { size: y.size / per, rows: map.rows.length, columns: map.columns, inner: inner / per };
    run({ x, table, y }, params, {
      grid: grid1d(Math.ceil(params.size / WG)),
      constants: { TAPS: taps, WEIGHTED: weighted },
      types: vec ? { T: "vec4<f32>" } : {},
      label: name,
      flops: 2 * Math.max(taps, 1) * y.size,
    });
    return { outputs: [y], pullback: ([dy]) => [dy && applyAxisMap(name, dy, at, map.transposed)] };
  });
  return y;
}
