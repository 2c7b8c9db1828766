// Shape arithmetic: sizes, axes, strides, NumPy broadcasting. Pure functions on arrays of numbers.

import { ShapeError } from "../gpu/errors.ts";

export type Shape = readonly number[];

/** Number of elements: the product of the sizes, 1 for a scalar. */
export function numel(shape: Shape): number {
  let n = 1;
  for (const s of shape) n *= s;
  return n;
}

/** `[8,3,32,32]` */
export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((s, i) => s === b[i]);
}

/** Row-major strides in elements: the last axis has stride 1. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** Throws unless every size is a non-negative integer. */
export function checkShape(op: string, shape: Shape): void {
  if (!Array.isArray(shape))
    throw new ShapeError(`${op}: a shape is an array of sizes, got ${String(shape)}`);
  for (const s of shape) {
    if (!Number.isSafeInteger(s) || s < 0)
      throw new ShapeError(`${op}: sizes must be non-negative integers, got ${formatShape(shape)}`);
  }
}

/** Resolves a possibly negative axis; a scalar has axes 0 and -1, as in PyTorch. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const n = Math.max(rank, 1);
  if (!Number.isInteger(axis) || axis < -n || axis >= n) {
    throw new ShapeError(`${op}: axis ${axis} is out of range for ${rank} dimensions`);
  }
  return axis < 0 ? axis + n : axis;
}

/** Resolves axes to ascending order; none or `undefined` means all. A repeated axis is an error. */
export function normalizeAxes(
  op: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axes === "number" ? [axes] : axes;
  if (list.length === 0) return Array.from({ length: rank }, (_, i) => i);
  const resolved = list.map((a) => normalizeAxis(op, a, rank)).sort((a, b) => a - b);
  resolved.forEach((a, i) => {
    if (i > 0 && a === resolved[i - 1]) throw new ShapeError(`${op}: axis ${a} appears twice`);
  });
  return rank === 0 ? [] : resolved;
}

/** NumPy broadcasting: sizes aligned at the right must be equal or 1. */
export function broadcastShapes(op: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const lead = rank - shape.length;
    shape.forEach((s, i) => {
      const o = out[lead + i];
      if (s === o || s === 1) return;
      if (o !== 1)
        throw new ShapeError(`${op}: shapes do not broadcast, ${shapes.map(formatShape).join(" and ")}`);
      out[lead + i] = s;
    });
  }
  return out;
}

/** Strides that read `shape` as if it had `target`'s shape: 0 along broadcast axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = contiguousStrides(shape);
  const lead = target.length - shape.length;
  return target.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : own[i - lead]));
}

/** Fills in one -1 of a reshape. */
export function inferShape(op: string, size: number, shape: Shape): number[] {
  const unknown = shape.filter((s) => s === -1).length;
  const known = shape.reduce((n, s) => (s === -1 ? n : n * s), 1);
  if (unknown > 1) throw new ShapeError(`${op}: at most one size may be -1, got ${formatShape(shape)}`);
  checkShape(
    op,
    shape.map((s) => (s === -1 ? 0 : s)),
  );
  if (unknown === 1 && known === 0)
    throw new ShapeError(`${op}: -1 is ambiguous beside a size of 0, got ${formatShape(shape)}`);
  const out = shape.map((s) => (s === -1 ? size / known : s));
  if (!out.every(Number.isInteger) || numel(out) !== size) {
    throw new ShapeError(`${op}: ${size} elements do not fit ${formatShape(shape)}`);
  }
  return out;
}
