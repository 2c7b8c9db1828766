// The dense linear algebra of the host: each result put back into the equation that defines it, to rounding of float64.
import { describe, expect, test } from "vitest";
import { cholesky, det, inverse, solve } from "../../src/functional/dense.ts";
import { eigh, svd } from "../../src/functional/dense_eigen.ts";
import { type Matrix, matrix } from "../../src/functional/dense_matrix.ts";
import { ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { tensor } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";

const draw = new Generator(7);
const random = (rows: number, cols: number): Matrix => ({
  rows,
  cols,
  data: Float64Array.from(draw.normal(rows * cols)),
});
const transposed = (a: Matrix) => matrix(a.cols, a.rows, (i, j) => a.data[j * a.cols + i]);
const times = (a: Matrix, b: Matrix) =>
  matrix(a.rows, b.cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.cols; k++) sum += a.data[i * a.cols + k] * b.data[k * b.cols + j];
    return sum;
  });
const unit = (n: number) => matrix(n, n, (i, j) => Number(i === j));
const diagonal = (s: Float64Array) => matrix(s.length, s.length, (i, j) => (i === j ? s[i] : 0));
const positive = (n: number) => {
  const a = random(n, n);
  const p = times(a, transposed(a));
  return matrix(n, n, (i, j) => p.data[i * n + j] + (i === j ? 0.5 : 0));
};

function expectEqual(got: Matrix, want: Matrix, bound = 1e-11) {
  expect([got.rows, got.cols]).toEqual([want.rows, want.cols]);
  const size = 1 + Math.max(0, ...want.data.map(Math.abs));
  got.data.forEach((v, i) => {
    expect(Math.abs(v - want.data[i])).toBeLessThanOrEqual(bound * size);
  });
}

const SIZES = [0, 1, 2, 5, 17, 40];

describe("systems", () => {
  test.each(SIZES)("solve, inverse and det of %i rows", async (n) => {
    const [a, b] = [random(n, n), random(n, 3)];
    expectEqual(times(a, await solve(a, b)), b, 1e-9);
    expectEqual(times(a, await inverse(a)), unit(n), 1e-9);
    const p = positive(n);
    const product = (await eigh(p)).values.reduce((x, y) => x * y, 1);
    expect((await det(p)) / product).toBeCloseTo(1, 8);
  });

  test.each(SIZES)("cholesky of %i rows", async (n) => {
    const a = positive(n);
    const l = await cholesky(a);
    expectEqual(times(l, transposed(l)), a);
  });

  test("pivots, and knows a singular matrix", async () => {
    expect(await det([[0, 2], [3, 0]])).toBe(-6); // biome-ignore format: a matrix
    expect(await det([[1, 2], [2, 4]])).toBe(0); // biome-ignore format: a matrix
    const singular = [[1, 2], [2, 4]]; // biome-ignore format: a matrix
    await expect(inverse(singular)).rejects.toThrow(/^inverse: the matrix is singular$/);
    await expect(cholesky([[-1]])).rejects.toThrow(UsageError);
    await expect(det([[1, 2]])).rejects.toThrow(/^det: needs a square matrix, got \[1,2\]$/);
    await expect(solve([[1]], [[1], [2]])).rejects.toThrow(ShapeError);
  });

  test("reads tensors back", async () => {
    await requestDevice();
    const x = await solve(tensor([[2, 0], [0, 4]]), tensor([2, 2])); // biome-ignore format: a matrix
    expect([...x.data]).toEqual([1, 0.5]);
    await expect(det(tensor([1]))).rejects.toThrow(/^det: needs a matrix, got \[1\]$/);
  });
});

describe("eigenvalues", () => {
  test.each(SIZES)("eigh of %i rows", async (n) => {
    const r = random(n, n);
    const a = matrix(n, n, (i, j) => r.data[i * n + j] + r.data[j * n + i]);
    const { values, vectors } = await eigh(a);
    expectEqual(times(times(vectors, diagonal(values)), transposed(vectors)), a);
    expectEqual(times(transposed(vectors), vectors), unit(n));
    expect([...values]).toEqual([...values].sort((x, y) => x - y));
  });

  test.each([
    [5, 5],
    [17, 4],
    [3, 9],
    [40, 40],
    [1, 1],
  ])("svd of %i x %i", async (m, n) => {
    // biome-ignore format: pairs
    const a = random(m, n);
    const { u, s, vh } = await svd(a);
    const k = Math.min(m, n);
    expect([u.rows, u.cols, vh.rows, vh.cols]).toEqual([m, k, k, n]);
    expectEqual(times(times(u, diagonal(s)), vh), a);
    expectEqual(times(transposed(u), u), unit(k));
    expectEqual(times(vh, transposed(vh)), unit(k));
    expect([...s]).toEqual([...s].sort((x, y) => y - x));
  });

  test("svd of a matrix without full rank", async () => {
    const a = times(random(6, 2), random(2, 4));
    const { u, s, vh } = await svd(a);
    expectEqual(times(times(u, diagonal(s)), vh), a);
    expect(s[2]).toBeLessThan(1e-13);
  });
});
