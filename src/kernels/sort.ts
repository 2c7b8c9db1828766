// Sorting along one axis: sort, argsort, topk. Stable: equal values keep their order, in either direction. NaN counts as
// greatest, as in PyTorch: last if ascending, first if descending. Blocks of 8 are sorted by a network, then runs are
// merged in pairs; no barriers, any length. Gradients go through the values to where they came from.

import { OptionError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { sortBlock as blockShader, sortMerge as mergeShader } from "../gpu/shaders.gen.ts";
import { isFloat, WGSL_TYPE } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { gather } from "./gather.ts";
import { transpose } from "./permute.ts";
import type { WithIndices } from "./reduce_max.ts";
import { shaped } from "./reshape.ts";
import { narrow } from "./slice.ts";

const runBlock = kernel(blockShader);
const runMerge = kernel(mergeShader);
const WG = 64;
/** Sorted in registers. */
const BLOCK = 8;
/** Places that a thread merges, which divide twice the width of a run. The bisection before it costs more in wide runs. */
const stepsOf = (width: number) => (width < 256 ? 16 : 64);

export interface SortOptions {
  /** Default -1. */
  readonly axis?: number;
  /** Default false. */
  readonly descending?: boolean;
}

/** Values of x in order along an axis, and where they stood (torch.sort, stable). */
export function sort(x: Tensor, { axis = -1, descending = false }: SortOptions = {}): WithIndices {
  const at = normalizeAxis("sort", axis, x.rank);
  return taken("sort", x, at, order("sort", x, at, descending));
}

/** Where the values of x in order along an axis stand, i32 (torch.argsort, stable). No gradient. */
export function argsort(x: Tensor, { axis = -1, descending = false }: SortOptions = {}): Tensor {
  return order("argsort", x, normalizeAxis("argsort", axis, x.rank), descending);
}

export interface TopkOptions {
  /** Default -1. */
  readonly axis?: number;
  /** The greatest values; false: the least. Default true. */
  readonly largest?: boolean;
}

/**
 * The k greatest values along an axis, the greatest first, and where they stand, of equals the first (torch.topk).
 *
 * @throws OptionError unless k is an integer in [0, length of the axis]
 */
export function topk(x: Tensor, k: number, { axis = -1, largest = true }: TopkOptions = {}): WithIndices {
  const at = normalizeAxis("topk", axis, x.rank);
  const n = x.shape[at] ?? 1;
  if (!Number.isInteger(k) || k < 0 || k > n)
    throw new OptionError(`topk: k must be an integer in [0, ${n}], got ${k}, x ${formatShape(x.shape)}`);
  const sorted = order("topk", x, at, largest);
  return taken("topk", x, at, x.rank === 0 ? sorted : narrow(sorted, at, 0, k));
}

function taken(name: string, x: Tensor, axis: number, indices: Tensor): WithIndices {
  if (x.rank > 0) return { values: gather(x, axis, indices), indices };
  return { values: shaped(name, x, []), indices };
}

/** The indices that sort x along a resolved axis. */
export function order(name: string, x: Tensor, axis: number, descending: boolean): Tensor {
  const last = Math.max(0, x.rank - 1);
  const moved = axis < last && (x.shape[axis] ?? 1) > 1;
  const rows = moved ? transpose(x, axis, last) : x;
  const [indices] = op(name, [rows], () => ({
    outputs: [sortRows(name, rows, rows.shape[moved ? last : axis] ?? 1, descending)],
  }));
  return moved ? transpose(indices, axis, last) : indices;
}

/** Rows of n neighbouring elements, or of one, whatever the axis. */
function sortRows(name: string, x: Tensor, n: number, descending: boolean): Tensor {
  const y = empty(x.shape, "i32", x.device);
  if (x.size === 0) return y;
  const single = n <= BLOCK;
  const pairs = () => empty([x.size, 2], "u32", x.device);
  let from = single ? null : pairs();
  const integerKey = `fn key(v: T) -> u32 { return ${x.dtype === "i32" ? "bitcast<u32>(v) ^ 0x80000000u" : "v"}; }`;
  const cut = cutRows(x.size, n, BLOCK);
  runBlock(
    { x, pairs: from, y: single ? y : null },
    { ...cut.params, flip: descending ? 0xffffffff : 0 },
    {
      grid: cut.grid,
      types: { T: WGSL_TYPE[x.dtype] },
      constants: { LAST: single },
      hooks: isFloat(x.dtype) ? {} : { key: integerKey },
      label: name,
    },
  );
  for (let width = BLOCK; from; width *= 2) {
    const STEPS = stepsOf(width);
    const { params, grid } = cutRows(x.size, n, STEPS);
    const last = width * 2 >= n;
    const merged: Tensor | null = last ? null : pairs();
    runMerge(
      { pairs: from, merged, y: last ? y : null },
      { ...params, width },
      { grid, constants: { LAST: last, STEPS }, label: name },
    );
    from.release(name);
    from = merged;
  }
  return y;
}

/** One thread for each `length` neighbours of a row of n. */
function cutRows(size: number, n: number, length: number) {
  const blocks = Math.ceil(n / length);
  const threads = (size / n) * blocks;
  return { params: { threads, n, blocks }, grid: grid1d(Math.ceil(threads / WG)) };
}
