// Rows of diagonals and triangles.
import { OptionError } from "../../gpu/errors.ts";
import { type DiagonalOptions, diag, diagEmbed, diagonal } from "../../kernels/diagonal.ts";
import { tril, triu } from "../../kernels/triangle.ts";
import { at, build, type Nd } from "../nd.ts";
import type { OpRecord } from "../record.ts";
import { z } from "./samples.ts";
import { mover, refuses, wrap } from "./shape_rows.ts";

function diagonalOf(x: Nd, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = {}): Nd {
  const [a, b] = [wrap(axis1, x.shape.length), wrap(axis2, x.shape.length)];
  const rest = x.shape.filter((_, i) => i !== a && i !== b);
  let n = 0;
  while (n + Math.max(-offset, 0) < x.shape[a] && n + Math.max(offset, 0) < x.shape[b]) n++;
  return build([...rest, n], (index) => {
    const k = index.at(-1)!;
    const others = index.slice(0, -1);
    return at(
      x,
      x.shape.map((_, i) =>
        i === a ? k + Math.max(-offset, 0) : i === b ? k + Math.max(offset, 0) : others.shift()!,
      ),
    );
  });
}

function embedded(x: Nd, { offset = 0, axis1 = -2, axis2 = -1 }: DiagonalOptions = {}): Nd {
  const rank = x.shape.length + 1;
  const [a, b] = [wrap(axis1, rank), wrap(axis2, rank)];
  const size = x.shape.at(-1)! + Math.abs(offset);
  const batch = x.shape.slice(0, -1);
  const shape = Array.from({ length: rank }, (_, i) => (i === a || i === b ? size : batch.shift()!));
  return build(shape, (index) => {
    if (index[b] - index[a] !== offset) return 0;
    const others = index.filter((_, i) => i !== a && i !== b);
    return at(x, [...others, Math.min(index[a], index[b])]);
  });
}

const triangle =
  (upper: boolean) =>
  (x: Nd, diagonal = 0) =>
    build(x.shape, (index, flat) => {
      const [r, c] = index.slice(-2);
      return (upper ? c - r >= diagonal : c - r <= diagonal) ? x.data[flat] : 0;
    });

export const diagonalRecords = [
  mover(
    "diagonal",
    diagonal,
    diagonalOf,
    [
      [[3, 4]],
      [[4, 3], { offset: 1 }],
      [[4, 3], { offset: -2 }],
      [[4, 3], { offset: 7 }],
      [[2, 3, 4], { axis1: -2, axis2: -1, offset: 1 }],
      [[2, 3, 4], { axis1: 2, axis2: 0 }],
      [[2, 3, 4, 5], { axis1: 1, axis2: 3, offset: -1 }],
      [[0, 3]],
      [[67, 67]],
    ],
    [
      refuses("rank", () => diagonal(z([3])), /^diagonal: needs two axes, x \[3\]$/),
      refuses(
        "axes",
        () => diagonal(z([3, 3]), { axis1: 0, axis2: -2 }),
        /^diagonal: needs two different axes, got 0 and -2 of \[3,3\]$/,
      ),
      refuses(
        "offset",
        () => diagonal(z([3, 3]), { offset: 0.5 }),
        /^diagonal: offset must be an integer, got 0.5$/,
        OptionError,
      ),
    ],
  ),
  mover(
    "diagEmbed",
    diagEmbed,
    embedded,
    [
      [[3]],
      [[2, 3]],
      [[2, 3], { offset: 1 }],
      [[2, 3], { offset: -2, axis1: 0, axis2: 2 }],
      [[2, 3], { axis1: 1, axis2: 0, offset: 1 }],
      [[0]],
      [[67]],
    ],
    [refuses("scalar", () => diagEmbed(z([])), /^diagEmbed: a scalar has no axis to put on a diagonal$/)],
  ),
  mover(
    "diag",
    diag,
    (x: Nd, offset?: number) => (x.shape.length === 1 ? embedded(x, { offset }) : diagonalOf(x, { offset })),
    [[[3]], [[3], 1], [[3, 4], -1], [[3, 4], 2]],
    [refuses("rank", () => diag(z([1, 1, 1])), /^diag: needs rank 1 or 2, x \[1,1,1\]$/)],
  ),
  mover(
    "tril",
    tril,
    triangle(false),
    [[[3, 4]], [[4, 3], 1], [[2, 5, 5], -2], [[2, 2], 9], [[0, 3]], [[67, 33], 3]],
    [
      refuses("rank", () => tril(z([3])), /^tril: needs two axes, x \[3\]$/),
      refuses(
        "diagonal",
        () => tril(z([3, 3]), 0.5),
        /^tril: diagonal must be an integer, got 0.5$/,
        OptionError,
      ),
    ],
  ),
  mover(
    "triu",
    triu,
    triangle(true),
    [[[3, 4]], [[4, 3], 1], [[2, 5, 5], -2], [[2, 2], 9], [[0, 3]], [[67, 33], 3]],
    [refuses("rank", () => triu(z([3])), /^triu: needs two axes, x \[3\]$/)],
  ),
] as unknown as readonly OpRecord[];
