import type { LossOptions } from "../../functional/loss_reduction.ts";
import { ShapeError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { build, type Nd, scalar, total } from "../nd.ts";
import { type ErrorCase, f32, fixed, type HostTensor, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

export const refuses = (
  name: string,
  run: () => unknown,
  message: RegExp,
  type: ErrorCase["type"] = ShapeError,
): ErrorCase => ({ name, run, message, type });

export function reduce(losses: Nd, reduction: LossOptions["reduction"] = "mean"): Nd {
  if (reduction === "none") return losses;
  const s = total([...losses.data]);
  return scalar(reduction === "sum" ? s : s / losses.data.length);
}

export const REDUCTIONS = ["mean", "sum", "none"] as const;

/** A loss: `losses` are those of the elements, reduced as the options say. */
export function loss<O extends object>(
  name: string,
  f: (xs: readonly Tensor[], options: O & LossOptions) => Tensor,
  losses: (xs: readonly Nd[], options: O) => Nd,
  samples: (draw: Draw) => readonly (readonly [O, ...HostTensor[]])[],
  errors: readonly ErrorCase[],
): OpRecord<O & LossOptions> {
  return {
    name,
    samples: (draw) =>
      samples(draw).map(([o, ...inputs], k) => sample({ reduction: REDUCTIONS[k % 3], ...o }, ...inputs)),
    run: (xs, o) => f(xs, o),
    reference: (xs, o) => reduce(losses(xs, o), o.reduction),
    differentiable: true,
    compare: "largest",
    errors,
  };
}

export const SHAPES: readonly Shape[] = [[5], [3, 4], [1], [2, 3, 5], [67, 9]];
export const signs = (draw: Draw, shape: Shape): HostTensor => {
  const b = draw.bool(shape);
  return fixed(
    f32(
      shape,
      b.data.map((v) => 2 * v - 1),
    ),
  );
};
export const relu = (v: number) => Math.max(v, 0);
/** Either side of a kink at `at`, at least 0.1 away. */
export const besides = (draw: Draw, shape: Shape, at: number): HostTensor =>
  f32(
    shape,
    draw.signed(shape, 0.1, 1).data.map((v) => v + at),
  );
export const both = (name: string, f: (a: Tensor, b: Tensor) => unknown) =>
  refuses(
    "shapes",
    () => f(z([3]), z([3, 1])),
    new RegExp(`^${name}: needs two tensors of one shape, x \\[3\\], y \\[3,1\\]$`),
  );

export const dotOf = (a: readonly number[], b: readonly number[]) => a.reduce((s, v, i) => s + v * b[i], 0);
/** `fn` of the rows of x and y on the last axis. */
export function rowsOf(fn: (...rows: number[][]) => number, ...xs: Nd[]): Nd {
  const d = xs[0].shape.at(-1)!;
  return build(xs[0].shape.slice(0, -1), (_, i) =>
    fn(...xs.map((x) => [...x.data.slice(i * d, (i + 1) * d)])),
  );
}
export const cosine = (a: readonly number[], b: readonly number[]) =>
  dotOf(a, b) / Math.sqrt((dotOf(a, a) + 1e-12) * (dotOf(b, b) + 1e-12));
export const distance = (a: readonly number[], b: readonly number[], p = 2) =>
  total(a.map((v, i) => Math.abs(v - b[i] + 1e-6) ** p)) ** (1 / p);
/** Log of the sum of exponentials of a row. */
export const lse = (row: readonly number[]) => {
  const top = Math.max(...row);
  return top + Math.log(total(row.map((v) => Math.exp(v - top))));
};
