// Small dense matrices on the host in float64, row-major, for dense.ts and dense_eigen.ts. Not tensors: no tape, no device.

import { ShapeError } from "../gpu/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  /** Row-major. */
  readonly data: Float64Array;
}

/** A tensor of rank 2, read back to the host; or rows of numbers; or what these functions give. */
export type MatrixLike = Tensor | Matrix | readonly (readonly number[])[];

export function matrix(rows: number, cols: number, at: (i: number, j: number) => number): Matrix {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[i * cols + j] = at(i, j);
  return { rows, cols, data };
}

/** A copy of a on the host; a vector where `vector` allows it, as one column. */
export async function hostMatrix(name: string, a: MatrixLike, vector = false): Promise<Matrix> {
  if (a instanceof Tensor) {
    const column = vector && a.rank === 1;
    if (a.rank !== 2 && !column) throw new ShapeError(`${name}: needs a matrix, got ${formatShape(a.shape)}`);
    const [rows, cols] = column ? [a.size, 1] : a.shape;
    return { rows, cols, data: Float64Array.from(await a.data()) };
  }
  if ("data" in a) return { ...a, data: a.data.slice() };
  const cols = a[0]?.length ?? 0;
  if (a.some((row) => row.length !== cols)) throw new ShapeError(`${name}: rows must have one length`);
  return matrix(a.length, cols, (i, j) => a[i][j]);
}

export async function squareMatrix(name: string, a: MatrixLike): Promise<Matrix> {
  const m = await hostMatrix(name, a);
  if (m.rows === m.cols) return m;
  throw new ShapeError(`${name}: needs a square matrix, got ${formatShape([m.rows, m.cols])}`);
}
