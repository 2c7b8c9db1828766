// What a reduction computes, as the hooks of reduce.wgsl.

import type { DType } from "../tensor/dtype.ts";
import { finishHook } from "./finish.ts";

/** Bodies of the shader's hooks, in WGSL, right for vectors and scalars: `A(0)` is a constant of the type at hand. */
export interface Fold {
  readonly name: string;
  /** Of the accumulator. */
  readonly dtype: "f32" | "i32" | "u32";
  /** Of the result. */
  readonly out: DType;
  /** From an element `v: X` and the center `c: C` of its output to an `A`. */
  readonly pre: string;
  /** Of `a: A` and `b: A`; associative. */
  readonly combine: string;
  /** From the folded `v` to the result; may use params.scale. */
  readonly post: string;
  /** Neutral element, as bits. */
  readonly init: number;
  /** The result over no elements; ops for which there is none check first. */
  readonly ofNone?: number;
  readonly scale?: number;
}

/** Also the frame of other sums: override `pre` and `post`. */
export const SUM: Fold = {
  name: "sum",
  dtype: "f32",
  out: "f32",
  pre: "return v;",
  combine: "return a + b;",
  post: "return v * params.scale;",
  init: 0,
};

/** The result has the dtype of x where that is f16. */
export const fitted = (how: Fold, x: { readonly dtype: DType }): Fold =>
  how.out === "f32" && x.dtype === "f16" ? { ...how, out: "f16" } : how;

/** Leaves accumulators. A scaled sum with the text of its last stage, times 1: one pipeline for both. */
export const firstStage = (how: Fold): Fold => ({
  ...how,
  out: how.dtype,
  post: how.post === SUM.post ? SUM.post : "return v;",
  scale: 1,
});
/** Takes accumulators. */
export const laterStage = (how: Fold): Fold => ({ ...how, pre: "return v;" });

export interface Form {
  /** Vectors lie along the folded axis. */
  readonly across: boolean;
  /** One thread an output. */
  readonly alone: boolean;
  /** WGSL's name of the result's type, and how many are stored at once. */
  readonly out: string;
  readonly outWidth: 1 | 4;
}

export function hooksOf(how: Fold, form: Form): Record<string, string> {
  const hooks: Record<string, string> = {
    pre: `fn pre(v: X, c: C) -> A { ${how.pre} }`,
    combine: `fn combine(a: A, b: A) -> A { ${how.combine} }`,
    finish: finish(how, form),
  };
  if (form.out === "f32")
    hooks.behind = finishHook(form.outWidth).finish.replace(/V/g, "Y").replace("finish", "behind");
  if (form.alone) hooks.fold_team = "fn fold_team(total: A, at: u32, lane: u32) -> A { return total; }";
  return hooks;
}

/** Across the vector if it lies along the folded axis, then `post`. */
function finish(how: Fold, { across, out }: Form): string {
  if (!across) return `fn finish(v: A) -> Y { ${how.post} }`;
  const post = how.post.replace(/\bA\(/g, "S(").replace(/<A>/g, "<S>");
  return `fn post(v: S) -> ${out} { ${post} }
fn finish(v: A) -> Y {
  let pair = combine(v, v.zwxy);
  return post(combine(pair, pair.yxwz).x);
}`;
}
