// How the softmax family goes through [outer, n, inner]: how many elements a load takes and how many threads share a row.

import { grid1d } from "../gpu/kernel.ts";
import { numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  loadsOf,
  planTeam,
  type RowShape,
  type SoftmaxPass,
  teamFor,
  type Widen,
} from "./softmax_choices.ts";

export interface Rows {
  /** Rows of the tensor, and classes in each. */
  readonly count: number;
  readonly n: number;
  readonly inner: number;
  /** The same in loads, as the shaders take them. */
  readonly params: RowShape;
  readonly wide: 1 | 4;
  /** The vector lies along the row: its elements must be combined. */
  readonly across: boolean;
  /** Of the kernel call. */
  readonly grid: [number, number, number];
  readonly constants: { readonly WG: number; readonly LANES: number };
  readonly types: { readonly V: string; readonly U: string };
  /** Hooks of softmax_team.wgsl for teams of one. */
  readonly team: Readonly<Record<string, string>>;
}

const VECTORS = { V: "vec4<f32>", U: "vec4<u32>" };
const SCALARS = { V: "f32", U: "u32" };
const ALONE = {
  team_max: "fn team_max(v: V, at: u32, lane: u32) -> V { return v; }",
  team_sum: "fn team_sum(v: V, at: u32, lane: u32) -> V { return v; }",
};

/** `widen`: where vectors may lie. `tuned` false: for a kernel that is no candidate of the tuning. */
export function rowsOf(x: Tensor, axis: number, pass: SoftmaxPass, widen: Widen = "any", tuned = true): Rows {
  const n = x.shape[axis] ?? 1;
  const inner = numel(x.shape.slice(axis + 1));
  const count = x.size / Math.max(n, 1);
  const shape = { rows: count, n, inner };
  const params = loadsOf(shape, widen);
  const across = params.n !== n;
  const wide = across || params.inner !== inner ? 4 : 1;
  const { lanes, threads } = (tuned && x.size > 0 ? teamFor : planTeam)(pass, shape, x.device, widen);
  const grid = grid1d(Math.ceil((params.rows * lanes) / threads));
  const types = wide === 4 ? VECTORS : SCALARS;
  const constants = { WG: threads, LANES: lanes };
  return { count, n, inner, params, wide, across, grid, constants, types, team: lanes === 1 ? ALONE : {} };
}
