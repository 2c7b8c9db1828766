// Diagonals: diagonal reads one of a pair of axes, diagEmbed makes a matrix of it, diag does either by rank. Reading and
// embedding are each other's gradient. Triangles: triangle.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { fill } from "../tensor/primitives.ts";
import { contiguousStrides, formatShape, normalizeAxis, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { type CopyAxis, stridedCopy } from "./strided_copy.ts";

export interface DiagonalOptions {
  /** Above the main diagonal if positive, below it if negative. Default 0. */
  readonly offset?: number;
  /** The axis of rows. Default 0 for diagonal, -2 for diagEmbed. */
  readonly axis1?: number;
  /** The axis of columns. Default 1 for diagonal, -1 for diagEmbed. */
  readonly axis2?: number;
}

/** Which elements of a tensor of `shape` a diagonal has. */
interface Line {
  readonly shape: Shape;
  readonly axis1: number;
  readonly axis2: number;
  readonly offset: number;
}

/**
 * y[.., k] = x[.., k + max(-offset, 0), .., k + max(offset, 0), ..] (torch.diagonal, but a copy): the two axes go, the
 * diagonal is the last axis. Of no elements if the offset lies outside.
 *
 * @throws ShapeError for fewer than two axes or the same axis twice; OptionError for an offset that is no integer
 */
export function diagonal(x: Tensor, options: DiagonalOptions = {}): Tensor {
  const { offset = 0, axis1 = 0, axis2 = 1 } = options;
  checkOffset("diagonal", offset);
  if (x.rank < 2) throw new ShapeError(`diagonal: needs two axes, x ${formatShape(x.shape)}`);
  return read(x, lineOf("diagonal", x.shape, axis1, axis2, offset));
}

/**
 * Matrices with the last axis of x on a diagonal, zeros elsewhere (torch.diag_embed): x [.., n] gives [.., m, m] with
 * m = n + |offset|, rows and columns put at axis1 and axis2.
 *
 * @throws ShapeError for a scalar or the same axis twice; OptionError for an offset that is no integer
 */
export function diagEmbed(x: Tensor, options: DiagonalOptions = {}): Tensor {
  const { offset = 0, axis1 = -2, axis2 = -1 } = options;
  checkOffset("diagEmbed", offset);
  if (x.rank < 1) throw new ShapeError("diagEmbed: a scalar has no axis to put on a diagonal");
  const rank = x.rank + 1;
  const [a, b] = [normalizeAxis("diagEmbed", axis1, rank), normalizeAxis("diagEmbed", axis2, rank)];
  const size = x.shape[x.rank - 1] + Math.abs(offset);
  const batch = x.shape.slice(0, -1);
  const shape = Array.from({ length: rank }, (_, i) => (i === a || i === b ? size : batch.shift()!));
  return embed(x, lineOf("diagEmbed", shape, a, b, offset));
}

/**
 * The diagonal of a matrix, or a matrix of a diagonal (torch.diag).
 *
 * @throws ShapeError unless x has rank 1 or 2
 */
export function diag(x: Tensor, offset = 0): Tensor {
  if (x.rank === 1) return diagEmbed(x, { offset });
  if (x.rank === 2) return diagonal(x, { offset });
  throw new ShapeError(`diag: needs rank 1 or 2, x ${formatShape(x.shape)}`);
}

function read(x: Tensor, line: Line): Tensor {
  const [y] = op("diagonal", [x], () => {
    const { box, start, shape } = walk(line);
    const y = empty(shape, x.dtype, x.device);
    stridedCopy(x, y, box, { src: start }, "diagonal");
    return { outputs: [y], pullback: ([dy]) => [dy && embed(dy, line)] };
  });
  return y;
}

function embed(x: Tensor, line: Line): Tensor {
  const [y] = op("diagEmbed", [x], () => {
    const { box, start } = walk(line);
    const y = fill(empty(line.shape, x.dtype, x.device), 0);
    const back = box.map(({ size, src, dst }) => ({ size, src: dst, dst: src }));
    stridedCopy(x, y, back, { dst: start }, "diagEmbed");
    return { outputs: [y], pullback: ([dy]) => [dy && read(dy, line)] };
  });
  return y;
}

/** The copy that reads the line: its box, its first element, the shape of what it reads. */
function walk({ shape, axis1, axis2, offset }: Line): { box: CopyAxis[]; start: number; shape: Shape } {
  const strides = contiguousStrides(shape);
  const [row, col] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(0, Math.min(shape[axis1] - row, shape[axis2] - col));
  const others = [...shape.keys()].filter((i) => i !== axis1 && i !== axis2);
  const out = [...others.map((i) => shape[i]), length];
  const steps = [...others.map((i) => strides[i]), strides[axis1] + strides[axis2]];
  const dst = contiguousStrides(out);
  const box = out.map((size, i) => ({ size, src: steps[i], dst: dst[i] }));
  return { box, start: row * strides[axis1] + col * strides[axis2], shape: out };
}

function lineOf(name: string, shape: Shape, axis1: number, axis2: number, offset: number): Line {
  const [a, b] = [normalizeAxis(name, axis1, shape.length), normalizeAxis(name, axis2, shape.length)];
  if (a === b)
    throw new ShapeError(
      `${name}: needs two different axes, got ${axis1} and ${axis2} of ${formatShape(shape)}`,
    );
  return { shape, axis1: a, axis2: b, offset };
}

function checkOffset(name: string, offset: number): void {
  if (!Number.isInteger(offset)) throw new OptionError(`${name}: offset must be an integer, got ${offset}`);
}
