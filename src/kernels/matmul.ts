// Matrix product: y[.., m, n] = sum over k of op(a)[.., m, k] * op(b)[.., k, n], batch axes broadcast. matmul has
// torch.matmul's rules; batchedMatmul reads transposed operands in place, which is all that the gradients need.
// With a bias: linear.ts. Which kernel runs: matmul_plan.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { lowered } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, numel } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { batchLayout } from "./matmul_batch.ts";
import type { MatmulPlan } from "./matmul_plan.ts";
import { runMatmul } from "./matmul_run.ts";
import { floatResult } from "./operand.ts";
import { sumTo } from "./reduce.ts";
import { reshape } from "./reshape.ts";

export interface BatchedMatmulOptions {
  /** a is stored [.., k, m]. */
  readonly transA?: boolean;
  /** b is stored [.., n, k]. */
  readonly transB?: boolean;
  /** Replaces parts of the table's plan: for tests and benches. Gradients follow the table. */
  readonly plan?: Partial<MatmulPlan>;
}

/**
 * Matrix product (torch.matmul): [.., m, k] x [.., k, n] -> [.., m, n], batch axes broadcast. A 1-D `a` counts as one row, a
 * 1-D `b` as one column, and that axis is left out of the result: two 1-D tensors give their dot product. k = 0 gives zeros.
 *
 * @param a f32 or i32 (no gradient)
 * @param b of the same dtype
 * @throws ShapeError for scalars, inner sizes that differ, batch axes that do not broadcast; DTypeError for other dtypes
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 0 || b.rank === 0)
    throw new ShapeError(`matmul: needs at least one axis each, ${shapes(a, b)}`);
  const left = a.rank === 1 ? reshape(a, [1, a.shape[0]!]) : a; // [.., m, k]
  const right = b.rank === 1 ? reshape(b, [b.shape[0]!, 1]) : b; // [.., k, n]
  if (left.shape.at(-1) !== right.shape.at(-2)) {
    throw new ShapeError(
      `matmul: the last axis of a must match ${b.rank === 1 ? "b" : "the last but one of b"}, ${shapes(a, b)}`,
    );
  }
  const y = batchedMatmul(left, right); // [.., m, n]
  if (a.rank > 1 && b.rank > 1) return y;
  const [m, n] = y.shape.slice(-2);
  return reshape(y, [...y.shape.slice(0, -2), ...(a.rank > 1 ? [m!] : []), ...(b.rank > 1 ? [n!] : [])]);
}

/**
 * op(a)[.., m, k] x op(b)[.., k, n] -> [.., m, n]; op transposes the last two axes of what is stored transposed, without a
 * copy. Batch axes broadcast, also without a copy.
 *
 * @throws ShapeError for fewer than two axes, inner sizes that differ, batch axes that do not broadcast; DTypeError
 */
export function batchedMatmul(a: Tensor, b: Tensor, options: BatchedMatmulOptions = {}): Tensor {
  const { transA = false, transB = false, plan } = options;
  [a, b] = [lowered(a), lowered(b)];
  if (a.rank < 2 || b.rank < 2) throw new ShapeError(`matmul: needs two axes each, ${shapes(a, b)}`);
  const floats = isFloat(a.dtype) && isFloat(b.dtype);
  if (!floats && (a.dtype !== "i32" || b.dtype !== "i32")) {
    throw new DTypeError(
      `matmul: needs two f32 or two i32, a ${a.dtype}${formatShape(a.shape)}, b ${b.dtype}${formatShape(b.shape)}`,
    );
  }
  const [m, k] = lastTwo(a, transA);
  const [inner, n] = lastTwo(b, transB);
  if (k !== inner)
    throw new ShapeError(`matmul: inner sizes must match, got ${k} and ${inner}, ${shapes(a, b)}`);
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const layout = batchLayout("matmul", batchA, batchB);
  if (!layout) {
    // Broadcasting changes sides too often for the kernels: repeat a, whose batch axes are then all there.
    const full =
      batchA.length < batchB.length
        ? batchB.map((s, i) => batchA[i - batchB.length + batchA.length] ?? s)
        : batchA;
    const target = full.map((s, i) => Math.max(s, batchB[i - full.length + batchB.length] ?? 1));
    return batchedMatmul(
      broadcastTo(a, [...target, ...a.shape.slice(-2)]),
      broadcastTo(b, [...target, ...b.shape.slice(-2)]),
      options,
    );
  }
  if (!transA && numel(batchB) === 1 && layout.count > 1) {
    // One b for all: the batches of a are further rows. One product, and one long sum for db instead of a sum of products.
    const rows = reshape(a, [layout.count * m, k]);
    const y = batchedMatmul(rows, reshape(b, b.shape.slice(-2)), options);
    return reshape(y, [...layout.shape, m, n]);
  }
  const [y] = op("matmul", [a, b], () => {
    const y = empty([...layout.shape, m, n], floats ? floatResult(a, b) : "i32", a.device);
    runMatmul({ a, b, bias: null, y, transA, transB }, { m, n, k, batches: layout.count }, layout, plan);
    return {
      outputs: [y],
      pullback: ([dy]) => [
        dy && a.requiresGrad ? sumTo(gradientA(dy, b, transA, transB), a.shape) : null,
        dy && b.requiresGrad ? sumTo(gradientB(dy, a, transA, transB), b.shape) : null,
      ],
    };
  });
  return y;
}

/** d op(a) = dy op(b)^T, and its transpose if a is stored so. */
function gradientA(dy: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
  if (transA) return batchedMatmul(b, dy, { transA: transB, transB: true });
  return batchedMatmul(dy, b, { transB: !transB });
}

/** d op(b) = op(a)^T dy, and its transpose if b is stored so. */
function gradientB(dy: Tensor, a: Tensor, transA: boolean, transB: boolean): Tensor {
  if (transB) return batchedMatmul(dy, a, { transA: true, transB: transA });
  return batchedMatmul(a, dy, { transA: !transA });
}

function lastTwo(t: Tensor, transposed: boolean): [number, number] {
  const [rows, cols] = t.shape.slice(-2) as [number, number];
  return transposed ? [cols, rows] : [rows, cols];
}

const shapes = (a: Tensor, b: Tensor) => `a ${formatShape(a.shape)}, b ${formatShape(b.shape)}`;
