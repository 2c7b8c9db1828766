// Indices into row-major tensors, and how they are written.

import type { Values } from "./retained_step.ts";

/** Place of an element, [n, c, y, x] or shorter. */
export function placeOf(shape: readonly number[], index: readonly number[]): number {
  return index.reduce((place, i, axis) => place * shape[axis] + i, 0);
}

export function indexOf(shape: readonly number[], place: number): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(place % shape[axis]);
    place = Math.floor(place / shape[axis]);
  }
  return index;
}

export const at = ({ shape, values }: Values, ...index: readonly number[]): number =>
  values[placeOf(shape, index)];

/** `x[0,1,3,4]` */
export const named = (name: string, ...index: readonly number[]): string => `${name}[${index}]`;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, s) => n * s, 1);

/** [n, c, plane] of a tensor [n, c, ...]. */
export function channelSizes([n, c, ...rest]: readonly number[]): { n: number; c: number; plane: number } {
  return { n, c, plane: rest.reduce((size, s) => size * s, 1) };
}

/** @throws RangeError unless the index is one of the shape */
export function checkIndex(what: string, shape: readonly number[], index: readonly number[]): void {
  const inside = (i: number, axis: number) => Number.isInteger(i) && i >= 0 && i < shape[axis];
  if (index.length !== shape.length || !index.every(inside))
    throw new RangeError(`inspect: ${what} has the shape [${shape}], there is no element [${index}]`);
}
