// Rows of sampling by a grid, and of grids.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import { affineGrid } from "../../kernels/affine_grid.ts";
import { type GridSampleOptions, gridSample } from "../../kernels/grid_sample.ts";
import type { Shape } from "../../tensor/shape.ts";
import { at, build, type Nd } from "../nd.ts";
import { f32, type OpRecord, sample } from "../record.ts";
import { box } from "../reference/windows.ts";
import { clip, keys, option } from "./resize_rows.ts";
import { z } from "./samples.ts";

/** Back and forth between low and high. */
function reflected(v: number, low: number, high: number): number {
  let p = v;
  while (p < low || p > high) p = p < low ? 2 * low - p : 2 * high - p;
  return p;
}

function sampled(x: Nd, grid: Nd, o: GridSampleOptions): Nd {
  const { mode = "bilinear", paddingMode = "zeros", alignCorners = false } = o;
  const [n, c, ...spatial] = x.shape;
  const inside = (v: number, size: number) => {
    if (paddingMode === "zeros") return v;
    if (paddingMode === "border") return clip(v, size);
    const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
    return clip(high === low ? low : reflected(v, low, high), size);
  };
  const place = (g: number, size: number) => {
    const p = alignCorners ? ((g + 1) / 2) * (size - 1) : ((g + 1) * size - 1) / 2;
    return mode === "bicubic" ? p : inside(p, size);
  };
  const taps = (p: number, size: number): [number, number][] => {
    const first = Math.floor(p);
    if (mode === "nearest") return [[Math.round(p), 1]];
    if (mode === "bilinear") return [0, 1].map((k) => [first + k, 1 - Math.abs(p - first - k)]);
    return [-1, 0, 1, 2].map((k) => [inside(first + k, size), keys(p - first - k, -0.75)]);
  };
  return build([n, c, ...grid.shape.slice(1, -1)], ([b, ch, ...p]) => {
    // By axis of x; the grid has the last axis first.
    const lists = spatial.map((size, i) =>
      taps(place(at(grid, [b, ...p, spatial.length - 1 - i]), size), size),
    );
    return box(lists.map((list) => list.length)).reduce((sum, pick) => {
      const chosen = pick.map((k, i) => lists[i][k]);
      if (chosen.some(([tap], i) => tap < 0 || tap >= spatial[i])) return sum;
      const weight = chosen.reduce((w, [, one]) => w * one, 1);
      return sum + weight * at(x, [b, ch, ...chosen.map(([tap]) => tap)]);
    }, 0);
  });
}

interface Sampling extends GridSampleOptions {
  readonly spatial: Shape;
}

const PLANE = [3, 4];

const gridCases: readonly Sampling[] = [
  ...(["bilinear", "bicubic"] as const).flatMap((mode) =>
    (["zeros", "border", "reflection"] as const).flatMap((paddingMode) =>
      [false, true].map((alignCorners) => ({ spatial: PLANE, mode, paddingMode, alignCorners })),
    ),
  ),
  { spatial: PLANE, mode: "nearest" },
  { spatial: PLANE, mode: "nearest", paddingMode: "reflection" },
  { spatial: [2, 3, 4] },
  { spatial: [2, 3, 4], paddingMode: "reflection", alignCorners: true },
  { spatial: [2, 3, 4], mode: "nearest", paddingMode: "border" },
];

