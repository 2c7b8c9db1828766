// Parts of a tensor along one axis, as copies: slice (NumPy's start:end:step), narrow, select. The gradient puts dy where
// the part was, in zeros.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { fill } from "../tensor/primitives.ts";
import { contiguousStrides, formatShape, normalizeAxis, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { shaped } from "./reshape.ts";
import { type CopyAxis, stridedCopy } from "./strided_copy.ts";

/** Elements start, start + step, ... of an axis: `count` of them, all inside. */
interface Range {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * x[start:end:step] along an axis, with NumPy's rules: negative bounds count from the end, bounds outside are clamped, a
 * negative step runs backwards. Null or undefined bounds: the whole axis.
 *
 * @throws OptionError for a step of 0 or numbers that are not integers
 */
export function slice(x: Tensor, axis: number, start?: number | null, end?: number | null, step = 1): Tensor {
  const at = axisOf("slice", x, axis);
  if (step === 0 || ![start ?? 0, end ?? 0, step].every(Number.isInteger)) {
    throw new OptionError(
      `slice: start, end and step must be integers, step not 0, got ${start}, ${end}, ${step}`,
    );
  }
  const n = x.shape[at];
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const bound = (v: number) => Math.min(Math.max(v < 0 ? v + n : v, low), high);
  const from = start == null ? (step > 0 ? low : high) : bound(start);
  const to = end == null ? (step > 0 ? high : low) : bound(end);
  const count = Math.max(0, Math.ceil((to - from) / step));
  return part("slice", x, { axis: at, start: from, step, count });
}

/**
 * `length` elements of an axis from `start` on (torch.narrow); a negative start counts from the end.
 *
 * @throws ShapeError if they do not lie inside
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const at = axisOf("narrow", x, axis);
  const n = x.shape[at];
  const from = start < 0 ? start + n : start;
  if (![start, length].every(Number.isInteger) || from < 0 || length < 0 || from + length > n) {
    throw new ShapeError(
      `narrow: start ${start}, length ${length} reach outside axis ${axis} of x ${formatShape(x.shape)}`,
    );
  }
  return part("narrow", x, { axis: at, start: from, step: 1, count: length });
}

/** The slice at `index` of an axis, which goes (torch.select); a negative index counts from the end. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const at = axisOf("select", x, axis);
  const n = x.shape[at];
  if (!Number.isInteger(index) || index < -n || index >= n) {
    throw new ShapeError(`select: index ${index} is outside axis ${axis} of x ${formatShape(x.shape)}`);
  }
  const one = part("select", x, { axis: at, start: index < 0 ? index + n : index, step: 1, count: 1 });
  return shaped(
    "select",
    one,
    x.shape.filter((_, i) => i !== at),
  );
}

function part(name: string, x: Tensor, range: Range): Tensor {
  const { axis, start, step, count } = range;
  if (count === x.shape[axis] && step === 1) return shaped(name, x, x.shape);
  const [y] = op(name, [x], () => {
    const y = empty(
      x.shape.map((s, i) => (i === axis ? count : s)),
      x.dtype,
      x.device,
    );
    stridedCopy(
      x,
      y,
      box(x.shape, y.shape, axis, step),
      { src: start * contiguousStrides(x.shape)[axis] },
      name,
    );
    return { outputs: [y], pullback: ([dy]) => [dy && unpart(name, dy, x.shape, range)] };
  });
  return y;
}

/** Zeros of `shape` with dy in the range: the gradient of `part`, and linear like it. */
function unpart(name: string, dy: Tensor, shape: Shape, range: Range): Tensor {
  const [dx] = op(`${name}Backward`, [dy], () => {
    const dx = fill(empty(shape, dy.dtype, dy.device), 0);
    const axes = box(shape, dy.shape, range.axis, range.step).map((a) => ({ ...a, src: a.dst, dst: a.src }));
    stridedCopy(dy, dx, axes, { dst: range.start * contiguousStrides(shape)[range.axis] }, `${name}Backward`);
    return { outputs: [dx], pullback: ([g]) => [g && part(name, g, range)] };
  });
  return dx;
}

function box(whole: Shape, piece: Shape, axis: number, step: number): CopyAxis[] {
  const src = contiguousStrides(whole);
  const dst = contiguousStrides(piece);
  return piece.map((size, i) => ({ size, src: src[i] * (i === axis ? step : 1), dst: dst[i] }));
}

function axisOf(name: string, x: Tensor, axis: number): number {
  if (x.rank === 0) throw new ShapeError(`${name}: a scalar has no axis to take a part of`);
  return normalizeAxis(name, axis, x.rank);
}
