// Attention in plain ops: softmax(scale q k^T + mask) v with the whole matrix of weights. What is differentiated under
// createGraph, and what gives the weights for inspection. The fused kernels: attention_run.ts.

import { arange } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runKept } from "./attention_draw_run.ts";
import { type AttentionLayout, type AttentionSize, resultShape } from "./attention_layout.ts";
import type { AttentionCall } from "./attention_run.ts";
import { add, mul } from "./binary.ts";
import { le, logicalAnd, ne } from "./compare.ts";
import { batchedMatmul } from "./matmul.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";
import { select } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { where } from "./where.ts";

/** Instead of -inf: a row that may attend to nothing then has finite gradients, and zeros are put in afterwards. */
const LOWEST = -3.4028234663852886e38;

/** y as the fused kernels lay it out, and the weights [b, h, t, s] after dropout. */
export function composeAttention(call: AttentionCall, draw: Tensor | null): { y: Tensor; weights: Tensor } {
  const { size, layout, scale, drop } = call;
  const { b, h, hk, t, s, d } = size;
  const [q, k, v] = headsFirst(call);
  const group = h / Math.max(hk, 1);
  const grouped = reshape(q, [b, hk, group, t, d]);
  const keys = reshape(k, [b, hk, 1, s, d]);
  const products = reshape(batchedMatmul(grouped, keys, { transB: true }), [b, h, t, s]);
  const weights = dropped(normalised(mul(products, scale), call), draw && runKept(call, draw), drop); // [b, h, t, s]
  const values = reshape(v, [b, hk, 1, s, d]);
  const mixed = batchedMatmul(reshape(weights, [b, hk, group, t, s]), values); // [b, hk, group, t, d]
  return { y: fromHeadsFirst(reshape(mixed, [b, h, t, d]), size, layout), weights };
}

/** Softmax over the keys that a query may attend to; zeros where there is none. */
function normalised(products: Tensor, { mask, causal, size: { t, s } }: AttentionCall): Tensor {
  const added = mask !== null && isFloat(mask.dtype);
  const scores = added ? add(products, mask) : products; // [b, h, t, s]
  let allowed = added ? ne(mask, Number.NEGATIVE_INFINITY) : mask; // bool, broadcast to [b, h, t, s]
  if (causal) {
    const upTo = (n: number) => arange(0, n, 1, { dtype: "i32", device: products.device });
    const rule = le(upTo(s), reshape(upTo(t), [t, 1])); // [t, s]
    allowed = allowed ? logicalAnd(allowed, rule) : rule;
  }
  if (!allowed) return softmax(scores, -1);
  return where(allowed, softmax(where(allowed, scores, LOWEST), -1), 0);
}

function dropped(weights: Tensor, kept: Tensor | null, drop: number): Tensor {
  return kept ? where(kept, mul(weights, drop === 1 ? 0 : 1 / (1 - drop)), 0) : weights;
}

/** q, k and v as [b, heads, rows, d]. */
function headsFirst({ q, k, v, size, layout }: AttentionCall): readonly [Tensor, Tensor, Tensor] {
  const { b, h, hk, t, s, d } = size;
  const { order, joined } = layout;
  if (order === "bhtd") return [q, k, v];
  const turned = (x: Tensor, heads: number, rows: number) =>
    order === "tbhd"
      ? permute(reshape(x, [rows, b, heads, d]), [1, 2, 0, 3])
      : permute(reshape(x, [b, rows, heads, d]), [0, 2, 1, 3]);
  if (!joined) return [turned(q, h, t), turned(k, hk, s), turned(v, hk, s)];
  const parts = reshape(q, [...q.shape.slice(0, 2), 3, h, d]);
  const part = (i: number) => turned(select(parts, 2, i), h, t);
  return [part(0), part(1), part(2)];
}

function fromHeadsFirst(y: Tensor, size: AttentionSize, { order }: AttentionLayout): Tensor {
  if (order === "bhtd") return y;
  return reshape(permute(y, order === "tbhd" ? [2, 0, 1, 3] : [0, 2, 1, 3]), resultShape(size, order));
}
