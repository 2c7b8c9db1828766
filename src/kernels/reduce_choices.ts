// The variants of a reduction that a tuning table may name, `lanes 8 splits 4`, and the classes of its shapes. The defaults:
// reduce_plan.ts; how candidates are measured: reduce_trial.ts.

import type { Device } from "../gpu/device.ts";
import type { ReduceLayout } from "./reduce_layout.ts";
import { type Plan, planReduction, turnOf } from "./reduce_plan.ts";
import { rounded, type TuningFamily } from "./tuning_family.ts";

const LANES = [1, 2, 4, 8, 16, 32, 64];
const LIKELY_LANES = { software: [1, 4], hardware: [1, 8, 32, 64] } as const;
const MOST_SPLITS = 4096;
/** Loads of one thread: longer chains of additions would round worse than the defaults do. */
const LONGEST = 1024;

export const REDUCE: TuningFamily<ReduceLayout> = {
  name: "reduce",
  variants: "`lanes L splits S` (lanes 1 to 64, powers of two; splits 1 to 4096)",
  knows: (variant) => parse(variant) !== null,
  classOf({ k1, r1, k2, r2, inner }) {
    const side = inner === 1 ? "rows" : "columns";
    const strided = r1 === 1 ? "" : " strided";
    const odd = (inner === 1 ? r2 : inner) % 4 === 0 ? "" : " odd"; // no whole vectors
    return `${side} ${rounded(k1 * k2 * inner)} of ${rounded(r1 * r2)}${strided}${odd}`;
  },
  candidates(layout, { adapter }) {
    const own = planReduction(layout, adapter);
    const loads = loadsOf(layout, own);
    const lanes = layout.inner === 1 ? LIKELY_LANES[adapter.software ? "software" : "hardware"] : [1];
    const splits = new Set([1, own.splits, 2 * own.splits, 4 * own.splits, Math.ceil(own.splits / 4)]);
    return lanes.flatMap((l) =>
      [...splits]
        .filter((s) => s <= MOST_SPLITS && fits(l, s, loads) && loads / (l * s) <= LONGEST)
        .map((s) => name(l, s)),
    );
  },
};

/** The plan of a table's variant; null where it does not fit the layout. */
export function reduceVariant(variant: string, layout: ReduceLayout, own: Plan): Plan | null {
  const { lanes, splits } = parse(variant)!;
  const loads = loadsOf(layout, own);
  if ((lanes > 1 && layout.inner > 1) || !fits(lanes, splits, loads)) return null;
  return { ...own, lanes, splits, turn: turnOf(layout, own.wide, lanes * splits) };
}

/** The name of what the plan takes by itself. */
export function defaultReduction(layout: ReduceLayout, { adapter }: Device): string {
  const { lanes, splits } = planReduction(layout, adapter);
  return name(lanes, splits);
}

/** Splits leave a smaller reduction behind, or it would be split for ever. */
const fits = (lanes: number, splits: number, loads: number) =>
  lanes * splits <= loads && (splits === 1 || 2 * lanes * splits <= loads);

const name = (lanes: number, splits: number) => `lanes ${lanes} splits ${splits}`;

const loadsOf = ({ r1, r2, inner }: ReduceLayout, { wide }: Plan) =>
  inner === 1 ? (r1 * r2) / wide : r1 * r2;

function parse(variant: string): { lanes: number; splits: number } | null {
  const match = /^lanes (\d+) splits (\d+)$/.exec(variant);
  const [lanes, splits] = [Number(match?.[1]), Number(match?.[2])];
  return match && LANES.includes(lanes) && splits >= 1 && splits <= MOST_SPLITS ? { lanes, splits } : null;
}
