// What the rows of the ops that move elements are made of.
import { ShapeError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { at, build, type Nd } from "../nd.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";

/** A row of an op of one tensor: its further arguments stand in the samples. f32 everywhere, i32 and bool once. */
export function mover<A extends readonly unknown[]>(
  name: string,
  f: (x: Tensor, ...args: A) => Tensor | readonly Tensor[],
  reference: (x: Nd, ...args: A) => Nd | readonly Nd[],
  cases: readonly (readonly [input: Shape, ...args: Partial<A>])[],
  errors: readonly ErrorCase[],
): OpRecord<A> {
  return {
    name,
    samples: (draw) => [
      ...cases.map(([shape, ...args]) => sample(args as unknown as A, draw.normal(shape))),
      ...cases
        .slice(0, 1)
        .flatMap(([shape, ...args]) => [
          sample(args as unknown as A, draw.integers(shape, -9, 9)),
          sample(args as unknown as A, draw.bool(shape)),
        ]),
    ],
    run: ([x], args) => f(x, ...args),
    reference: ([x], args) => reference(x, ...args),
    differentiable: true,
    compare: "exact",
    errors,
  };
}

export function refuses(
  name: string,
  run: () => unknown,
  message: RegExp,
  type: ErrorCase["type"] = ShapeError,
): ErrorCase {
  return { name, run, message, type };
}

export const wrap = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

export const fill = (x: Nd, shape: Shape): number[] => {
  const known = shape.reduce((n, s) => (s === -1 ? n : n * s), 1);
  return shape.map((s) => (s === -1 ? x.data.length / known : s));
};

/** Part of an axis: the elements at these indices. */
export const taken = (x: Nd, axis: number, index: readonly number[]): Nd => {
  const a = wrap(axis, x.shape.length);
  const shape = x.shape.map((s, i) => (i === a ? index.length : s));
  return build(shape, (i) =>
    at(
      x,
      i.map((v, k) => (k === a ? index[v] : v)),
    ),
  );
};

export const range = (start: number, count: number, step = 1) =>
  Array.from({ length: count }, (_, i) => start + i * step);

export const permuted = (x: Nd, axes: Shape): Nd => {
  const order = axes.map((a) => wrap(a, x.shape.length));
  return build(
    order.map((a) => x.shape[a]),
    (i) => {
      const from = new Array<number>(i.length);
      order.forEach((a, k) => {
        from[a] = i[k];
      });
      return at(x, from);
    },
  );
};
