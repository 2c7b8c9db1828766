// The variants of the matmul that a tuning table may name, `quad 16x8` or, with k cut in four, `quad 16x8 split 4`, and the
// classes of its shapes. The defaults: matmul_plan.ts; how candidates are measured: matmul_trial.ts.

import type { Device } from "../gpu/device.ts";
import { type MatmulPlan, type MatmulSize, planMatmul, type Rung, splitsOf } from "./matmul_plan.ts";
import { rounded, type TuningFamily } from "./tuning_family.ts";

export interface MatmulShape extends MatmulSize {
  readonly transA: boolean;
  readonly transB: boolean;
}

/** Rows a thread. */
const ROWS = { register: [4, 8], quad: [4, 8, 12, 16] } as const;
/** Lanes of a workgroup: all there are, and those worth measuring. */
const LANES = [4, 8, 16, 32, 64];
const LIKELY_LANES = { software: [4, 8], hardware: [16, 32, 64] } as const;
const MAX_SPLITS = 1024;
/** Of k, in a piece. */
const LEAST_CHUNK = 32;
/** Multiply-adds above which one thread an output is hopeless. */
const MOST_NAIVE = 2 ** 22;

export const MATMUL: TuningFamily<MatmulShape> = {
  name: "matmul",
  variants:
    "naive, tiled, register ROWSxLANES or quad ROWSxLANES (rows 4 or 8, of quad up to 16 in fours; lanes 4 to 64, " +
    "powers of two), those two also with `split N` (up to 1024)",
  knows: (variant) => parse(variant) !== null,
  classOf({ m, n, k, batches, transA, transB }) {
    const layout = `${transA ? "t" : "n"}${transB ? "t" : "n"}`;
    const odd = `${n % 4 === 0 ? "" : " n-odd"}${k % 4 === 0 ? "" : " k-odd"}`; // no whole vectors
    return `${layout} m${rounded(m)} n${rounded(n)} k${rounded(k)} b${rounded(batches)}${odd}`;
  },
  candidates(shape, { adapter, features }) {
    const { m, n, k, batches } = shape;
    const rungs: Rung[] = features.has("subgroups") ? ["register", "quad"] : ["register"];
    const blocks = rungs.flatMap((rung) =>
      ROWS[rung as keyof typeof ROWS].flatMap((tm) =>
        LIKELY_LANES[adapter.software ? "software" : "hardware"].map((lanes) => ({ rung, tm, lanes })),
      ),
    );
    const names = blocks.flatMap((tile) => {
      const name = `${tile.rung} ${tile.tm}x${tile.lanes}`;
      const own = splitsOf(tile, shape, adapter.software);
      const others = new Set([1, 2 * own, 4 * own, Math.floor(own / 2)]);
      const pieces = [...others].filter(
        (s) => s >= 1 && s !== own && s <= MAX_SPLITS && k / s >= LEAST_CHUNK,
      );
      return [name, ...pieces.map((s) => `${name} split ${s}`)];
    });
    return [...(m * n * k * batches <= MOST_NAIVE ? ["naive"] : []), "tiled", ...names];
  },
};

/** The plan of a table's variant; null where this device cannot run it, and the default has to. */
export function matmulVariant(
  variant: string,
  size: MatmulSize,
  { adapter, features }: Device,
): MatmulPlan | null {
  const named = parse(variant)!;
  if (named.rung === "quad" && !features.has("subgroups")) return null;
  const splits = named.splits ?? splitsOf(named, size, adapter.software);
  return { ...named, splits: Math.max(1, Math.min(splits, Math.floor(size.k / 4))) };
}

/** The name of what the plan takes by itself. */
export function defaultMatmul(size: MatmulSize, { adapter, features }: Device): string {
  const { rung, tm, lanes } = planMatmul(size, {
    software: adapter.software,
    subgroups: features.has("subgroups"),
  });
  return rung === "register" || rung === "quad" ? `${rung} ${tm}x${lanes}` : rung;
}

type Named = Omit<MatmulPlan, "splits"> & { readonly splits: number | null };

function parse(variant: string): Named | null {
  if (variant === "naive" || variant === "tiled") return { rung: variant, tm: 1, lanes: 64, splits: 1 };
  const match = /^(register|quad) (\d+)x(\d+)(?: split (\d+))?$/.exec(variant);
  if (!match) return null;
  const rung = match[1] as keyof typeof ROWS;
  const [tm, lanes, splits] = [Number(match[2]), Number(match[3]), match[4] ? Number(match[4]) : null];
  const rows: readonly number[] = ROWS[rung];
  if (!rows.includes(tm) || !LANES.includes(lanes)) return null;
  if (splits !== null && (splits < 1 || splits > MAX_SPLITS)) return null;
  return { rung, tm, lanes, splits };
}