const gridSampleRow: OpRecord<Sampling> = {
  name: "gridSample",
  samples: (draw) =>
    gridCases.map((o) => {
      const axes = o.spatial.length;
      const shape = [2, ...[1, 2, 3].slice(-axes), axes];
      // Between pixels, away from the kinks at whole and half ones.
      const cell = draw.integers(shape, -3, 6).data;
      const part = draw.uniform(shape, 0.1, 0.4).data;
      const grid = Array.from(cell, (v, i) => {
        const size = o.spatial[axes - 1 - (i % axes)];
        const p = v + part[i];
        return o.alignCorners ? (2 * p) / (size - 1) - 1 : (2 * p + 1) / size - 1;
      });
      const points = f32(shape, grid);
      const x = draw.normal([2, 3, ...o.spatial]);
      return sample(o, x, o.mode === "nearest" ? { ...points, fixed: true } : points);
    }),
  run: ([x, grid], o) => gridSample(x, grid, o),
  reference: ([x, grid], o) => sampled(x, grid, o),
  differentiable: true,
  compare: "largest",
  tolerance: { forward: 8, gradient: 8, doubleGradient: 8, why: "positions of some pixels carry 1e-7 each" },
  errors: [
    option(
      "shapes",
      () => gridSample(z([1, 1, 2, 2]), z([1, 2, 2])),
      /^gridSample: needs x \[n,c,h,w\] and grid \[n,oh,ow,2\], or .*, x \[1,1,2,2\], grid \[1,2,2\]$/,
      ShapeError,
    ),
    option(
      "mode",
      () => gridSample(z([1, 1, 2, 2]), z([1, 2, 2, 2]), { mode: "linear" as never }),
      /^gridSample: mode must be one of nearest, bilinear, bicubic, got linear$/,
    ),
    option(
      "volume",
      () => gridSample(z([1, 1, 2, 2, 2]), z([1, 1, 1, 1, 3]), { mode: "bicubic" }),
      /^gridSample: mode bicubic is for planes, x \[1,1,2,2,2\]/,
    ),
    option(
      "padding",
      () => gridSample(z([1, 1, 2, 2]), z([1, 2, 2, 2]), { paddingMode: "reflect" as never }),
      /^gridSample: paddingMode must be one of zeros, border, reflection, got reflect$/,
    ),
    option(
      "dtype",
      () => gridSample(z([1, 1, 2, 2]), z([1, 2, 2, 2], "i32")),
      /^gridSample: takes f32 tensors, grid is i32$/,
      DTypeError,
    ),
  ],
};

interface Affine {
  readonly size: Shape;
  readonly alignCorners: boolean;
}

const affineGridRow: OpRecord<Affine> = {
  name: "affineGrid",
  samples: (draw) =>
    [
      [2, 1, 3, 4],
      [1, 2, 1, 5],
      [2, 1, 2, 3, 2],
    ].flatMap((size) =>
      [false, true].map((alignCorners) =>
        sample({ size, alignCorners }, draw.normal([size[0], size.length - 2, size.length - 1])),
      ),
    ),
  run: ([theta], { size, alignCorners }) => affineGrid(theta, size, { alignCorners }),
  reference: ([theta], { size, alignCorners }) => {
    const spatial = size.slice(2);
    const coordinate = (i: number, s: number) =>
      alignCorners ? (s > 1 ? -1 + (2 * i) / (s - 1) : 0) : -1 + (2 * i + 1) / s;
    return build([size[0], ...spatial, spatial.length], (index) => {
      const [n, row] = [index[0], index.at(-1) as number];
      const p = index
        .slice(1, -1)
        .map((v, i) => coordinate(v, spatial[i]))
        .reverse();
      return [...p, 1].reduce((s, v, k) => s + v * at(theta, [n, row, k]), 0);
    });
  },
  differentiable: true,
  compare: "largest",
  errors: [
    option(
      "theta",
      () => affineGrid(z([1, 2, 2]), [1, 1, 3, 3]),
      /^affineGrid: needs theta \[n,2,3\] .* theta \[1,2,2\], size \[1,1,3,3\]$/,
      ShapeError,
    ),
    option("size", () => affineGrid(z([1, 2, 3]), [1, 1, 0, 3]), /^affineGrid: size must be positive/),
    option(
      "dtype",
      () => affineGrid(z([1, 2, 3], "i32"), [1, 1, 2, 3]),
      /^affineGrid: theta must be f32 or f16/,
      DTypeError,
    ),
  ],
};

export const gridSampleRecords = [gridSampleRow, affineGridRow] as unknown as readonly OpRecord[];
