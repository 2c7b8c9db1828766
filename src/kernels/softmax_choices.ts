// The teams of softmax's rows, and of those of cross-entropy, that a tuning table may name, the defaults, and the classes of
// their shapes. How candidates are measured: softmax_trial.ts.

import type { Device } from "../gpu/device.ts";
import { likelyTeams, parseTeam, TEAM_WORDS, type Team, teamName } from "./team_choices.ts";
import { chosen, rounded, type TuningFamily } from "./tuning_family.ts";

/** `losses`: cross-entropy, where every row gives one. */
export type SoftmaxPass = "forward" | "backward" | "losses";

/** Rows of n elements, `inner` apart: x is [rows / inner, n, inner]. */
export interface RowShape {
  readonly rows: number;
  readonly n: number;
  readonly inner: number;
}

/** Where vectors of four may lie: along rows only, or across them too. */
export type Widen = "any" | "along" | "none";

const LOADS_A_LANE = 8; // fewer do not pay for the barriers of a team
const THREADS = 64;
/** Software adapters share out workgroups, of one thread a row, among few cores. */
const ALONE = { forward: 8, backward: 8, losses: 64 } satisfies Record<SoftmaxPass, number>;

export const SOFTMAX = {
  forward: familyOf("forward"),
  backward: familyOf("backward"),
  losses: familyOf("losses"),
} satisfies Record<SoftmaxPass, TuningFamily<RowShape>>;

function familyOf(pass: SoftmaxPass): TuningFamily<RowShape> {
  return {
    name: `softmax.${pass}`,
    variants: TEAM_WORDS,
    knows: (variant) => parseTeam(variant) !== null,
    classOf({ rows, n, inner }) {
      const side = inner === 1 ? "rows" : "columns";
      const odd = (inner === 1 ? n : inner) % 4 === 0 ? "" : " odd"; // no whole vectors
      return `${side} ${rounded(rows)} of ${rounded(n)}${odd}`;
    },
    candidates: (shape, device) => likelyTeams(loadsOf(shape, "any").n, device).map(teamName),
  };
}

/** The table's team, or else the default. */
export function teamFor(pass: SoftmaxPass, shape: RowShape, device: Device, widen: Widen): Team {
  const variant = device.tuning.idle ? null : chosen(device, SOFTMAX[pass], shape);
  return (variant === null ? null : parseTeam(variant)) ?? planTeam(pass, shape, device, widen);
}

/** What runs without a table. */
export function planTeam(pass: SoftmaxPass, shape: RowShape, { adapter }: Device, widen: Widen): Team {
  if (adapter.software) return { lanes: 1, threads: ALONE[pass] };
  const { rows, n, inner } = loadsOf(shape, widen);
  // Where rows lie side by side, neighbouring threads already read neighbouring elements: teams only if rows are few.
  const most = inner === 1 ? THREADS : Math.floor(THREADS / rows);
  let lanes = 1;
  while (lanes * 2 <= most && lanes * 2 * LOADS_A_LANE <= n) lanes *= 2;
  return { lanes, threads: THREADS };
}

/** The name of what runs without a table. */
export const defaultSoftmax = (pass: SoftmaxPass, shape: RowShape, device: Device): string =>
  teamName(planTeam(pass, shape, device, pass === "losses" ? "along" : "any"));

/** The same in loads. */
export function loadsOf({ rows, n, inner }: RowShape, widen: Widen): RowShape {
  if (inner === 1 && n % 4 === 0 && widen !== "none") return { rows, n: n / 4, inner };
  return inner % 4 === 0 && widen === "any" ? { rows: rows / 4, n, inner: inner / 4 } : { rows, n, inner };
}
