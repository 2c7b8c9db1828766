// cat and stack join tensors along an axis: one copy per tensor, any number of them. The gradient takes apart: split.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis, numel, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { shaped, unsqueeze } from "./reshape.ts";
import { narrow } from "./slice.ts";
import { split } from "./split.ts";
import { stridedCopy } from "./strided_copy.ts";

/**
 * The tensors one after the other along an axis, by default the first (torch.cat).
 *
 * @throws ShapeError for no tensors, or shapes that differ elsewhere; DTypeError for different dtypes
 */
export function cat(list: readonly Tensor[], axis = 0): Tensor {
  const tensors = [...list]; // backward needs those of now
  const first = firstOf("cat", tensors);
  if (first.rank === 0) throw new ShapeError("cat: scalars have no axis to join along; use stack");
  const at = normalizeAxis("cat", axis, first.rank);
  const shape = first.shape.map((s, i) =>
    i === at ? tensors.reduce((n, t) => n + (t.shape[at] ?? 0), 0) : s,
  );
  for (const t of tensors) {
    const fits = t.rank === first.rank && t.shape.every((s, i) => i === at || s === first.shape[i]);
    if (!fits)
      throw new ShapeError(
        `cat: shapes must agree but for axis ${axis}, ${tensors.map((x) => formatShape(x.shape)).join(" and ")}`,
      );
  }
  if (tensors.length === 1) return shaped("cat", first, first.shape);
  const [y] = op("cat", tensors, () => {
    const y = empty(shape, first.dtype, first.device);
    let from = 0;
    for (const t of tensors) {
      copyPart(t, y, at, from, "in");
      from += t.shape[at];
    }
    return { outputs: [y], pullback: ([dy]) => (dy ? apart(dy, tensors, at) : tensors.map(() => null)) };
  });
  return y;
}

/** The tensors, of one shape, along a new axis, by default a new first one (torch.stack). */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = firstOf("stack", tensors);
  if (!tensors.every((t) => sameShape(t.shape, first.shape))) {
    throw new ShapeError(
      `stack: shapes must agree, ${tensors.map((t) => formatShape(t.shape)).join(" and ")}`,
    );
  }
  const at = normalizeAxis("stack", axis, first.rank + 1);
  return cat(
    tensors.map((t) => unsqueeze(t, at)),
    at,
  );
}

/** The gradients of cat: one split where every input wants its own, else only the parts wanted. */
function apart(dy: Tensor, tensors: readonly Tensor[], axis: number): (Tensor | null)[] {
  const sizes = tensors.map((t) => t.shape[axis]);
  if (tensors.every((t) => t.requiresGrad)) return split(dy, sizes, axis);
  let from = 0;
  return tensors.map((t, i) => {
    const start = from;
    from += sizes[i];
    return t.requiresGrad ? narrow(dy, axis, start, sizes[i]) : null;
  });
}

/** Copies `piece` into `whole` from index `from` of an axis on, or the other way. Both are rows of a run of elements. */
export function copyPart(piece: Tensor, whole: Tensor, axis: number, from: number, way: "in" | "out"): void {
  const inner = numel(piece.shape.slice(axis + 1));
  const [run, stride] = [piece.shape[axis] * inner, whole.shape[axis] * inner];
  const outer = numel(piece.shape.slice(0, axis));
  if (way === "in") {
    stridedCopy(
      piece,
      whole,
      [
        { size: outer, src: run, dst: stride },
        { size: run, src: 1, dst: 1 },
      ],
      { dst: from * inner },
      "cat",
    );
  } else {
    stridedCopy(
      whole,
      piece,
      [
        { size: outer, src: stride, dst: run },
        { size: run, src: 1, dst: 1 },
      ],
      { src: from * inner },
      "split",
    );
  }
}

function firstOf(name: string, tensors: readonly Tensor[]): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError(`${name}: needs at least one tensor`);
  if (tensors.some((t) => t.dtype !== first.dtype)) {
    throw new DTypeError(`${name}: dtypes must agree, got ${tensors.map((t) => t.dtype).join(", ")}`);
  }
  return first;
}
