// How a scatter-add runs: by rows (every row of a small y looks through a short index), by comparison (every element of y looks through the index: few rows or few indices), or by
// chains (a linked list per target, put in order, then added up: much of both). No op: scatter.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import * as shaders from "../gpu/shaders.gen.ts";
import { WGSL_TYPE } from "../tensor/dtype.ts";
import { fill } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import type { Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import type { Rows } from "./gather.ts";

const compare = kernel(shaders.scatterAdd);
const byRowKernel = kernel(shaders.scatterRows);
const addChunks = kernel(shaders.scatterAddChunks);
const link = kernel(shaders.scatterLink);
const order = kernel(shaders.scatterOrder);
const chain = kernel(shaders.scatterChain);

const WG = 64;
const grid = (threads: number) => grid1d(Math.ceil(threads / WG));

/**
 * Up to this many looks at four indices, one dispatch instead of the four of the chains. On SwiftShader it takes longer than
 * they do (65 rows, 512 indices of 64: 0.6 ms and 0.3), but a dispatch costs a page and a GPU more than what the looks do.
 */
const LOOKS = 20_000;
/** They follow one another in each thread: beyond this many indices the wait counts. */
const LOOKED_THROUGH = 1024;
/** Units of a row that a thread adds up: of scatter_rows.wgsl. */
const ROW_UNITS = 8;
/** Up to this many comparisons, one dispatch beats the four of the chains. */
const COMPARISONS = 2 ** 16;
/** A step along a list waits for the one before: worth this many comparisons. */
const STEP_COST = 2;
/** Comparing splits the index until about this many threads have work, at least `CHUNK` indices each. */
const THREADS = 2 ** 14;
const CHUNK = 64;

export type ScatterPlan =
  | { readonly kind: "rows" }
  | { readonly kind: "chains" }
  | { readonly kind: "compare"; readonly chunks: number };

/** Which way for these sizes. Depends on nothing else, so that results do not either. */
export function scatterPlan(rows: Rows): ScatterPlan {
  const vec = rows.perElement || rows.inner % 4 !== 0 ? 1 : 4;
  const size = (rows.outer * rows.rows * rows.inner) / vec;
  const entries = rows.perElement ? rows.outer * rows.n * rows.inner : rows.n;
  const few = !rows.perElement && rows.n <= LOOKED_THROUGH;
  if (few && (rowThreads(rows, vec) * rows.n) / 4 <= LOOKS) return { kind: "rows" };
  // Ordering walks, for every entry, the list of its row: n / rows long if the index is spread evenly.
  const steps = (entries * rows.n) / Math.max(rows.rows, 1);
  if (size * rows.n > Math.max(COMPARISONS, STEP_COST * steps)) return { kind: "chains" };
  const chunks = Math.min(Math.floor(THREADS / Math.max(size, 1)), Math.ceil(rows.n / CHUNK));
  return { kind: "compare", chunks: Math.max(chunks, 1) };
}

const rowGroups = ({ inner }: Rows, vec: number) => Math.ceil(inner / vec / ROW_UNITS);
const rowThreads = (rows: Rows, vec: number) => rows.outer * rows.rows * rowGroups(rows, vec);

/** y = x, or zeros of `shape`, plus src at the rows of index: a new tensor. */
export function runScatter(
  label: string,
  x: Tensor | null,
  index: Tensor,
  src: Tensor,
  rows: Rows,
  shape: Shape,
  plan: ScatterPlan = scatterPlan(rows),
): Tensor {
  return scope(() => {
    const y = empty(shape, src.dtype, src.device);
    if (y.size === 0) return y;
    const vec = !rows.perElement && rows.inner % 4 === 0;
    const element = WGSL_TYPE[src.dtype];
    const job: Job = {
      ...{ label, x, index, src, y, rows },
      types: { T: vec ? `vec4<${element}>` : element },
      size: vec ? y.size / 4 : y.size,
      inner: vec ? rows.inner / 4 : rows.inner,
    };
    if (plan.kind === "rows") byRows(job);
    else if (plan.kind === "chains") byChains(job);
    else byComparison(job, plan.chunks);
    return y;
  }, label);
}

interface Job {
  readonly label: string;
  readonly x: Tensor | null;
  readonly index: Tensor;
  readonly src: Tensor;
  readonly y: Tensor;
  readonly rows: Rows;
  readonly types: { readonly T: string };
  /** Elements of y, and of a row of it: vectors where T is one. */
  readonly size: number;
  readonly inner: number;
}

function byRows({ label, x, index, src, y, rows, types, inner }: Job): void {
  const vec = rows.inner / inner;
  const groups = rowGroups(rows, vec);
  const threads = rowThreads(rows, vec);
  const params = { threads, rows: rows.rows, n: rows.n, inner, groups, skip: rows.skip };
  byRowKernel({ x, index, src, y }, params, {
    grid: grid(threads),
    constants: { HAS_X: x !== null, UNITS: ROW_UNITS },
    types: { V: types.T },
    label,
    flops: src.size,
  });
}

function byComparison({ label, x, index, src, y, rows, types, size, inner }: Job, chunks: number): void {
  const whole = chunks === 1;
  const target = whole ? y : empty([chunks, y.size], y.dtype === "f16" ? "f32" : y.dtype, y.device);
  const { outer, n, skip } = rows;
  const params = {
    size: size * chunks,
    outer,
    rows: rows.rows,
    n,
    inner,
    chunk: Math.ceil(n / chunks),
    skip,
  };
  const constants = { PER_ELEMENT: rows.perElement, HAS_X: whole && x !== null };
  compare({ x: whole ? x : null, index, src, y: target }, params, {
    grid: grid(size * chunks),
    constants,
    types,
    label,
  });
  if (whole) return;
  const options = { grid: grid(size), constants: { HAS_X: x !== null }, types, label };
  addChunks({ x, partials: target, y }, { size, chunks }, options);
}

function byChains({ label, x, index, src, y, rows, types, size, inner }: Job): void {
  const i32 = (n: number) => empty([n], "i32", y.device);
  const entries = index.size;
  const targets = rows.perElement ? y.size : rows.rows;
  const head = fill(i32(targets), -1);
  const [keys, next, first, after] = [i32(entries), i32(entries), i32(targets), i32(entries)];
  const params = { size: entries, rows: rows.rows, n: rows.n, inner: rows.inner, skip: rows.skip };
  const perEntry = { grid: grid(entries), label };
  link({ index, head, keys, next }, params, { ...perEntry, constants: { PER_ELEMENT: rows.perElement } });
  order({ keys, head, next, first, after }, { size: entries }, perEntry);
  const constants = { PER_ELEMENT: rows.perElement, HAS_X: x !== null };
  const sizes = { size, rows: rows.rows, n: rows.n, inner };
  chain({ x, src, head, first, after, y }, sizes, {
    grid: grid(size),
    constants,
    types,
    label,
    flops: src.size,
  });
}
