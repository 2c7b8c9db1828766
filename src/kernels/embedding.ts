// embedding: rows of a table by id, y[.., :] = weight[ids[..], :]. The gradient adds up the rows of dy by id (scatter.ts).

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkIndex, gatherRows, type Rows } from "./gather.ts";
import { reportIndices } from "./index_check.ts";
import { scatterRows } from "./scatter.ts";

export interface EmbeddingOptions {
  /** This row of the table gets no gradient; negative counts from the end. Default: none. */
  readonly paddingIdx?: number | null;
}

/**
 * weight[ids] (torch.nn.functional.embedding): ids [...], weight [rows, d] -> [..., d]. An id outside the table gives
 * zeros, and no gradient.
 *
 * @param ids i32
 * @throws DTypeError unless ids is i32; ShapeError unless weight has rank 2; OptionError for a paddingIdx outside the table;
 *   IndexError in debug mode, at the next await, for an id outside it
 */
export function embedding(ids: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkIndex("embedding", ids);
  if (weight.rank !== 2)
    throw new ShapeError(`embedding: weight must have rank 2, weight ${formatShape(weight.shape)}`);
  const [rows, d] = weight.shape;
  const skip = paddingRow(rows, options.paddingIdx);
  reportIndices("embedding", ids, rows);
  const whole: Rows = { outer: 1, rows, n: ids.size, inner: d, perElement: false, skip: -1 };
  const shape = [...ids.shape, d];
  if (skip === -1) return gatherRows("embedding", weight, ids, whole, shape);
  // The padding row is read but gets no gradient, so this is not the transpose that gatherRows would take.
  const [y] = op("embedding", [weight, ids], () => ({
    outputs: [gatherRows("embedding", weight, ids, whole, shape)],
    pullback: ([dy]) => [
      dy && scatterRows("embeddingBackward", null, ids, dy, { ...whole, skip }, weight.shape),
      null,
    ],
  }));
  return y;
}

function paddingRow(rows: number, paddingIdx: number | null | undefined): number {
  if (paddingIdx === null || paddingIdx === undefined) return -1;
  if (!Number.isInteger(paddingIdx) || paddingIdx < -rows || paddingIdx >= rows) {
    throw new OptionError(`embedding: paddingIdx ${paddingIdx} is outside a table of ${rows} rows`);
  }
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}
