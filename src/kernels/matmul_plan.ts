// Which rung of the matmul ladder runs a shape, and with what tile: a table by adapter class and shape class, in order,
// the first row that fits wins. Data to be replaced by measurement (`wgrad tune`), not a model of the hardware.

/** naive -> tiled (shared memory) -> register -> quad (registers shared by swaps; needs the feature `subgroups`). */
export type Rung = "naive" | "tiled" | "register" | "quad";

export interface MatmulPlan {
  readonly rung: Rung;
  /** Rows a thread: register 4 or 8, quad 4 to 16 in fours. */
  readonly tm: number;
  /** Lanes of a workgroup, side by side along n: a multiple of four. */
  readonly lanes: number;
  /** Pieces of k, each with a partial result, added in order; register and quad only. */
  readonly splits: number;
}

export interface MatmulSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
}

interface Row {
  readonly maxM?: number;
  readonly maxN?: number;
  readonly maxK?: number;
  /** Multiply-adds of all batches. */
  readonly maxWork?: number;
  readonly rung: Rung;
  readonly tm: number;
  readonly lanes: number;
}

interface Table {
  readonly rows: readonly Row[]; // the last one fits everything
  /** Split k until there are so many workgroups, but no piece below minChunk, nor below minWork multiply-adds of its tile. */
  readonly groups: number;
  readonly minChunk: number;
  readonly minWork: number;
}

const NAIVE = { rung: "naive", tm: 1, lanes: 64 } as const;
const SMALL = [
  { maxWork: 8192, ...NAIVE },
  { maxN: 3, maxK: 1024, ...NAIVE }, // matrix times vector: bound by memory, and wide tiles would idle
] as const;

// SwiftShader: a load costs about 40 cycles a lane group, so the rung with the fewest loads wins. On GPUs the lanes fill
// a subgroup; those numbers await a GPU to measure on.
const TABLES = {
  software: {
    rows: [
      ...SMALL,
      { maxM: 4, rung: "quad", tm: 4, lanes: 8 },
      { maxM: 8, rung: "quad", tm: 8, lanes: 8 },
      { maxN: 16, rung: "quad", tm: 16, lanes: 4 },
      { rung: "quad", tm: 16, lanes: 8 },
    ],
    groups: 4,
    minChunk: 128,
    minWork: 2 ** 18, // in the time of the dispatch that adds the pieces (32x784x10: 211 us whole, 255 us in two)
  },
  hardware: {
    rows: [
      ...SMALL,
      { maxM: 4, rung: "quad", tm: 4, lanes: 32 },
      { maxM: 8, rung: "quad", tm: 8, lanes: 32 },
      { rung: "quad", tm: 16, lanes: 32 },
    ],
    groups: 128,
    minChunk: 256,
    minWork: 0,
  },
} as const satisfies Record<string, Table>;

/** The plan of the table; without subgroups, register takes quad's place. */
export function planMatmul(size: MatmulSize, adapter: { software: boolean; subgroups: boolean }): MatmulPlan {
  const table: Table = adapter.software ? TABLES.software : TABLES.hardware;
  const work = size.batches * size.m * size.n * size.k;
  const fits = (value: number, most = Number.POSITIVE_INFINITY) => value <= most;
  const row = table.rows.find(
    (r) => fits(size.m, r.maxM) && fits(size.n, r.maxN) && fits(size.k, r.maxK) && fits(work, r.maxWork),
  )!;
  const swap = row.rung === "quad" && !adapter.subgroups;
  const plan = {
    ...row,
    rung: swap ? ("register" as const) : row.rung,
    tm: swap ? Math.min(row.tm, 8) : row.tm,
  };
  return { ...plan, splits: splitsOf(plan, size, adapter.software) };
}

/** Into how many pieces k is cut for a tile: until the workgroups fill the adapter. */
export function splitsOf(tile: Omit<MatmulPlan, "splits">, size: MatmulSize, software: boolean): number {
  if (tile.rung === "naive" || tile.rung === "tiled") return 1;
  const { groups: wanted, minChunk, minWork } = software ? TABLES.software : TABLES.hardware;
  const { rows, cols } = tileOf(tile);
  const least = Math.max(minChunk, minWork / (rows * cols));
  const groups = Math.ceil(size.m / rows) * Math.ceil(size.n / cols) * size.batches;
  return Math.max(1, Math.min(Math.ceil(wanted / Math.max(groups, 1)), Math.floor(size.k / least)));
}

/** Outputs of a workgroup. */
export function tileOf(plan: Pick<MatmulPlan, "rung" | "tm" | "lanes">): { rows: number; cols: number } {
  if (plan.rung === "tiled") return { rows: 64, cols: 64 }; // TILE of matmul_tiled.wgsl
  return { rows: plan.tm, cols: plan.lanes * (plan.rung === "quad" ? 4 : 8) };
}
