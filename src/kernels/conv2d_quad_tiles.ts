// Tiles of the convolutions that share loads by quads: the one with the least work for a shape by a model of loads, stores
// and multiply-adds, among those that compile fast. Never measured at run time.

import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { Pass, Tile } from "./conv2d_tiles.ts";

/** The weight gradient's: rows, output channels, input channels of a thread. */
export interface WeightTile extends Tile {
  readonly NI: number;
}

/** Multiply-adds in the time of one load, and of one store with its tests. Measured on SwiftShader. */
const LOAD_COST = 25;
const STORE_COST = 60;
/** In one turn, all written out: 320 compile in 0.2 s on SwiftShader. */
const MAX_MULTIPLY_ADDS = { forward: 320, weightGradient: 288 } as const;
/** Sums a thread holds; more spill. */
const MAX_SUMS = 64;
/** Rows read ahead into registers. */
const MAX_SPAN = 64;
/** Fewer channels idle lanes and sums: conv2d_direct.ts has tiles of 1 and 2. */
const LEAST_CHANNELS = 4;

const ROWS = [16, 14, 8, 7, 4, 2, 1];
const CHANNELS = [16, 8, 4];
const INPUTS = [4, 2, 1];

/** Whether a tile fits; `g` is of the pass as the kernel sees it (transposed for a data gradient). */
export function takesQuads(pass: Pass, g: ConvGeometry): boolean {
  if (g.og < LEAST_CHANNELS) return false;
  return pass === "weightGradient"
    ? weightTiles(flattened(g)).length > 0
    : quadTile(flattened(g, true)) !== null;
}

/** The cheapest tile of the forward, or null; `pooled`: with windows of two rows inside it. */
export function quadTile(g: ConvGeometry, pooled = false): Tile | null {
  const tiles = ROWS.filter((TY) => !pooled || TY % 2 === 0)
    .flatMap((TY) => CHANNELS.map((TO) => ({ TY, TO })))
    .filter(
      ({ TY, TO }) =>
        TY * TO <= MAX_SUMS && g.kh * TY * TO <= MAX_MULTIPLY_ADDS.forward && span(g, TY) <= MAX_SPAN,
    );
  return cheapest(tiles, ({ TY, TO }) => {
    const turn = g.kh * TY * TO + LOAD_COST * (span(g, TY) + (g.kh * TO) / 4);
    const stores = pooled ? (TY * TO) / 2 : TY * TO; // a maximum and its place for every four
    const thread = g.cg * g.kw * turn + STORE_COST * stores;
    return Math.ceil(g.og / TO) * Math.ceil(g.oh / TY) * thread;
  });
}

/** The cheapest tile of the weight gradient. Rows that fill no tile are taken one by one. */
export function weightQuadTile(g: ConvGeometry): WeightTile {
  return cheapest(weightTiles(g), ({ TY, TO, NI }) => {
    const turn = (rows: number) =>
      g.kh * NI * TO * (rows + 1) + LOAD_COST * (NI * span(g, rows) + (rows * TO) / 4);
    const column = Math.floor(g.oh / TY) * turn(TY) + (g.oh % TY) * turn(1);
    return Math.ceil(g.og / TO) * Math.ceil((Math.ceil(g.cg / NI) * g.kw) / 4) * column;
  })!;
}

function weightTiles(g: ConvGeometry): WeightTile[] {
  return ROWS.filter((TY) => TY <= Math.max(g.oh, 1))
    .flatMap((TY) => CHANNELS.flatMap((TO) => INPUTS.map((NI) => ({ TY, TO, NI }))))
    .filter(
      ({ TY, TO, NI }) =>
        g.kh * NI * TO <= MAX_SUMS &&
        g.kh * NI * TO * TY <= MAX_MULTIPLY_ADDS.weightGradient &&
        NI * span(g, TY) <= MAX_SPAN,
    );
}

/** Channels of a 1x1 convolution that one turn of the forward takes: fewer turns copy fewer sums. */
export const STACKED = 4;

/**
 * A 1x1 convolution does not care where its rows end: cuts the image so that they fill tiles. `stack`: four channels under
 * each other count as one with four rows of taps, far enough apart; the weight's memory stays as it is.
 */
export function flattened(g: ConvGeometry, stack = false): ConvGeometry {
  const moves = g.strideX !== 1 || g.strideY !== 1 || g.padX !== 0 || g.padY !== 0;
  if (g.kh !== 1 || g.kw !== 1 || moves) return g;
  const rows = [g.og > 8 ? 4 : 8, 8, 7, 4].find((rows) => (g.h * g.w) % rows === 0);
  if (!rows) return g;
  const flat = { ...g, h: rows, oh: rows, w: (g.h * g.w) / rows, ow: (g.h * g.w) / rows, dilationY: 1 };
  if (!stack || g.cg % STACKED !== 0) return flat;
  const [c, cg] = [g.c / STACKED, g.cg / STACKED];
  return { ...flat, c, cg, kh: STACKED, h: STACKED * rows, dilationY: rows };
}

/** Rows of x under TY rows of y. */
function span(g: ConvGeometry, TY: number): number {
  return (TY - 1) * g.strideY + (g.kh - 1) * g.dilationY + 1;
}

function cheapest<T>(tiles: readonly T[], cost: (tile: T) => number): T | null {
  let best: T | null = null;
  let least = Infinity;
  for (const tile of tiles) {
    const c = cost(tile);
    if (c < least) [best, least] = [tile, c];
  }
  return best;
}
