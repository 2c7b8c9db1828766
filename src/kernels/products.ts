// The products of torch with ranks of their own: bmm, mv, dot, outer, and addmm, baddbmm, which add to one. Every rank and
// broadcasting: matmul.ts; every contraction: einsum.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./reshape.ts";

/** One matrix product a batch (torch.bmm): [b, m, k] x [b, k, n] -> [b, m, n], without broadcasting. ShapeError else. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  ranks("bmm", { a, b }, [3, 3]);
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError(
      `bmm: batches must agree, a ${formatShape(a.shape)}, b ${formatShape(b.shape)}; matmul broadcasts them`,
    );
  }
  return matmul(a, b);
}

/** Matrix times vector (torch.mv): [m, k] x [k] -> [m]. ShapeError for other ranks. */
export function mv(a: Tensor, b: Tensor): Tensor {
  ranks("mv", { a, b }, [2, 1]);
  return matmul(a, b);
}

/** sum a b of two vectors of one length (torch.dot): a scalar. ShapeError for other ranks. */
export function dot(a: Tensor, b: Tensor): Tensor {
  ranks("dot", { a, b }, [1, 1]);
  return matmul(a, b);
}

/** y[i, j] = a[i] b[j] (torch.outer): [m] x [n] -> [m, n]. ShapeError for other ranks. */
export function outer(a: Tensor, b: Tensor): Tensor {
  ranks("outer", { a, b }, [1, 1]);
  return mul(reshape(a, [a.size, 1]), b);
}

export interface AddProductOptions {
  /** Times x; with 0, x is not read: its NaN do not count. Default 1. */
  readonly beta?: number;
  /** Times the product. Default 1. */
  readonly alpha?: number;
}

/**
 * beta x + alpha (a b) (torch.addmm): a [m, k], b [k, n], x broadcast to [m, n].
 *
 * @throws ShapeError for other ranks, sizes that do not match, an x larger than the product
 */
export function addmm(x: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  ranks("addmm", { a, b }, [2, 2]);
  return plus("addmm", x, matmul(a, b), options);
}

/** beta x + alpha bmm(a, b) (torch.baddbmm): a [b, m, k], b [b, k, n], x broadcast to [b, m, n]. As addmm. */
export function baddbmm(x: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  ranks("baddbmm", { a, b }, [3, 3]);
  return plus("baddbmm", x, bmm(a, b), options);
}

function plus(name: string, x: Tensor, product: Tensor, { beta = 1, alpha = 1 }: AddProductOptions): Tensor {
  if (!Number.isFinite(alpha) || !Number.isFinite(beta))
    throw new OptionError(`${name}: alpha and beta must be numbers, got ${alpha} and ${beta}`);
  const scaled = alpha === 1 ? product : mul(product, alpha);
  if (beta === 0) return scaled;
  const y = add(beta === 1 ? x : mul(x, beta), scaled);
  if (sameShape(y.shape, product.shape)) return y;
  throw new ShapeError(
    `${name}: x must broadcast to the product, x ${formatShape(x.shape)}, product ${formatShape(product.shape)}`,
  );
}

function ranks(name: string, { a, b }: { a: Tensor; b: Tensor }, [ra, rb]: readonly [number, number]): void {
  if (a.rank === ra && b.rank === rb) return;
  throw new ShapeError(
    `${name}: needs ranks ${ra} and ${rb}, a ${formatShape(a.shape)}, b ${formatShape(b.shape)}`,
  );
}
