// Eigenvalues and singular values of small dense matrices by Jacobi rotations (Golub & Van Loan, 8.5 and 8.6.3), which keep
// small ones accurate. On the CPU in float64, O(n^3) a sweep, asynchronous, not differentiable. Systems: dense.ts.

import { hostMatrix, type Matrix, type MatrixLike, matrix, squareMatrix } from "./dense_matrix.ts";

/** Convergence is quadratic: ten sweeps do for hundreds of rows. */
const SWEEPS = 60;
const EPS = 2 ** -52;

export interface Eigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** Column k belongs to value k. */
  readonly vectors: Matrix;
}

/**
 * Eigenvalues, ascending, and orthonormal eigenvectors of a symmetric matrix (torch.linalg.eigh); only its lower triangle
 * is read. The sign of a vector is open. CPU, float64, no gradient.
 *
 * @throws ShapeError unless a is square
 */
export async function eigh(a: MatrixLike): Promise<Eigen> {
  const lower = await squareMatrix("eigh", a);
  const n = lower.rows;
  const m = matrix(n, n, (i, j) => lower.data[Math.max(i, j) * n + Math.min(i, j)]);
  const v = matrix(n, n, (i, j) => Number(i === j));
  const size = Math.hypot(...m.data);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = m.data[p * n + q];
        if (apq === 0) continue;
        off = Math.max(off, Math.abs(apq));
        const [c, s] = rotation(m.data[p * n + p], m.data[q * n + q], apq);
        rotateColumns(m, p, q, c, s);
        rotateRows(m, p, q, c, s);
        rotateColumns(v, p, q, c, s);
      }
    }
    if (off <= EPS * EPS * size) break;
  }
  const order = [...Array(n).keys()].sort((i, j) => m.data[i * n + i] - m.data[j * n + j]);
  return {
    values: Float64Array.from(order, (i) => m.data[i * n + i]),
    vectors: matrix(n, n, (i, j) => v.data[i * n + order[j]]),
  };
}

export interface Svd {
  /** [m, k], k = min(m, n). Columns of a singular value of 0 are zero. */
  readonly u: Matrix;
  /** Descending. */
  readonly s: Float64Array;
  /** [k, n] */
  readonly vh: Matrix;
}

/**
 * u diag(s) vh = a [m, n], s descending (torch.linalg.svd with fullMatrices false). The signs of pairs are open; unlike
 * PyTorch's, vectors of a value of 0 are left zero on one side. CPU, float64, no gradient.
 */
export async function svd(a: MatrixLike): Promise<Svd> {
  const m = await hostMatrix("svd", a);
  if (m.rows >= m.cols) return tall(m);
  const { u, s, vh } = tall(transposed(m));
  return { u: transposed(vh), s, vh: transposed(u) };
}

/** One-sided: rotates the columns of a until they are orthogonal; their lengths are the singular values. */
function tall(a: Matrix): Svd {
  const n = a.cols;
  const v = matrix(n, n, (i, j) => Number(i === j));
  for (let sweep = 0, moved = true; moved && sweep < SWEEPS; sweep++) {
    moved = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const [pp, qq, pq] = [dot(a, p, p), dot(a, q, q), dot(a, p, q)];
        if (Math.abs(pq) <= EPS * Math.sqrt(pp * qq)) continue;
        moved = true;
        const [c, s] = rotation(pp, qq, pq);
        rotateColumns(a, p, q, c, s);
        rotateColumns(v, p, q, c, s);
      }
    }
  }
  const lengths = Array.from({ length: n }, (_, j) => Math.sqrt(dot(a, j, j)));
  const order = [...lengths.keys()].sort((i, j) => lengths[j] - lengths[i]);
  const unit = (i: number, j: number) => (lengths[j] > 0 ? a.data[i * n + j] / lengths[j] : 0);
  return {
    u: matrix(a.rows, n, (i, j) => unit(i, order[j])),
    s: Float64Array.from(order, (j) => lengths[j]),
    vh: matrix(n, n, (i, j) => v.data[j * n + order[i]]),
  };
}

/** Cosine and sine that make the symmetric [[pp, pq], [pq, qq]] diagonal, by the smaller angle. */
function rotation(pp: number, qq: number, pq: number): [c: number, s: number] {
  const tau = (qq - pp) / (2 * pq);
  const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  return [c, t * c];
}

function rotateColumns({ rows, cols, data }: Matrix, p: number, q: number, c: number, s: number): void {
  for (let i = 0; i < rows; i++) {
    const [x, y] = [data[i * cols + p], data[i * cols + q]];
    data[i * cols + p] = c * x - s * y;
    data[i * cols + q] = s * x + c * y;
  }
}

function rotateRows({ cols, data }: Matrix, p: number, q: number, c: number, s: number): void {
  for (let j = 0; j < cols; j++) {
    const [x, y] = [data[p * cols + j], data[q * cols + j]];
    data[p * cols + j] = c * x - s * y;
    data[q * cols + j] = s * x + c * y;
  }
}

function dot({ rows, cols, data }: Matrix, p: number, q: number): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * cols + p] * data[i * cols + q];
  return sum;
}

const transposed = ({ rows, cols, data }: Matrix): Matrix => matrix(cols, rows, (i, j) => data[j * cols + i]);
