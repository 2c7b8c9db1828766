// Linear systems of small dense matrices: solve, inverse, det, cholesky. On the CPU in float64, for metrics and closed
// forms: O(n^3), asynchronous because a tensor is read back, not differentiable. Eigenvalues: dense_eigen.ts.

import { ShapeError, UsageError } from "../gpu/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { hostMatrix, type Matrix, type MatrixLike, matrix, squareMatrix } from "./dense_matrix.ts";

export type { Matrix, MatrixLike } from "./dense_matrix.ts";

/**
 * x with a x = b (torch.linalg.solve), by elimination with partial pivoting. CPU, float64, no gradient.
 *
 * @param a [n, n]
 * @param b [n, k]; a tensor of rank 1 counts as one column
 * @throws ShapeError for other shapes; UsageError for a singular a
 */
export async function solve(a: MatrixLike, b: MatrixLike): Promise<Matrix> {
  const [m, rhs] = [await squareMatrix("solve", a), await hostMatrix("solve", b, true)];
  if (rhs.rows !== m.rows) {
    throw new ShapeError(
      `solve: b must have as many rows as a, a ${formatShape([m.rows, m.cols])}, b ${formatShape([rhs.rows, rhs.cols])}`,
    );
  }
  return solved("solve", m, rhs);
}

/** The inverse of a square matrix (torch.linalg.inv). CPU, float64, no gradient. Errors as solve. */
export async function inverse(a: MatrixLike): Promise<Matrix> {
  const m = await squareMatrix("inverse", a);
  return solved(
    "inverse",
    m,
    matrix(m.rows, m.rows, (i, j) => Number(i === j)),
  );
}

/** The determinant of a square matrix (torch.linalg.det); 1 for [0, 0]. CPU, float64, no gradient. */
export async function det(a: MatrixLike): Promise<number> {
  const m = await squareMatrix("det", a);
  return eliminate(
    m,
    matrix(m.rows, 0, () => 0),
  );
}

/**
 * Lower L with L L^T = a (torch.linalg.cholesky); only the lower triangle of a is read. CPU, float64, no gradient.
 *
 * @throws ShapeError unless a is square; UsageError unless it is positive definite
 */
export async function cholesky(a: MatrixLike): Promise<Matrix> {
  const { rows: n, data } = await squareMatrix("cholesky", a);
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = data[i * n + j];
      for (let k = 0; k < j; k++) rest -= l[i * n + k] * l[j * n + k];
      if (i === j && !(rest > 0))
        throw new UsageError(`cholesky: the matrix is not positive definite, pivot ${i} is ${rest}`);
      l[i * n + j] = i === j ? Math.sqrt(rest) : rest / l[j * n + j];
    }
  }
  return { rows: n, cols: n, data: l };
}

function solved(name: string, a: Matrix, b: Matrix): Matrix {
  if (eliminate(a, b) === 0) throw new UsageError(`${name}: the matrix is singular`);
  const { rows: n, data } = a;
  for (let i = n - 1; i >= 0; i--) {
    for (let c = 0; c < b.cols; c++) {
      let v = b.data[i * b.cols + c];
      for (let k = i + 1; k < n; k++) v -= data[i * n + k] * b.data[k * b.cols + c];
      b.data[i * b.cols + c] = v / data[i * n + i];
    }
  }
  return b;
}

/** Makes a upper triangular in place, doing the same to the rows of b; gives the determinant. */
function eliminate({ rows: n, data: a }: Matrix, { cols, data: b }: Matrix): number {
  let product = 1;
  for (let k = 0; k < n; k++) {
    let top = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[top * n + k])) top = i;
    if (top !== k) {
      swapRows(a, n, k, top);
      swapRows(b, cols, k, top);
      product = -product;
    }
    const pivot = a[k * n + k];
    product *= pivot;
    if (pivot === 0) return 0;
    for (let i = k + 1; i < n; i++) {
      const f = a[i * n + k] / pivot;
      if (f === 0) continue;
      for (let j = k; j < n; j++) a[i * n + j] -= f * a[k * n + j];
      for (let j = 0; j < cols; j++) b[i * cols + j] -= f * b[k * cols + j];
    }
  }
  return product;
}

function swapRows(data: Float64Array, cols: number, i: number, j: number): void {
  for (let c = 0; c < cols; c++) {
    const [u, v] = [i * cols + c, j * cols + c];
    [data[u], data[v]] = [data[v], data[u]];
  }
}
