// How many threads a reduction takes, by class of adapter.

import type { ReduceLayout } from "./reduce_layout.ts";

export interface Plan {
  /** Threads that share an output. */
  readonly lanes: number;
  /** Partial results an output, folded by a further dispatch. */
  readonly splits: number;
  /** Elements a load takes. */
  readonly wide: 1 | 4;
  /** Loads that do not wait for each other: see the shader. */
  readonly turn: 1 | 4;
}

interface Table {
  /** Most threads a team may have. */
  readonly lanes: number;
  /** Loads by one thread above which a second dispatch pays, and what a thread then takes. */
  readonly long: number;
  readonly strip: number;
  /** With fewer threads than this at work, anything longer than this is split. */
  readonly few: number;
  readonly longForFew: number;
}

/**
 * On SwiftShader a barrier costs more than the whole strip (8192 rows of 256: 10 ms alone, 67 with 8 lanes a row), and few
 * threads fill it. `long` also bounds the chains of additions, and so the rounding error. `hardware` is reckoned, not measured:
 * 16 loads of 16 bytes a thread keep 16,384 threads of a sum of 1M busy.
 */
const TABLES = {
  software: { lanes: 1, long: 512, strip: 256, few: 0, longForFew: 0 },
  hardware: { lanes: 64, long: 256, strip: 16, few: 64, longForFew: 64 },
} as const satisfies Record<string, Table>;

const LOADS_A_LANE = 8; // fewer do not pay for the barriers of a team
const MAX_THREADS = 1 << 16;

export function planReduction(layout: ReduceLayout, adapter: { readonly software: boolean }): Plan {
  const { k1, r1, k2, r2, inner } = layout;
  const table: Table = adapter.software ? TABLES.software : TABLES.hardware;
  const rows = inner === 1;
  const wide = (rows ? r2 : inner) % 4 === 0 ? 4 : 1;
  const loads = rows ? (r1 * r2) / wide : r1 * r2;
  const outputs = rows ? k1 * k2 : (k1 * k2 * inner) / wide;
  let lanes = 1;
  // Columns are read side by side by neighbouring threads as it is.
  if (rows) while (lanes * 2 <= table.lanes && lanes * 2 * LOADS_A_LANE <= loads) lanes *= 2;
  const threads = outputs * lanes;
  const each = loads / lanes;
  const split = each > table.long || (each > table.longForFew && threads < table.few);
  const splits = split ? Math.min(Math.ceil(each / table.strip), Math.ceil(MAX_THREADS / threads)) : 1;
  return { lanes, splits, wide, turn: turnOf(layout, wide, splits * lanes) };
}

/** For loads of one thread that are `step` apart. */
export function turnOf({ r1, r2, inner }: ReduceLayout, wide: 1 | 4, step: number): 1 | 4 {
  return r1 === 1 || (inner === 1 ? r2 / wide : r2) % (4 * step) === 0 ? 4 : 1;
}
