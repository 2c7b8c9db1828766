// The convolution kernels in which the four lanes of a quad share loads by swapping registers. They need the feature
// `subgroups`. The data gradient of a convolution of stride 1 is a forward with channels exchanged and taps backwards; of
// other strides the taps differ from lane to lane: conv2d_direct.ts has those.

import type { MomentsVariant, PooledVariant } from "../gpu/dispatch.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { conv2dQuad as quadShader, conv2dWeightGradientQuad as weightShader } from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import { type ConvKernels, flops, tileParams, transposed } from "./conv2d_kernels.ts";
import { inSplits, mostSplits } from "./conv2d_partials.ts";
import { flattened, quadTile, STACKED, type WeightTile, weightQuadTile } from "./conv2d_quad_tiles.ts";
import type { Tile } from "./conv2d_tiles.ts";

const quad = kernel(quadShader);
const weightQuad = kernel(weightShader);

/** Lanes of a workgroup. A software adapter runs lanes past the end, too; a GPU's fill a subgroup (not measured). */
const LANES = { software: 8, hardware: 64 } as const;
const WEIGHT_LANES = { software: 4, hardware: 32 } as const;
/** Workgroups that fill the adapter: a weight gradient with fewer is split over images and rows. */
const FILLING = { software: 16, hardware: 512 } as const;

interface Walk {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly y: Tensor;
}

/** How the kernel reads the weight: see its struct Params. */
type WeightStrides = Readonly<Record<"w0" | "wg" | "wo" | "wi" | "wy" | "wx", number>>;

export const quadConv: ConvKernels = {
  forward(t, g) {
    const taps = g.kh * g.kw;
    const strides = { w0: 0, wg: g.og * g.cg * taps, wo: g.cg * taps, wi: taps, wy: g.kw, wx: 1 };
    run(t, g, strides, "conv2d");
  },
  dataGradient({ dy, weight, dx }, g) {
    const taps = g.kh * g.kw;
    const strides = { w0: taps - 1, wg: g.og * g.cg * taps, wo: taps, wi: g.cg * taps, wy: -g.kw, wx: -1 };
    run({ x: dy, weight, bias: null, y: dx }, transposed(g), strides, "conv2dDataGradient");
  },
  biasGradient: true,
  weightGradient({ x, dy, dw, db }, full) {
    const g = flattened(full);
    const kind = kindOf(x);
    const tile = weightQuadTile(g);
    const whole = g.oh - (g.oh % tile.TY);
    // Whole tiles, then the rows that fill none: each part is split, and all splits are summed.
    const parts = [
      weightPart(dw, g, tile, kind, 0, whole / tile.TY),
      weightPart(dw, g, { ...tile, TY: 1 }, kind, whole, g.oh - whole),
    ];
    const busy = parts.filter((part) => part.params.units > 0);
    const needed = busy.length > 0 ? busy : parts.slice(0, 1); // an empty batch: one split writes zeros
    const splits = needed.reduce((sum, part) => sum + part.splits, 0);
    inSplits({ dw, db }, splits, (partials) => {
      let split0 = 0;
      for (const { params, splits, share, ...part } of needed) {
        const label = "conv2dWeightGradient";
        const constants = { ...part.constants, HAS_SUMS: partials.partial_sums !== null };
        const options = { grid: grid1d(params.workgroups), constants, label, flops: share * flops(g) };
        weightQuad({ x, dy, ...partials }, { ...params, split0 }, options);
        split0 += splits;
      }
    });
  },
};

function run({ x, weight, bias, y }: Walk, full: ConvGeometry, strides: WeightStrides, label: string): void {
  const g = flattened(full, true);
  const stacked = g.kh !== full.kh ? { wy: strides.wi, wi: STACKED * strides.wi } : {};
  const { constants, params, grid } = cut(g, quadTile(g)!, LANES[kindOf(x)]);
  const role = {
    kind: "opaque",
    pooled: () => pooledCut(g, full, LANES[kindOf(x)]),
    moments: () => momentsOf(params.chunks, kindOf(x)),
  } as const;
  quad(
    { x, weight, bias, y },
    { ...params, ...tileParams(g), ...strides, ...stacked },
    { grid, constants: { ...constants, HAS_BIAS: bias !== null }, label, flops: flops(g), role },
  );
}

/** How the outputs are cut into threads. */
function cut(g: ConvGeometry, { TY, TO }: Tile, WG: number) {
  const [blocks, bands] = [Math.ceil(g.og / TO), Math.ceil(g.oh / TY)];
  const strips = g.n * bands * g.ow;
  const chunks = Math.ceil(strips / WG);
  const workgroups = g.groups * blocks * chunks;
  const FIT = g.og % TO === 0 && g.oh % TY === 0 && strips % WG === 0;
  const constants = { KH: g.kh, SY: g.strideY, DY: g.dilationY, TY, TO, WG, FIT };
  const params = { workgroups, strips, chunks, blocks, bands };
  return { constants, params, grid: grid1d(workgroups) };
}

/** Splits of the moments that one lane merges in a row, at most. */
const MOST_SPLITS = { software: 4096, hardware: 512 } as const;

function momentsOf(chunks: number, kind: keyof typeof LANES): MomentsVariant | null {
  const splits = (chunks * LANES[kind]) / 4;
  return splits <= MOST_SPLITS[kind] ? { constants: { MOMENTS: 1 }, splits } : null;
}

/** The same where every thread pools what it has; null where windows would straddle tiles. */
function pooledCut(g: ConvGeometry, full: ConvGeometry, WG: number): PooledVariant | null {
  const tile = g.oh === full.oh && g.oh % 2 === 0 && g.ow % 2 === 0 ? quadTile(g, true) : null;
  if (!tile) return null;
  const { constants, params, grid } = cut(g, tile, WG);
  return { constants: { ...constants, POOL: 1 }, params, grid };
}

/** Rows row0 ... row0 + bands * TY of every image, and into how many splits their sum is cut. */
function weightPart(
  dw: Tensor,
  g: ConvGeometry,
  tile: WeightTile,
  kind: keyof typeof LANES,
  row0: number,
  bands: number,
) {
  const WG = WEIGHT_LANES[kind];
  const lanes = Math.ceil(g.cg / tile.NI) * g.kw;
  const blocks = Math.ceil(g.og / tile.TO);
  const chunks = Math.ceil(lanes / WG);
  const units = g.n * bands;
  const most = Math.min(units, Math.ceil(FILLING[kind] / (g.groups * blocks * chunks)), mostSplits(dw));
  const units_per_split = Math.max(1, Math.ceil(units / Math.max(1, most)));
  const splits = Math.max(1, Math.ceil(units / units_per_split));
  const workgroups = splits * g.groups * blocks * chunks;
  const params = { workgroups, lanes, chunks, blocks, bands, units, units_per_split, row0, ...tileParams(g) };
  const constants = { KH: g.kh, SY: g.strideY, DY: g.dilationY, WG, ...tile };
  return { params, constants, splits, share: (bands * tile.TY) / Math.max(1, g.oh) };
}

function kindOf(t: Tensor): keyof typeof LANES {
  return t.device.adapter.software ? "software" : "hardware";
}
