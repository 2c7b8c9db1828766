// What language models check and look up: ids, positions, and which tokens are padding; and how their tables start.

import { ShapeError } from "../gpu/errors.ts";
import { mul } from "../kernels/binary.ts";
import { ne } from "../kernels/compare.ts";
import { reshape } from "../kernels/reshape.ts";
import { narrow } from "../kernels/slice.ts";
import type { Embedding } from "../layers/embedding.ts";
import { noGrad } from "../tensor/mode.ts";
import { hasValues } from "../tensor/parameter.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** @throws ShapeError unless ids are [b, t] with t at most `length`, and the others, where given, like them */
export function checkTokens(
  model: string,
  ids: Tensor,
  length: number,
  others: Readonly<Record<string, Tensor | null | undefined>>,
): void {
  const given = `ids ${formatShape(ids.shape)}`;
  if (ids.rank !== 2) throw new ShapeError(`${model}: ids must be [b, t], ${given}`);
  if (ids.shape[1] > length) throw new ShapeError(`${model}: at most ${length} tokens, ${given}`);
  for (const [name, t] of Object.entries(others)) {
    if (t && !sameShape(t.shape, ids.shape))
      throw new ShapeError(
        `${model}: ${name} must have the shape of ids, ${given}, ${name} ${formatShape(t.shape)}`,
      );
  }
}

/** The vectors of positions 0 to t - 1, [t, d]; or of the positions given [b, t], [b, t, d]. */
export function positionsOf(table: Embedding, t: number, positions?: Tensor | null): Tensor {
  if (positions) return table.forward(positions);
  return t === table.count ? table.weight : narrow(table.weight, 0, 0, t);
}

/** What attention takes of a mask [b, t] that is 0, or false, at padding: bool [b, 1, 1, t], true where keys may be read. */
export function readableKeys(mask: Tensor | null | undefined): Tensor | null {
  if (!mask) return null;
  const [b, t] = mask.shape;
  return reshape(mask.dtype === "bool" ? mask : ne(mask, 0), [b, 1, 1, t]);
}

/** Brings the N(0, 1) that a table starts with to N(0, std^2); its row of padding stays 0. */
export function scaleTable({ weight }: Embedding, std: number): void {
  if (hasValues(weight)) noGrad(() => scope(() => void copyInto(weight, mul(weight, std))));
}
