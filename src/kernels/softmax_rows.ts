// How the softmax family goes through [outer, n, inner]: how many elements a load takes and how many threads share a row.

import { grid1d } from "../gpu/kernel.ts";
import { numel, type Shape } from "../tensor/shape.ts";

export interface Rows {
  /** Rows of the tensor, and classes in each. */
  readonly count: number;
  readonly n: number;
  readonly inner: number;
  /** The same in loads, as the shaders take them. */
  readonly params: { readonly rows: number; readonly n: number; readonly inner: number };
  readonly wide: 1 | 4;
  /** The shaders' aliases. */
  readonly types: { readonly V: string; readonly U: string };
  readonly lanes: number;
  readonly grid: readonly number[];
  /** The vector lies along the row: its elements must be combined. */
  readonly across: boolean;
}

const WG = 64;
const LOADS_A_LANE = 8; // fewer do not pay for the barriers of a team

export function rowsOf(shape: Shape, axis: number, widen: "any" | "along" | "none" = "any"): Rows {
  const n = shape[axis] ?? 1;
  const inner = numel(shape.slice(axis + 1));
  const count = numel(shape) / Math.max(n, 1);
  const along = inner === 1 && n % 4 === 0;
  const wide = (along && widen !== "none") || (inner % 4 === 0 && widen === "any") ? 4 : 1;
  const across = wide === 4 && inner === 1;
  const types = wide === 4 ? { V: "vec4<f32>", U: "vec4<u32>" } : { V: "f32", U: "u32" };
  const params = {
    rows: across ? count : count / wide,
    n: across ? n / wide : n,
    inner: across ? inner : inner / wide,
  };
  let lanes = 1;
  // Where rows lie side by side, neighbouring threads already read neighbouring elements: teams only if rows are few.
  const most = inner === 1 ? WG : Math.floor(WG / params.rows);
  while (lanes * 2 <= most && lanes * 2 * LOADS_A_LANE <= params.n) lanes *= 2;
  return {
    count,
    n,
    inner,
    params,
    wide,
    types,
    lanes,
    grid: grid1d(Math.ceil((params.rows * lanes) / WG)),
    across,
  };
}
