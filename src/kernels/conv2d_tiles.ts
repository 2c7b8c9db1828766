// How many rows (TY) and channels (TO) a thread of the register convolutions holds: the tile with the least work for a
// shape by a cost model of loads and multiply-adds, among those that compile fast. Never measured at run time.

import type { ConvGeometry } from "./conv2d_geometry.ts";

export interface Tile {
  readonly TY: number;
  readonly TO: number;
}

export type Pass = "forward" | "dataGradient" | "weightGradient";

/** What one turn of the inner loop does with a tile, and what it keeps in registers. */
interface TileWork {
  readonly loads: number;
  readonly multiplyAdds: number;
  readonly registers: number;
}

/** Multiply-adds in the time of one load. Measured on SwiftShader, 5x5 forward: 38 loads take 1.3 times as long as 280. */
const LOAD_COST = 10;
/** In one turn, all written out: 320 compile in 0.2 s on SwiftShader. The weight gradient has two loops, and gains little. */
const MAX_MULTIPLY_ADDS = { forward: 320, dataGradient: 320, weightGradient: 160 } satisfies Record<
  Pass,
  number
>;
/** Sums a thread holds; more spill. */
const MAX_SUMS = 64;
/** Rows read ahead into registers. */
const MAX_SPAN = 128;

// Few sizes, so that layers share pipelines: powers of two, and 7 and 14 for the maps of 28, 14 and 7 pixels.
const ROWS = [16, 14, 8, 7, 4, 2, 1];
const CHANNELS = [8, 4, 2, 1];

const WORK = {
  forward: (g, { TY, TO }) => ({
    loads: Math.min(span(g, TY), TY * g.kh) + g.kh * TO,
    multiplyAdds: g.kh * TY * TO,
    registers: TY * TO,
  }),
  dataGradient: (g, { TY, TO }) => ({
    loads: Math.ceil((TY + g.kh * g.dilationY) / g.strideY) + g.kh * TO,
    multiplyAdds: Math.ceil((g.kh * TY) / g.strideY) * TO,
    registers: TY * TO,
  }),
  weightGradient: (g, { TY, TO }) => ({
    loads: Math.min(span(g, TY), TY * g.kh) + TY * TO,
    multiplyAdds: g.kh * TY * TO,
    registers: g.kh * TO,
  }),
} satisfies Record<Pass, (g: ConvGeometry, tile: Tile) => TileWork>;

/** Rows of x under TY rows of y. */
function span(g: ConvGeometry, TY: number): number {
  return (TY - 1) * g.strideY + (g.kh - 1) * g.dilationY + 1;
}

/** The cheapest tile, or null if none fits the registers: a very tall kernel, stride or dilation. */
export function tileFor(pass: Pass, g: ConvGeometry): Tile | null {
  const data = pass === "dataGradient";
  const rows = data ? g.h + (g.padY % g.strideY) : g.oh;
  const channels = data ? g.cg : g.og;
  let best: Tile | null = null;
  let least = Infinity;
  for (const r of ROWS) {
    if (pass === "weightGradient" && r > Math.max(rows, 1)) continue; // not one whole tile
    for (const TO of CHANNELS) {
      const tile = { TY: data ? r * g.strideY : r, TO };
      const work = WORK[pass](g, tile);
      if (work.multiplyAdds > MAX_MULTIPLY_ADDS[pass] || work.registers > MAX_SUMS) continue;
      if (span(g, r) > MAX_SPAN || tile.TY > MAX_SPAN) continue;
      // The weight gradient takes rows that fill no tile one by one.
      const bands = pass === "weightGradient" ? Math.floor(rows / r) : Math.ceil(rows / tile.TY);
      const rest = pass === "weightGradient" ? rows % r : 0;
      const single = g.kh * TO + LOAD_COST * (g.kh + TO);
      const turn = work.multiplyAdds + LOAD_COST * work.loads;
      const cost = Math.ceil(channels / TO) * (bands * turn + rest * single);
      if (cost < least) {
        least = cost;
        best = tile;
      }
    }
  }
  return best;
}
