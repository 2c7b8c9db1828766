// What the dispatches of LSTM, GRU and RNN share: the walk over time, the tile, and the two kernels at the start of the
// recurrence. The cells: lstm_run.ts, gru_run.ts, rnn_run.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { rnnStartBackward as startBackwardShader, rnnStart as startShader } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { planTile, type RecurrentPass, recurrentTile } from "./recurrent_choices.ts";

const start = kernel(startShader);
const startBackward = kernel(startBackwardShader);

/** Sizes and direction of one sequence op. */
export interface Sequence {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  readonly gates: number;
  readonly reverse: boolean;
  /** i32 [b]; null: every sequence has all steps. */
  readonly lengths: Tensor | null;
}

/** Slots of `saved` [t, b, 5, h]. */
export const SAVED = 5;

// A block of one unit: no vectors.
const ONE_UNIT = {
  dots: "fn dots(x: V, q: Quad) -> V { return x * q.a; }",
  combine: "fn combine(x: V, q: Quad) -> V { return x * q.a; }",
};
const VECTOR = { V: "vec4f", VI: "vec4i" };
const SCALAR = { V: "f32", VI: "i32" };

/** Options of a step's kernels; `pass` null: of a kernel that is no candidate of the tuning. */
export function tileOf({ batch, hidden, gates, lengths }: Sequence, w: Tensor, pass: RecurrentPass | null) {
  const width = hidden % 4 === 0 ? 4 : 1;
  const units = hidden / width;
  const shape = { gates, batch, hidden };
  const { rows, threads } = pass ? recurrentTile(pass, shape, w.device) : planTile(shape, w.device);
  return {
    units,
    grid: grid1d(Math.ceil((units * Math.ceil(batch / rows)) / threads)),
    types: width === 4 ? VECTOR : SCALAR,
    hooks: width === 4 ? {} : ONE_UNIT,
    constants: { WG: threads, WIDTH: width, ROWS: rows, HAS_LENGTHS: lengths !== null },
    flops: 2 * batch * hidden * hidden * gates,
  };
}

/**
 * Params of the steps in the order of the recurrence, or for the gradient against it. `fresh`: the first step starts from zeros
 * by itself.
 */
export function* walk(s: Sequence, units: number, way: "forward" | "backward", fresh = false) {
  const ends = s.reverse === (way === "forward"); // does it begin at the last time index?
  for (let i = 0; i < s.steps; i++) {
    const t = ends ? s.steps - 1 - i : i;
    const ahead = i + 1 < s.steps;
    const linked = way === "forward" ? ahead : i > 0;
    const other = t + (ends ? -1 : 1) * (way === "forward" ? 1 : -1);
    yield params(s, units, {
      ...{ t, other: linked ? other : 0, linked: Number(linked) },
      fresh: Number(fresh && i === 0),
    });
  }
}

function params(
  s: Sequence,
  units: number,
  at: { t: number; other: number; linked: number; fresh?: number },
) {
  return { fresh: 0, ...at, reverse: Number(s.reverse), steps: s.steps, batch: s.batch, units };
}

export interface InitialStates {
  readonly h0: Tensor | null; // [b, h]
  readonly c0?: Tensor | null; // [b, h]
  readonly hp: Tensor; // [t, b, h]
  readonly saved?: Tensor; // [t, b, 5, h], of an LSTM
}

/**
 * Puts initial states where the first step of each sequence looks for them, by a kernel of their own. Without any, and unless
 * sequences of several lengths start at their own ends, the first step can do without: then true, for `walk`.
 */
export function runStart(s: Sequence, { h0, c0 = null, hp, saved }: InitialStates): boolean {
  if (!h0 && !c0 && !(s.lengths && s.reverse)) return true;
  const { units, types } = tileOf(s, hp, null);
  const constants = {
    HAS_LENGTHS: s.lengths !== null,
    HAS_H0: h0 !== null,
    HAS_C0: c0 !== null,
    HAS_CELL: saved !== undefined,
  };
  start(
    { lengths: s.lengths, h0, c0, hp, saved: saved ?? null },
    params(s, units, { t: s.reverse ? s.steps - 1 : 0, other: 0, linked: 0 }),
    { grid: grid1d(Math.ceil((s.batch * units) / 64)), types: { V: types.V }, constants },
  );
  return false;
}

/** dh0 from the gradients of the gates' sums [t, b, gates, h]; `dh` [b, h] is what goes past the gates. */
export function runStartBackward(s: Sequence, w_hh: Tensor, dz: Tensor, dh: Tensor | null = null): Tensor {
  const { units, constants, ...options } = tileOf(s, w_hh, null);
  const dh0 = empty([s.batch, s.hidden], "f32", w_hh.device);
  startBackward({ w_hh, lengths: s.lengths, dz, dh, dh0 }, params(s, units, { t: 0, other: 0, linked: 0 }), {
    ...options,
    constants: { ...constants, GATES: s.gates, HAS_DH: dh !== null },
  });
  return dh0;
}
