// Attention on projections as they come out of linear layers, heads innermost: nothing is permuted or copied, the kernels read
// with strides. For nn.MultiheadAttention and models; with heads first: attention.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { lowered } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { attend, attentionWithWeights } from "./attention.ts";
import { type AttentionOptions, callOf, checkOptions, NAME } from "./attention_check.ts";
import type { AttentionSize, AxisOrder } from "./attention_layout.ts";

export interface ProjectedAttentionOptions extends Omit<AttentionOptions, "enableGqa"> {
  readonly heads: number;
  /** Axes in memory: "tbhd" for [t, b, features], "bthd" for [b, t, features]. */
  readonly order: Exclude<AxisOrder, "bhtd">;
  /** Also give the weights [b, h, t, s], computed unfused. Default false. */
  readonly needWeights?: boolean;
}

/**
 * scaledDotProductAttention of projections: one tensor with q, k and v side by side in the last axis, or three.
 *
 * Shapes ("tbhd"): [qkv [t, b, 3 h d]] or [q [t, b, h d], k [s, b, h d], v [s, b, h d]] -> y [t, b, h d].
 *
 * @throws ShapeError for shapes that do not fit; DTypeError, OptionError as scaledDotProductAttention
 */
export function projectedAttention(
  inputs: readonly Tensor[],
  options: ProjectedAttentionOptions,
): { y: Tensor; weights: Tensor | null } {
  const { order, needWeights = false } = options;
  const size = sizeOf(inputs, options);
  const joined = inputs.length === 1;
  const given = inputs.map((t) => lowered(t));
  const [q, k, v] = (joined ? [given[0], given[0], given[0]] : given) as [Tensor, Tensor, Tensor];
  const call = callOf(q, k, v, size, { order, joined }, options);
  if (!needWeights) return { y: attend(call), weights: null };
  const [y, weights] = attentionWithWeights(call);
  return { y, weights };
}

function sizeOf(inputs: readonly Tensor[], options: ProjectedAttentionOptions): AttentionSize {
  const { heads, order } = options;
  const shapes = () => inputs.map((x) => formatShape(x.shape)).join(", ");
  for (const x of inputs) {
    if (!isFloat(x.dtype))
      throw new DTypeError(`${NAME}: needs f32 or f16, got ${x.dtype}${formatShape(x.shape)}`);
    if (x.rank !== 3) throw new ShapeError(`${NAME}: projections must have three axes, got ${shapes()}`);
  }
  const [first, second = first, third = second] = inputs as [Tensor, Tensor?, Tensor?];
  const [rows, batch] = order === "tbhd" ? [0, 1] : [1, 0];
  const width = heads * (inputs.length === 1 ? 3 : 1);
  const [t, b, features] = [first.shape[rows]!, first.shape[batch]!, first.shape[2]!];
  const s = second.shape[rows]!;
  const like = [second, third].every(
    (x) => x.shape[batch] === b && x.shape[rows] === s && x.shape[2] === features,
  );
  if (!like || features % width !== 0)
    throw new ShapeError(`${NAME}: projections must fit each other and ${heads} heads, got ${shapes()}`);
  const size = { b, h: heads, hk: heads, t, s, d: features / width };
  checkOptions(size, options, shapes);
  return size;
}
