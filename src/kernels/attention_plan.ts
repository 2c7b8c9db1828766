// How many rows a thread of the attention kernels owns, how many threads a workgroup has, and whether quads of lanes share
// their loads: by adapter class and head size, the first row that fits. Data to be replaced by measurement (`wgrad tune`).

import type { AttentionPass } from "./attention_layout.ts";

export interface AttentionPlan {
  /** Rows a thread owns: queries in the forward and the gradient of q, keys in the gradients of k and v. */
  readonly rows: number;
  /** Threads of a workgroup: a multiple of four. */
  readonly lanes: number;
  /** Quads of lanes load once and swap: needs the feature `subgroups`. */
  readonly quads: boolean;
  /** The gradients of q, k and v in one kernel where it can, a quad a head, not in two: needs quads. */
  readonly whole: boolean;
}

interface Row extends Omit<AttentionPlan, "whole"> {
  readonly maxD?: number;
}

/** Heads of k and v, of the whole batch, from which quads that own one keep a software adapter's threads busy. */
const WHOLE_FROM = { software: 8, hardware: Number.POSITIVE_INFINITY } as const;

// SwiftShader: a load costs about 100 multiply-adds, so many rows a thread and shared loads win; beyond these it gains
// little and takes seconds to compile. At d = 64 four rows beat three by a fifth in both gradients, and compile a tenth longer. The
// gradients in one kernel take a seventh to a fifth less of the whole call than in two, and half of their time to compile. On GPUs
// registers are few: a query takes 2 d of them, a key in its gradient 4 d. Those numbers await a GPU to measure on.
const TABLES = {
  software: {
    forward: [
      { maxD: 64, rows: 4, lanes: 4, quads: true },
      { rows: 2, lanes: 4, quads: true },
    ],
    queries: [
      { maxD: 64, rows: 4, lanes: 4, quads: true },
      { rows: 2, lanes: 4, quads: true },
    ],
    keys: [
      { maxD: 64, rows: 4, lanes: 4, quads: true },
      { rows: 2, lanes: 4, quads: true },
    ],
    whole: [
      { maxD: 64, rows: 4, lanes: 4, quads: true },
      { rows: 2, lanes: 4, quads: true },
    ],
  },
  hardware: {
    forward: [
      { maxD: 32, rows: 2, lanes: 32, quads: false },
      { rows: 1, lanes: 32, quads: false },
    ],
    queries: [{ rows: 1, lanes: 32, quads: false }],
    keys: [{ rows: 1, lanes: 32, quads: false }],
    whole: [{ rows: 1, lanes: 4, quads: true }],
  },
} as const satisfies Record<string, Record<AttentionPass, readonly Row[]>>;

/** The plan of the table; without subgroups every thread loads for itself. */
export function planAttention(
  pass: AttentionPass,
  { d, heads }: { readonly d: number; readonly heads: number },
  adapter: { readonly software: boolean; readonly subgroups: boolean },
): AttentionPlan {
  const of = adapter.software ? "software" : "hardware";
  const table: readonly Row[] = TABLES[of][pass];
  const row = table.find((r) => d <= (r.maxD ?? Number.POSITIVE_INFINITY))!;
  const quads = row.quads && adapter.subgroups;
  return { rows: row.rows, lanes: row.lanes, quads, whole: quads && heads >= WHOLE_FROM[of] };
}
