// Runs a reduction: which stages, how many threads, which types. What is folded and how is a Fold; the public ops are in
// reduce.ts. Not on the tape: the ops are.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { reduce as reduceShader } from "../gpu/shaders.gen.ts";
import { type DType, WGSL_TYPE } from "../tensor/dtype.ts";
import { fill } from "../tensor/primitives.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { permute } from "./permute.ts";
import { type AxisMask, lastRun, layoutOf, type ReduceLayout } from "./reduce_layout.ts";

const run = kernel(reduceShader);

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

const WG = 64;
const MAX_LANES = WG;
/** Loads by one thread: fewer do not pay for the lanes of a team, more than LONG for a dispatch without a second stage. */
const SHORT = 8;
const LONG = 256;
/** What a thread of a split reduction takes, and how many threads there may be. */
const STRIP = 64;
const MAX_THREADS = 1 << 16;

/** Folds the axes of `mask`. `center`: one value an output (f32), for `pre`. */
export function fold(
  x: Tensor,
  mask: AxisMask,
  shape: Shape,
  how: Fold,
  center: Tensor | null = null,
): Tensor {
  if (x.size === 0) return fill(empty(shape, how.out, x.device), how.ofNone ?? 0);
  const layout = layoutOf(x.shape, mask);
  if (layout) return stages(x, layout, shape, how, center);
  if (center) return fold(permute(x, keptFirst(mask)), mask.toSorted(), shape, how, center);
  const last = lastRun(x.shape, mask);
  const rest = mask.map((folded, i) => folded && !last[i]);
  const kept = x.shape.map((s, i) => (last[i] ? 1 : s));
  return fold(fold(x, last, kept, firstStage(how)), rest, shape, laterStage(how));
}

/** Axes with the kept ones in front: costs a copy, so only for what no other way can do. */
const keptFirst = (mask: AxisMask) =>
  [...mask.keys()].sort((a, b) => Number(mask[a]) - Number(mask[b]) || a - b);

/** Leaves accumulators. */
const firstStage = (how: Fold): Fold => ({ ...how, out: how.dtype, post: "return v;" });
/** Takes accumulators. */
const laterStage = (how: Fold): Fold => ({ ...how, pre: "return v;" });

function stages(x: Tensor, layout: ReduceLayout, shape: Shape, how: Fold, center: Tensor | null): Tensor {
  const { lanes, splits, wide } = plan(layout);
  const outputs = layout.k1 * layout.k2 * layout.inner;
  if (splits === 1) {
    const y = empty(shape, how.out, x.device);
    dispatch(x, y, layout, { lanes, splits, wide }, how, center);
    return y;
  }
  const partials = empty([splits, outputs], how.dtype, x.device);
  dispatch(x, partials, layout, { lanes, splits, wide }, firstStage(how), center);
  const y = stages(partials, layoutOf([splits, outputs], [true, false])!, shape, laterStage(how), null);
  partials.release(how.name);
  return y;
}

interface Plan {
  /** Threads that share an output. */
  readonly lanes: number;
  /** Partial results an output. */
  readonly splits: number;
  /** Elements a load takes. */
  readonly wide: 1 | 4;
}

function plan({ k1, r1, k2, r2, inner }: ReduceLayout): Plan {
  const along = inner === 1 ? r2 : inner;
  const wide = along % 4 === 0 ? 4 : 1;
  const loads = inner === 1 ? (r1 * r2) / wide : r1 * r2;
  const teams = inner === 1 ? k1 * k2 : (k1 * k2 * inner) / wide;
  let lanes = 1;
  if (inner === 1) while (lanes < MAX_LANES && lanes * 2 * SHORT <= loads) lanes *= 2;
  const each = loads / lanes;
  // A second stage costs a dispatch: only for strips that are long, or fairly long with few threads at work.
  const long = each > LONG || (each > STRIP && teams * lanes < WG && inner !== 1);
  const splits = long ? Math.min(Math.ceil(each / STRIP), Math.ceil(MAX_THREADS / (teams * lanes))) : 1;
  return { lanes, splits, wide };
}

function dispatch(
  x: Tensor,
  y: Tensor,
  layout: ReduceLayout,
  p: Plan,
  how: Fold,
  center: Tensor | null,
): void {
  const { k1, r1, k2, r2, inner } = layout;
  const rows = inner === 1;
  const vector = (type: string) => (p.wide === 4 ? `vec4<${type}>` : type);
  const outVector = (type: string) => (rows ? type : vector(type));
  const outputs = (k1 * k2 * inner) / (rows ? 1 : p.wide);
  run(
    { x, center, y },
    {
      outputs,
      splits: p.splits,
      r1,
      k2,
      r2: rows ? r2 / p.wide : r2,
      inner: rows ? 1 : inner / p.wide,
      init: how.init,
      scale: how.scale ?? 1,
    },
    {
      grid: grid1d(Math.ceil((outputs * p.splits * p.lanes) / WG)),
      constants: { LANES: p.lanes, HAS_CENTER: center !== null },
      types: {
        X: vector(WGSL_TYPE[x.dtype]),
        A: vector(how.dtype),
        S: how.dtype,
        C: outVector("f32"),
        Y: outVector(WGSL_TYPE[y.dtype]),
      },
      hooks: {
        pre: `fn pre(v: X, c: C) -> A { ${how.pre} }`,
        combine: `fn combine(a: A, b: A) -> A { ${how.combine} }`,
        finish: finish(rows && p.wide === 4, how, WGSL_TYPE[y.dtype]),
      },
      label: how.name,
      flops: numel([k1, r1, k2, r2, inner]),
    },
  );
}

/** The shader's `finish`: across the vector if it lies along the folded axis, then `post`. */
function finish(across: boolean, how: Fold, out: string): string {
  if (!across) return `fn finish(v: A) -> Y { ${how.post} }`;
  const post = how.post.replace(/\bA\(/g, "S(").replace(/<A>/g, "<S>");
  return `fn post(v: S) -> ${out} { ${post} }
fn finish(v: A) -> Y {
  let pair = combine(v, v.zwxy);
  return post(combine(pair, pair.yxwz).x);
}`;
}
