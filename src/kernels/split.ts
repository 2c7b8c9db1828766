// split and chunk take a tensor apart along an axis, one copy per part. The gradient joins: concat.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { fill } from "../tensor/primitives.ts";
import { formatShape, normalizeAxis, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { cat, copyPart } from "./concat.ts";
import { shaped } from "./reshape.ts";

/**
 * Parts of an axis: of `sizes` each, the last one smaller, or of the sizes given (torch.split).
 *
 * @throws ShapeError if given sizes do not add up to the axis; OptionError for a size below 1
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  if (x.rank === 0) throw new ShapeError("split: a scalar has no axis to split");
  const at = normalizeAxis("split", axis, x.rank);
  const n = x.shape[at];
  const list = typeof sizes === "number" ? equalParts("split", n, sizes) : [...sizes];
  if (!list.every((s) => Number.isInteger(s) && s >= 0) || list.reduce((a, b) => a + b, 0) !== n) {
    throw new ShapeError(`split: sizes [${list}] do not add up to axis ${axis} of x ${formatShape(x.shape)}`);
  }
  if (list.length === 1) return [shaped("split", x, x.shape)];
  return [
    ...op("split", [x], () => {
      let from = 0;
      const outputs = list.map((size) => {
        const y = empty(
          x.shape.map((s, i) => (i === at ? size : s)),
          x.dtype,
          x.device,
        );
        copyPart(y, x, at, from, "out");
        from += size;
        return y;
      });
      return {
        outputs,
        pullback: (dys) => [
          cat(
            dys.map((dy, i) => dy ?? zeroed(outputs[i])),
            at,
          ),
        ],
      };
    }),
  ];
}

/** At most `count` parts of an axis, all of one size but the last (torch.chunk). */
export function chunk(x: Tensor, count: number, axis = 0): Tensor[] {
  if (!Number.isInteger(count) || count < 1)
    throw new OptionError(`chunk: needs a count of 1 or more, got ${count}`);
  if (x.rank === 0) throw new ShapeError("chunk: a scalar has no axis to split");
  const n = x.shape[normalizeAxis("chunk", axis, x.rank)];
  return split(x, Math.max(1, Math.ceil(n / count)), axis);
}

function equalParts(name: string, n: number, size: number): Shape {
  if (!Number.isInteger(size) || size < 1)
    throw new OptionError(`${name}: needs a size of 1 or more, got ${size}`);
  const parts = Math.max(1, Math.ceil(n / size));
  return Array.from({ length: parts }, (_, i) => Math.min(size, n - i * size));
}

function zeroed(like: Tensor): Tensor {
  return fill(empty(like.shape, like.dtype, like.device), 0);
}
