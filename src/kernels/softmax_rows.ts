// How the softmax family goes through [outer, n, inner]: how many elements a load takes and how many threads share a row.

import { grid1d } from "../gpu/kernel.ts";
import { numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface Rows {
  /** Rows of the tensor, and classes in each. */
  readonly count: number;
  readonly n: number;
  readonly inner: number;
  /** The same in loads, as the shaders take them. */
  readonly params: { readonly rows: number; readonly n: number; readonly inner: number };
  readonly wide: 1 | 4;
  /** The vector lies along the row: its elements must be combined. */
  readonly across: boolean;
  /** Of the kernel call. */
  readonly grid: readonly number[];
  readonly lanes: number;
  readonly types: { readonly V: string; readonly U: string };
  /** Hooks of softmax_team.wgsl for teams of one. */
  readonly team: Readonly<Record<string, string>>;
}

const WG = 64;
const LOADS_A_LANE = 8; // fewer do not pay for the barriers of a team
const VECTORS = { V: "vec4<f32>", U: "vec4<u32>" };
const SCALARS = { V: "f32", U: "u32" };
const ALONE = {
  team_max: "fn team_max(v: V, at: u32, lane: u32) -> V { return v; }",
  team_sum: "fn team_sum(v: V, at: u32, lane: u32) -> V { return v; }",
};

/** `widen`: where vectors may lie. */
export function rowsOf(x: Tensor, axis: number, widen: "any" | "along" | "none" = "any"): Rows {
  const n = x.shape[axis] ?? 1;
  const inner = numel(x.shape.slice(axis + 1));
  const count = x.size / Math.max(n, 1);
  const across = inner === 1 && n % 4 === 0 && widen !== "none";
  const wide = across || (inner % 4 === 0 && widen === "any") ? 4 : 1;
  const params = across ? { rows: count, n: n / 4, inner } : { rows: count / wide, n, inner: inner / wide };
  const lanes = x.device.adapter.software ? 1 : lanesFor(params);
  const grid = grid1d(Math.ceil((params.rows * lanes) / WG));
  const types = wide === 4 ? VECTORS : SCALARS;
  return { count, n, inner, params, wide, across, grid, lanes, types, team: lanes === 1 ? ALONE : {} };
}

/** Not on software adapters, where barriers cost more than the row (8192 rows of 256: 10 ms alone, 67 with 8 lanes). */
function lanesFor({ rows, n, inner }: Rows["params"]): number {
  // Where rows lie side by side, neighbouring threads already read neighbouring elements: teams only if rows are few.
  const most = inner === 1 ? WG : Math.floor(WG / rows);
  let lanes = 1;
  while (lanes * 2 <= most && lanes * 2 * LOADS_A_LANE <= n) lanes *= 2;
  return lanes;
}
