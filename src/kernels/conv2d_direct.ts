// The convolution kernels that hold a tile in registers (conv2d_tiles.ts). They need no shared memory.

import { kernel } from "../gpu/kernel.ts";
import {
  conv2dDataGradient as dataShader,
  conv2dDirect as forwardShader,
  conv2dWeightGradient as weightShader,
} from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import { type ConvKernels, flops, groupsOf, tileParams } from "./conv2d_kernels.ts";
import { inSplits, mostSplits } from "./conv2d_partials.ts";
import { type Pass, type Tile, tileFor } from "./conv2d_tiles.ts";

const forwardDirect = kernel(forwardShader);
const dataDirect = kernel(dataShader);
const weightDirect = kernel(weightShader);

/** Threads that fill the adapter: a weight gradient with fewer is split over images and rows. */
const FILLING_THREADS = { software: 512, hardware: 32768 } as const;

export const directConv: ConvKernels = {
  forward({ x, weight, bias, y }, g) {
    const { TY, TO } = tile("forward", g);
    const [blocks, bands] = [Math.ceil(g.og / TO), Math.ceil(g.oh / TY)];
    const threads = g.n * g.groups * blocks * bands * g.ow;
    const constants = { ...axisConstants(g), TY, TO, HAS_BIAS: bias !== null };
    const options = { grid: groupsOf(threads), constants, label: "conv2d", flops: flops(g) };
    forwardDirect({ x, weight, bias, y }, { threads, blocks, bands, ...tileParams(g) }, options);
  },
  dataGradient({ dy, weight, dx }, g) {
    const { TY, TO } = tile("dataGradient", g);
    const blocks = Math.ceil(g.cg / TO);
    const bands = Math.ceil((g.h + (g.padY % g.strideY)) / TY);
    const threads = g.n * g.groups * blocks * bands * g.w;
    const step = g.strideX / gcd(g.strideX, g.dilationX);
    const constants = { ...axisConstants(g), TY, TO };
    const options = { grid: groupsOf(threads), constants, label: "conv2dDataGradient", flops: flops(g) };
    dataDirect({ dy, weight, dx }, { threads, blocks, bands, step, ...tileParams(g) }, options);
  },
  biasGradient: true,
  weightGradient({ x, dy, dw, db }, g) {
    const { TY, TO } = tile("weightGradient", g);
    const full = g.oh - (g.oh % TY);
    // Whole tiles, then the rows that fill none: each part is split, and all splits are summed.
    const parts = [
      weightPart(x, dw, g, { TY, TO }, 0, full / TY),
      weightPart(x, dw, g, { TY: 1, TO }, full, g.oh - full),
    ];
    const busy = parts.filter((part) => part.units > 0);
    const needed = busy.length > 0 ? busy : parts.slice(0, 1); // an empty batch: one split writes zeros
    const splits = needed.reduce((sum, part) => sum + part.splits, 0);
    inSplits({ dw, db }, splits, (partials) => {
      let split0 = 0;
      for (const { tile, lanes, splits, ...part } of needed) {
        const threads = splits * lanes;
        const params = { ...part, threads, split0, ...tileParams(g) };
        const constants = { ...axisConstants(g), ...tile, HAS_SUMS: partials.partial_sums !== null };
        const share = (part.units / Math.max(1, g.n * g.oh)) * tile.TY;
        const cost = { label: "conv2dWeightGradient", flops: share * flops(g) };
        weightDirect({ x, dy, ...partials }, params, { grid: groupsOf(threads), constants, ...cost });
        split0 += splits;
      }
    });
  },
};

/** Rows row0 ... row0 + bands * TY of every image, and into how many splits their sum is cut. */
function weightPart(x: Tensor, dw: Tensor, g: ConvGeometry, tile: Tile, row0: number, bands: number) {
  const blocks = Math.ceil(g.og / tile.TO);
  const lanes = g.groups * blocks * g.cg * g.kw; // threads of one split
  const units = g.n * bands;
  const wanted = Math.ceil(FILLING_THREADS[x.device.adapter.software ? "software" : "hardware"] / lanes);
  const most = Math.max(1, Math.min(units, wanted, mostSplits(dw)));
  const units_per_split = Math.max(1, Math.ceil(units / most));
  const splits = Math.max(1, Math.ceil(units / units_per_split));
  return { tile, row0, bands, blocks, lanes, units, units_per_split, splits };
}

function tile(pass: Pass, g: ConvGeometry): Tile {
  return tileFor(pass, g) ?? { TY: g.strideY, TO: 1 };
}

function axisConstants(g: ConvGeometry) {
  return { KH: g.kh, SY: g.strideY, DY: g.dilationY };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
