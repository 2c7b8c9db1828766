// The teams of layer norm's rows that a tuning table may name, `lanes 8 threads 64`, for the gradient with its column sums also
// how many rows a team takes at a time, `lanes 8 threads 64 rows 4`; the defaults, and the classes of its shapes. RMS, group and
// instance norm run by the same. How candidates are measured: layer_norm_trial.ts.

import type { Device } from "../gpu/device.ts";
import { likelyTeams, parseTeam, TEAM_WORDS, type Team, teamName } from "./team_choices.ts";
import { chosen, rounded, type TuningFamily } from "./tuning_family.ts";

/** `sums`: the gradient in x with those of weight and bias. */
export type LayerNormPass = "forward" | "backward" | "sums";

export interface LayerNormShape {
  readonly rows: number;
  /** Elements of a row. */
  readonly d: number;
}

export interface LayerNormPlan extends Team {
  /** At a time, of a team that also makes column sums. */
  readonly rows: number;
}

const THREADS = 64;
/** Where each row has one thread: software adapters share out workgroups among few cores. */
const ALONE_THREADS = 8;
/**
 * Threads that share a row of so many units. One needs no barrier, which on a software adapter costs more than the row
 * ([4096, 64] on SwiftShader: 2.0 ms alone, 18 by four, 86 by sixteen).
 */
const LANES = {
  software: () => 1,
  hardware: (units: number) => [4, 8, 16, 32, 64].find((l) => units <= 4 * l) ?? 64,
} as const;
/**
 * Column sums: so many rows at a time, each turn of which loads and stores the sums once. On SwiftShader two are 1.1 to 1.5 times
 * faster than one ([32, 256] to [64, 1024]), and at [512, 64] no slower; four hardly more, and compile for twice as long, so
 * only where there is much to do.
 */
const ROWS = { software: { few: 2, many: 4 }, hardware: { few: 1, many: 4 } } as const;
const MANY_ELEMENTS = 2 ** 17;
const LIKELY_ROWS = [1, 2, 4];

export const LAYER_NORM = {
  forward: familyOf("forward"),
  backward: familyOf("backward"),
  sums: familyOf("sums"),
} satisfies Record<LayerNormPass, TuningFamily<LayerNormShape>>;

function familyOf(pass: LayerNormPass): TuningFamily<LayerNormShape> {
  return {
    name: `layerNorm.${pass}`,
    variants: pass === "sums" ? `${TEAM_WORDS}, then rows R (1, 2 or 4)` : TEAM_WORDS,
    knows: (variant) => parse(pass, variant) !== null,
    classOf: ({ rows, d }) => `rows ${rounded(rows)} of ${rounded(d)}${d % 4 === 0 ? "" : " odd"}`, // odd: no whole vectors
    candidates({ d }, device) {
      const teams = likelyTeams(unitsOf(d), device);
      if (pass !== "sums") return teams.map(teamName);
      return teams.flatMap((team) => LIKELY_ROWS.map((rows) => nameOf(pass, { ...team, rows })));
    },
  };
}

/** The table's plan, or else the default. */
export function layerNormPlan(pass: LayerNormPass, shape: LayerNormShape, device: Device): LayerNormPlan {
  const variant = device.tuning.idle || shape.rows === 0 ? null : chosen(device, LAYER_NORM[pass], shape);
  return (variant === null ? null : parse(pass, variant)) ?? planLayerNorm(shape, device);
}

/** The name of what runs without a table. */
export const defaultLayerNorm = (pass: LayerNormPass, shape: LayerNormShape, device: Device): string =>
  nameOf(pass, planLayerNorm(shape, device));

function planLayerNorm({ rows, d }: LayerNormShape, { adapter }: Device): LayerNormPlan {
  const kind = adapter.software ? "software" : "hardware";
  const lanes = LANES[kind](unitsOf(d));
  const threads = lanes === 1 ? ALONE_THREADS : THREADS;
  return { lanes, threads, rows: ROWS[kind][rows * d >= MANY_ELEMENTS ? "many" : "few"] };
}

/** Loads of a row: of four elements where whole vectors lie along it. */
export const unitsOf = (d: number): number => (d % 4 === 0 ? d / 4 : d);

const nameOf = (pass: LayerNormPass, plan: LayerNormPlan) =>
  pass === "sums" ? `${teamName(plan)} rows ${plan.rows}` : teamName(plan);

function parse(pass: LayerNormPass, variant: string): LayerNormPlan | null {
  const match = pass === "sums" ? /^(.*) rows (\d)$/.exec(variant) : [variant, variant, "1"];
  const [team, rows] = [match && parseTeam(match[1]), Number(match?.[2])];
  return team && LIKELY_ROWS.includes(rows) ? { ...team, rows } : null;
}
