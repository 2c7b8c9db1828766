// A sparse linear map along one axis, y[.., j, ..] = sum over the entries of row j of weight * x[.., from, ..]: what
// resizing, padding by reflection and unfolding have in common. Its gradient is the transposed map, so a gradient of any
// order is this op again. The tables are made on the host, in float64. Dense maps: matmul.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { axisMap as axisMapShader } from "../gpu/shaders.gen.ts";
import { tensor } from "../tensor/create.ts";
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
  private packed: Int32Array | null = null;

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
  get table(): Int32Array {
    if (this.packed) return this.packed;
    const entries = this.rows.flat();
    const starts = this.rows.length + 1;
    const table = new Int32Array(starts + 2 * entries.length);
    this.rows.forEach((row, j) => {
      table[j + 1] = table[j] + row.length;
    });
    const weights = new Float32Array(table.buffer);
    entries.forEach(([from, weight], e) => {
      table[starts + 2 * e] = from;
      weights[starts + 2 * e + 1] = weight;
    });
    this.packed = table;
    return table;
  }
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
  if (x.dtype !== "f32")
    throw new DTypeError(`${name}: takes f32 tensors, x is ${x.dtype}${formatShape(x.shape)}`);
  const at = normalizeAxis(name, axis, x.rank);
  if (x.shape[at] !== map.columns) {
    throw new ShapeError(`${name}: axis ${axis} must have length ${map.columns}, x ${formatShape(x.shape)}`);
  }
  const [y] = op(name, [x], () => {
    const y = empty(x.shape.with(at, map.rows.length), "f32", x.device);
    const table = tensor(map.table, { device: x.device });
    const inner = numel(x.shape.slice(at + 1));
    const vec = inner % 4 === 0;
    const per = vec ? 4 : 1;
    const params = { size: y.size / per, rows: map.rows.length, columns: map.columns, inner: inner / per };
    run({ x, table, y }, params, {
      grid: grid1d(Math.ceil(params.size / WG)),
      types: vec ? { T: "vec4<f32>" } : {},
      label: name,
      flops: 2 * (map.table.length >> 1) * (y.size / Math.max(map.rows.length, 1)),
    });
    return { outputs: [y], pullback: ([dy]) => [dy && applyAxisMap(name, dy, at, map.transposed)] };
  });
  return y;
}
