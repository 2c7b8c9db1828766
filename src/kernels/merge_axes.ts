// How operands of different shapes are read as one: axes merged to the fewest, counted from the innermost. Host only.

import { ShapeError } from "../gpu/errors.ts";
import { broadcastStrides, formatShape, type Shape } from "../tensor/shape.ts";

/** What the shaders can index. */
const MAX_AXES = 8;

export interface Layout {
  /** Sizes, innermost first. At least one. */
  readonly sizes: readonly number[];
  /** Per operand its strides in elements, innermost first; 0 where it is broadcast. */
  readonly strides: readonly (readonly number[])[];
}

/** Strides of `operands` read in the shape `target`, with neighbouring axes merged wherever every operand allows it. */
export function mergeAxes(op: string, target: Shape, operands: readonly Shape[]): Layout {
  const full = operands.map((s) => broadcastStrides(s, target));
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = target.length - 1; axis >= 0; axis--) {
    const size = target[axis];
    if (size === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && full.every((s, k) => s[axis] === strides[k][last] * sizes[last])) {
      sizes[last] *= size;
      continue;
    }
    sizes.push(size);
    full.forEach((s, k) => {
      strides[k].push(s[axis]);
    });
  }
  if (sizes.length > MAX_AXES) {
    throw new ShapeError(
      `${op}: broadcasting leaves more than ${MAX_AXES} axes, ${operands.map(formatShape).join(" and ")}`,
    );
  }
  if (sizes.length === 0) {
    sizes.push(1);
    for (const s of strides) s.push(0);
  }
  return { sizes, strides };
}

/** Params `s0` ... `s6`: sizes of all axes but the outermost. */
export function sizeParams({ sizes }: Layout) {
  const [s0, s1, s2, s3, s4, s5, s6] = inner(sizes, 1);
  return { s0, s1, s2, s3, s4, s5, s6 };
}

/** Strides of operand `k`: those of all axes but the outermost, then that one. */
export function strideParams({ strides }: Layout, k: number): readonly number[] {
  return [...inner(strides[k], 0), strides[k][strides[k].length - 1]];
}

function inner(values: readonly number[], rest: number): number[] {
  return Array.from({ length: MAX_AXES - 1 }, (_, i) => (i < values.length - 1 ? values[i] : rest));
}
