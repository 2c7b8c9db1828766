// Runs a scan along one axis: the hooks of scan.wgsl, and how rows are cut. The public ops: cumulative.ts, cumulative_max.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { scan as scanShader } from "../gpu/shaders.gen.ts";
import { type DType, WGSL_TYPE } from "../tensor/dtype.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { floatResult } from "./operand.ts";

const run = kernel(scanShader);
const WG = 64;
/** Longest row that one thread goes through: also bounds the chain of additions, and so the rounding error. */
const WHOLE = 512;
const SHORTEST_CHUNK = 256;

/** What a scan computes: bodies of the shader's hooks. */
export interface Scan {
  readonly name: string;
  /** Of the result. */
  readonly out: DType;
  /** WGSL type of the state and how it is stored. */
  readonly state: { readonly type: string; readonly dtype: DType; readonly words: 1 | 2 };
  /** Of `s: S` and the later `t: S`; default s + t. */
  readonly combine?: string;
  /** Neutral state; default zeros. */
  readonly none?: string;
  /** State of one element, in at, link, k; default `S(a[at])`. */
  readonly element?: string;
  /** From the state to the result; default Y(s). */
  readonly finish?: string;
  /** WGSL that the hooks call. */
  readonly append?: string;
}

export const SCALAR = {
  f32: { type: "f32", dtype: "f32", words: 1 },
  i32: { type: "i32", dtype: "i32", words: 1 },
  u32: { type: "u32", dtype: "u32", words: 1 },
} as const;
export const PAIR = {
  f32: { type: "vec2<f32>", dtype: "f32", words: 2 },
  i32: { type: "vec2<i32>", dtype: "i32", words: 2 },
} as const;

export interface AxisLayout {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** A shape as [outer, n, inner] around one axis; a scalar counts as [1]. */
export function axisLayout(shape: Shape, axis: number): AxisLayout {
  return { outer: numel(shape.slice(0, axis)), n: shape[axis] ?? 1, inner: numel(shape.slice(axis + 1)) };
}

/** y of a's shape; b: a second tensor of that shape, for `element`. */
export function runScan(how: Scan, a: Tensor, b: Tensor | null, axis: number, reverse: boolean): Tensor {
  const y = empty(a.shape, how.out === "f32" ? floatResult(a, b) : how.out, a.device);
  if (y.size === 0) return y;
  const { outer, n, inner } = axisLayout(a.shape, axis);
  const chunk = n <= WHOLE ? n : Math.max(SHORTEST_CHUNK, Math.ceil(Math.sqrt(n)));
  const chunks = Math.ceil(n / chunk);
  const threads = outer * chunks * inner;
  const params = { threads, n, inner, chunk, chunks };
  const { type, dtype, words } = how.state;
  const out = WGSL_TYPE[how.out];
  const dispatch = (totals: Tensor | null, y: Tensor, TOTALS: boolean) =>
    run({ a, b, totals, y }, params, {
      grid: grid1d(Math.ceil(threads / WG)),
      constants: { TOTALS, REVERSE: reverse, HAS_B: b !== null },
      types: { T: WGSL_TYPE[a.dtype], S: type, Y: TOTALS ? type : out },
      hooks: hooksOf(how, TOTALS),
      append: how.append,
      label: how.name,
      flops: a.size,
    });
  if (chunks === 1) {
    dispatch(null, y, false);
    return y;
  }
  const totals = empty([threads, words], dtype, a.device);
  dispatch(null, totals, true);
  dispatch(totals, y, false);
  totals.release(how.name);
  return y;
}

function hooksOf(how: Scan, totals: boolean): Record<string, string> {
  const hooks: Record<string, string> = {};
  if (how.combine) hooks.combine = `fn combine(s: S, t: S) -> S { ${how.combine} }`;
  if (how.none) hooks.none = `fn none() -> S { return ${how.none}; }`;
  if (how.element) hooks.element = `fn element(at: u32, link: u32, k: u32) -> S { ${how.element} }`;
  if (totals) hooks.finish = "fn finish(s: S) -> Y { return s; }";
  else if (how.finish) hooks.finish = `fn finish(s: S) -> Y { ${how.finish} }`;
  return hooks;
}
