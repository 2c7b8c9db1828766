// Where heads, queries and keys lie in the tensors of attention. The kernels take any strides, so that a projection's output
// [t, b, heads * d], or all three projections side by side, is read and written as it is. Masks: broadcast by stride 0.

import type { OpaqueRole, StridedView } from "../gpu/dispatch.ts";
import { broadcastStrides, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface AttentionSize {
  readonly b: number;
  readonly h: number; // heads of q
  readonly hk: number; // heads of k and v
  readonly t: number; // queries
  readonly s: number; // keys
  readonly d: number; // of a head
}

/** Order of the axes in memory: heads first as in scaledDotProductAttention, or as projections of [t, b, e], [b, t, e] give. */
export type AxisOrder = "bhtd" | "tbhd" | "bthd";

export interface AttentionLayout {
  readonly order: AxisOrder;
  /** q, k and v are one tensor [.., 3, h, d]. */
  readonly joined: boolean;
}

/** The gradients take two passes, queries and keys, or one, whole. */
export type AttentionPass = "forward" | "queries" | "keys" | "whole";

/** Elements from one b (head, row) to the next. */
interface Steps {
  readonly b: number;
  readonly h: number;
  readonly row: number;
}

/** `width`: vectors of d side by side where heads are innermost. */
function stepsOf(
  order: AxisOrder,
  { b, d }: AttentionSize,
  heads: number,
  rows: number,
  width: number,
): Steps {
  if (order === "bhtd") return { b: heads * rows * d, h: rows * d, row: d };
  if (order === "tbhd") return { b: width * d, h: d, row: b * width * d };
  return { b: rows * width * d, h: d, row: width * d };
}

/** The strides that every attention kernel takes. */
export function strideParams(size: AttentionSize, { order, joined }: AttentionLayout, mask: Tensor | null) {
  const { b, h, hk, t, s, d } = size;
  const all = 3 * h;
  const q = stepsOf(order, size, h, t, joined ? all : h);
  const kv = stepsOf(order, size, hk, s, joined ? all : hk);
  const y = stepsOf(order, size, h, t, h);
  const [m_b, m_h, m_t, m_s] = mask ? broadcastStrides(mask.shape, [b, h, t, s]) : [0, 0, 0, 0];
  const third = joined ? h * d : 0;
  return {
    ...{ q_0: 0, q_b: q.b, q_h: q.h, q_t: q.row },
    ...{ k_0: third, k_b: kv.b, k_h: kv.h, k_s: kv.row },
    ...{ v_0: 2 * third, v_b: kv.b, v_h: kv.h, v_s: kv.row },
    ...{ y_b: y.b, y_h: y.h, y_t: y.row },
    ...{ m_b: m_b!, m_h: m_h!, m_t: m_t!, m_s: m_s! },
  };
}

/** Strides of dq or dk (r), of dv (w), and of dq beside dk (x): those of q, k and v, until a program's rewriting says otherwise. */
export function resultParams(strides: ReturnType<typeof strideParams>, pass: AttentionPass) {
  const { q_0, q_b, q_h, q_t, k_0, k_b, k_h, k_s, v_0, v_b, v_h, v_s } = strides;
  const owned = pass === "keys" || pass === "whole" ? [k_0, k_b, k_h, k_s] : [q_0, q_b, q_h, q_t];
  const [r_0, r_b, r_h, r_t] = owned as [number, number, number, number];
  const w = { w_0: v_0, w_b: v_b, w_h: v_h, w_t: v_s };
  return { r_0, r_b, r_h, r_t, ...w, x_0: q_0, x_b: q_b, x_h: q_h, x_t: q_t };
}

/** What a program may make a kernel read and write elsewhere: heads in other places, as split, permute and cat put them. */
export function viewRole({ b, h, hk, t, s, d }: AttentionSize, pass: AttentionPass | "rows"): OpaqueRole {
  const align = d % 4 === 0 ? 4 : 1;
  const view = (name: string, heads: number, rows: number, row = "t", offset = true): StridedView => {
    const axes = [
      { size: b, param: `${name}_b` },
      { size: heads, param: `${name}_h` },
      { size: rows, param: `${name}_${row}` },
    ];
    return { axes, run: d, offset: offset ? `${name}_0` : null, align };
  };
  const y = view("y", h, t, "t", false);
  if (pass === "rows") return { kind: "opaque", views: { y, dy: view("dy", h, t, "t", false) } };
  const operands = { q: view("q", h, t), k: view("k", hk, s, "s"), v: view("v", hk, s, "s") };
  if (pass === "forward") return { kind: "opaque", views: { ...operands, y } };
  if (pass === "queries") return { kind: "opaque", views: { ...operands, dy: y, dq: view("r", h, t) } };
  if (pass === "whole") {
    const joining = (name: string, constant: string) => ({
      ...view(name, hk, s),
      joins: { binding: "dq", constant },
    });
    const results = { dq: view("x", h, t), dk: joining("r", "JOIN_K"), dv: joining("w", "JOIN_V") };
    return { kind: "opaque", views: { ...operands, dy: y, ...results } };
  }
  const dv = { ...view("w", hk, s), joins: { binding: "dk", constant: "JOINED" } };
  return { kind: "opaque", views: { ...operands, dy: y, dk: view("r", hk, s), dv } };
}

/** Shape of y: as q is laid out, heads and d together where heads are innermost. */
export function resultShape({ b, h, t, d }: AttentionSize, order: AxisOrder): Shape {
  if (order === "bhtd") return [b, h, t, d];
  return order === "tbhd" ? [t, b, h * d] : [b, t, h * d];
}
