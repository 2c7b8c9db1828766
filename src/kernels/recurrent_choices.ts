// The tiles of a recurrent step that a tuning table may name, `rows 4 threads 8`, the defaults, and the classes of their shapes:
// of LSTM, GRU and RNN, which differ in their gates. How candidates are measured: recurrent_trial.ts.

import type { Device } from "../gpu/device.ts";
import { chosen, rounded, type TuningFamily } from "./tuning_family.ts";

export type RecurrentPass = "forward" | "backward";

export interface RecurrentShape {
  /** 4: LSTM, 3: GRU, 1: RNN. */
  readonly gates: number;
  readonly batch: number;
  readonly hidden: number;
}

export interface RecurrentTile {
  /** Sequences of a thread, which share the loads of the weights. */
  readonly rows: number;
  /** Of a workgroup. */
  readonly threads: number;
}

const ROWS = [1, 2, 4, 8];
const THREADS = [4, 8, 16, 32, 64, 128];
const LIKELY_THREADS = { software: [4, 8, 16], hardware: [32, 64, 128] } as const;

/**
 * Rows are on a software adapter always a gain, as long as every core has a workgroup (LSTM on SwiftShader, batch 16, 64 hidden
 * units: eight are 1.2 times faster than four) and there are sequences for them (batch 2: four are 0.8 times as fast as two); on
 * a GPU only once there are threads enough without them.
 */
const TILES = {
  software: { threads: 8, rows: (blocks: number) => (blocks >= 1 << 8 ? 8 : 4) },
  hardware: { threads: 64, rows: (blocks: number) => (blocks >= 1 << 15 ? 4 : 1) },
} as const;

export const RECURRENT = {
  forward: familyOf("forward"),
  backward: familyOf("backward"),
} satisfies Record<RecurrentPass, TuningFamily<RecurrentShape>>;

function familyOf(pass: RecurrentPass): TuningFamily<RecurrentShape> {
  return {
    name: `recurrent.${pass}`,
    variants: "rows R threads T (rows 1 to 8, threads 4 to 128, powers of two)",
    knows: (variant) => parse(variant) !== null,
    classOf({ gates, batch, hidden }) {
      const odd = hidden % 4 === 0 ? "" : " odd"; // no whole vectors
      return `gates${gates} b${rounded(batch)} h${rounded(hidden)}${odd}`;
    },
    candidates: ({ batch }, { adapter }) =>
      ROWS.filter((rows) => rows < 2 * batch).flatMap((rows) =>
        LIKELY_THREADS[adapter.software ? "software" : "hardware"].map((threads) => name({ rows, threads })),
      ),
  };
}

/** The table's tile, or else the default. */
export function recurrentTile(pass: RecurrentPass, shape: RecurrentShape, device: Device): RecurrentTile {
  const variant = device.tuning.idle || shape.batch === 0 ? null : chosen(device, RECURRENT[pass], shape);
  return (variant === null ? null : parse(variant)) ?? planTile(shape, device);
}

/** What runs without a table. */
export function planTile({ batch, hidden }: RecurrentShape, { adapter }: Device): RecurrentTile {
  const { threads, rows } = TILES[adapter.software ? "software" : "hardware"];
  const blocks = batch * (hidden % 4 === 0 ? hidden / 4 : hidden);
  return { threads, rows: Math.min(rows(blocks), rounded(batch)) };
}

/** The name of what runs without a table. */
export const defaultRecurrent = (shape: RecurrentShape, device: Device): string =>
  name(planTile(shape, device));

const name = ({ rows, threads }: RecurrentTile) => `rows ${rows} threads ${threads}`;

function parse(variant: string): RecurrentTile | null {
  const match = /^rows (\d) threads (\d+)$/.exec(variant);
  const [rows, threads] = [Number(match?.[1]), Number(match?.[2])];
  return ROWS.includes(rows) && THREADS.includes(threads) ? { rows, threads } : null;
}
