// Rows of resizing, of sampling by a grid, of windows as columns, and of channels as pixels.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { affineGrid } from "../../kernels/affine_grid.ts";
import { type GridSampleOptions, gridSample } from "../../kernels/grid_sample.ts";
import { type InterpolateOptions, interpolate } from "../../kernels/interpolate.ts";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "../../kernels/pixel_shuffle.ts";
import { type FoldOptions, fold, type UnfoldOptions, unfold } from "../../kernels/unfold.ts";
import type { Shape } from "../../tensor/shape.ts";
import { at, build, type Nd, nd } from "../nd.ts";
import { type ErrorCase, f32, type OpRecord, sample } from "../record.ts";
import { box, of, spans } from "../reference/windows.ts";
import { z } from "./samples.ts";

const clip = (v: number, n: number) => Math.min(Math.max(v, 0), n - 1);

function keys(d: number, a: number): number {
  const x = Math.abs(d);
  if (x >= 2) return 0;
  return x < 1 ? (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1 : a * (x ** 3 - 5 * x ** 2 + 8 * x - 4);
}

/** Weight of element i in element j of a resized axis, for every i. */
function weights(
  j: number,
  from: number,
  to: number,
  o: InterpolateOptions,
  factor: number | null,
): number[] {
  const scale = factor === null ? from / to : 1 / factor;
  const all = (fn: (i: number) => number) => Array.from({ length: from }, (_, i) => fn(i));
  const { mode = "nearest" } = o;
  if (mode === "nearest") return all((i) => Number(i === clip(Math.floor(j * scale), from)));
  if (mode === "nearest-exact") return all((i) => Number(i === clip(Math.floor((j + 0.5) * scale), from)));
  if (mode === "area") {
    const [low, high] = [Math.floor((j * from) / to), Math.ceil(((j + 1) * from) / to)];
    return all((i) => (i >= low && i < high ? 1 / (high - low) : 0));
  }
  const position = o.alignCorners ? (to > 1 ? (j * (from - 1)) / (to - 1) : 0) : (j + 0.5) * scale - 0.5;
  if (o.antialias) {
    const raw = all((i) => {
      const d = (i - position) / Math.max(scale, 1);
      return mode === "bilinear" ? Math.max(1 - Math.abs(d), 0) : keys(d, -0.5);
    });
    const sum = raw.reduce((a, b) => a + b);
    return raw.map((v) => v / sum);
  }
  if (mode !== "bicubic") return all((i) => Math.max(1 - Math.abs(i - clip(position, from)), 0));
  const first = Math.floor(position) - 1;
  return all((i) =>
    [0, 1, 2, 3].reduce(
      (s, k) => s + (clip(first + k, from) === i ? keys(position - first - k, -0.75) : 0),
      0,
    ),
  );
}

function resized(x: Nd, o: InterpolateOptions): Nd {
  const from = x.shape.slice(2);
  const { size, scaleFactor } = o;
  const factors = scaleFactor === undefined ? null : from.map((_, i) => of(scaleFactor, i));
  const to = from.map((s, i) => (factors ? Math.floor(s * factors[i]) : of(size ?? 1, i)));
  const tables = from.map((n, i) =>
    Array.from({ length: to[i] }, (_, j) => weights(j, n, to[i], o, factors?.[i] ?? null)),
  );
  const places = box(from);
  return build([...x.shape.slice(0, 2), ...to], ([n, c, ...p]) =>
    places.reduce((s, q) => {
      const w = q.reduce((product, v, i) => product * tables[i][p[i]][v], 1);
      return w === 0 ? s : s + w * at(x, [n, c, ...q]);
    }, 0),
  );
}

const interpolateCases: readonly (readonly [Shape, InterpolateOptions])[] = [
  [[2, 3, 4, 5], { size: [7, 3] }],
  [[1, 2, 5], { scaleFactor: 2.5, mode: "nearest-exact" }],
  [[1, 1, 3, 2, 4], { size: 4, mode: "nearest" }],
  [[1, 2, 5, 6], { size: [3, 4], mode: "area" }],
  [[2, 2, 7], { size: 12, mode: "linear" }],
  [[2, 2, 5], { size: 3, mode: "linear", alignCorners: true }],
  [[1, 2, 4, 5], { scaleFactor: [2, 1.5], mode: "bilinear" }],
  [[1, 2, 4, 5], { size: [3, 8], mode: "bilinear", alignCorners: true }],
  [[1, 1, 3, 4, 2], { size: [5, 2, 3], mode: "trilinear" }],
  [[1, 2, 4, 5], { size: [7, 3], mode: "bicubic" }],
  [[1, 2, 4, 5], { size: [3, 8], mode: "bicubic", alignCorners: true }],
  [[1, 1, 9, 5], { size: [4, 8], mode: "bilinear", antialias: true }],
  [[1, 1, 9, 5], { size: [4, 8], mode: "bicubic", antialias: true }],
  [[1, 2, 4, 5], { size: [4, 5], mode: "bilinear" }],
  [[0, 2, 4, 5], { size: 2 }],
];

const option = (name: string, f: () => unknown, message: RegExp, type: ErrorCase["type"] = OptionError) => ({
  name,
  run: f,
  message,
  type,
});

const interpolateRow: OpRecord<InterpolateOptions> = {
  name: "interpolate",
  samples: (draw) => interpolateCases.map(([shape, o]) => sample(o, draw.normal(shape))),
  run: ([x], o) => interpolate(x, o),
  reference: ([x], o) => resized(x, o),
  differentiable: true,
  compare: "largest",
  errors: [
    option(
      "mode",
      () => interpolate(z([1, 1, 2, 2]), { size: 3, mode: "cubic" as never }),
      /^interpolate: mode must be one of nearest, nearest-exact, .* got cubic$/,
    ),
    option(
      "rank",
      () => interpolate(z([1, 1, 2]), { size: 3, mode: "bilinear" }),
      /^interpolate: mode bilinear takes x of 4 dimensions with elements, x \[1,1,2\]$/,
      ShapeError,
    ),
    option(
      "size",
      () => interpolate(z([1, 1, 2, 2]), { size: [0, 2] }),
      /^interpolate: size must give 2 positive sizes, got \[0,2\]$/,
    ),
    option(
      "neither",
      () => interpolate(z([1, 1, 2, 2]), {}),
      /^interpolate: needs one of size and scaleFactor$/,
    ),
    option(
      "alignCorners",
      () => interpolate(z([1, 1, 2, 2]), { size: 3, alignCorners: true }),
      /^interpolate: alignCorners is for the linear and cubic modes, not for nearest$/,
    ),
    option(
      "antialias",
      () => interpolate(z([1, 1, 2]), { size: 3, mode: "linear", antialias: true }),
      /^interpolate: antialias is for bilinear and bicubic, not for linear$/,
    ),
    option(
      "dtype",
      () => interpolate(z([1, 1, 2], "i32"), { size: 3 }),
      /^interpolate: takes f32 tensors, x is i32\[1,1,2\]$/,
      DTypeError,
    ),
  ],
};

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
      /^affineGrid: theta must be f32/,
      DTypeError,
    ),
  ],
};

/** Where in x each element of unfold's result comes from; -1 for padding. */
function columnSources([c, h, w]: readonly number[], o: UnfoldOptions): { shape: Shape; from: number[] } {
  const [kh, kw] = [of(o.kernelSize, 0), of(o.kernelSize, 1)];
  const count = (axis: number, size: number) => {
    const single = { ...o, kernelSize: of(o.kernelSize, axis), stride: of(o.stride ?? 1, axis) };
    return spans(
      size,
      { ...single, padding: of(o.padding ?? 0, axis), dilation: of(o.dilation ?? 1, axis) },
      0,
    ).length;
  };
  const [oh, ow] = [count(0, h), count(1, w)];
  const shape = [c * kh * kw, oh * ow];
  const from = box([c, kh, kw, oh, ow]).map(([ch, i, j, p, q]) => {
    const y = p * of(o.stride ?? 1, 0) + i * of(o.dilation ?? 1, 0) - of(o.padding ?? 0, 0);
    const x = q * of(o.stride ?? 1, 1) + j * of(o.dilation ?? 1, 1) - of(o.padding ?? 0, 1);
    return y >= 0 && y < h && x >= 0 && x < w ? (ch * h + y) * w + x : -1;
  });
  return { shape, from };
}

const columnCases: readonly (readonly [Shape, UnfoldOptions])[] = [
  [[2, 3, 4, 5], { kernelSize: 2 }],
  [[1, 2, 6, 5], { kernelSize: [3, 2], stride: 2, padding: 1 }],
  [[2, 6, 5], { kernelSize: 3, dilation: [2, 1], padding: [1, 0] }],
  [[0, 2, 3, 3], { kernelSize: 2 }],
];

const unfoldRow: OpRecord<UnfoldOptions> = {
  name: "unfold",
  samples: (draw) => columnCases.map(([shape, o]) => sample(o, draw.normal(shape))),
  run: ([x], o) => unfold(x, o),
  reference: ([x], o) => {
    const { shape, from } = columnSources(x.shape.slice(-3), o);
    const plane = x.shape.slice(-3).reduce((a, b) => a * b, 1);
    return build([...x.shape.slice(0, -3), ...shape], (_, flat) => {
      const source = from[flat % from.length];
      return source < 0 ? 0 : x.data[Math.floor(flat / from.length) * plane + source];
    });
  },
  differentiable: true,
  compare: "exact",
  errors: [
    option(
      "rank",
      () => unfold(z([3, 3]), { kernelSize: 2 }),
      /^unfold: x must have 4 dimensions \[n,c,h,w\] or 3 \[c,h,w\], x \[3,3\]$/,
      ShapeError,
    ),
    option(
      "kernel",
      () => unfold(z([1, 3, 3]), { kernelSize: 0 }),
      /^unfold: kernelSize must be an integer of/,
    ),
    option(
      "dtype",
      () => unfold(z([1, 3, 3], "i32"), { kernelSize: 2 }),
      /^unfold: takes f32 tensors, x is i32/,
      DTypeError,
    ),
  ],
};

const foldRow: OpRecord<FoldOptions> = {
  name: "fold",
  samples: (draw) =>
    columnCases.map(([x, o]) => {
      const { shape } = columnSources(x.slice(-3), o);
      return sample({ ...o, outputSize: x.slice(-2) }, draw.normal([...x.slice(0, -3), ...shape]));
    }),
  run: ([x], o) => fold(x, o),
  reference: ([x], o) => {
    const size = o.outputSize as readonly number[];
    const c = (x.shape.at(-2) as number) / (of(o.kernelSize, 0) * of(o.kernelSize, 1));
    const { from } = columnSources([c, ...size], o);
    const lead = x.shape.slice(0, -2);
    const plane = c * size[0] * size[1];
    const y = nd([...lead, c, ...size], new Array<number>(lead.reduce((a, b) => a * b, 1) * plane).fill(0));
    x.data.forEach((v, flat) => {
      const target = from[flat % from.length];
      if (target >= 0) y.data[Math.floor(flat / from.length) * plane + target] += v;
    });
    return y;
  },
  differentiable: true,
  compare: "sums",
  errors: [
    option(
      "columns",
      () => fold(z([1, 4, 5]), { kernelSize: 2, outputSize: [3, 3] }),
      /^fold: x must be \[n,c\*2\*2,2\*2\], x \[1,4,5\], outputSize \[3,3\]$/,
      ShapeError,
    ),
    option(
      "outputSize",
      () => fold(z([1, 4, 4]), { kernelSize: 2, outputSize: [3, 0] }),
      /^fold: outputSize must be an integer of at least 1, got 0$/,
    ),
    option(
      "dtype",
      () => fold(z([1, 4, 4], "i32"), { kernelSize: 2, outputSize: [3, 3] }),
      /^fold: takes f32 tensors/,
      DTypeError,
    ),
  ],
};

function shuffleRow(
  op: typeof pixelShuffle,
  cases: readonly (readonly [Shape, number])[],
  source: (index: readonly number[], r: number, x: Nd) => readonly number[],
  shapeOf: (x: Shape, r: number) => Shape,
  wrong: Shape,
  message: RegExp,
): OpRecord<{ readonly r: number }> {
  return {
    name: op.name,
    samples: (draw) => cases.map(([shape, r]) => sample({ r }, draw.normal(shape))),
    run: ([x], { r }) => op(x, r),
    reference: ([x], { r }) =>
      build(shapeOf(x.shape, r), (index) => {
        const from = source(index.slice(-3), r, x);
        return at(x, [...index.slice(0, -3), ...from]);
      }),
    differentiable: true,
    compare: "exact",
    errors: [
      option("channels", () => op(z(wrong), 2), message, ShapeError),
      option(
        "factor",
        () => op(z([1, 4, 4, 4]), 0),
        new RegExp(`^${op.name}: \\w+ must be a positive integer, got 0$`),
      ),
    ],
  };
}

const pixelShuffleRow = shuffleRow(
  pixelShuffle,
  [
    [[2, 8, 3, 4], 2],
    [[9, 2, 2], 3],
    [[0, 4, 2, 2], 2],
  ],
  ([c, y, x], r) => [c * r * r + (y % r) * r + (x % r), Math.floor(y / r), Math.floor(x / r)],
  (s, r) => [...s.slice(0, -3), s.at(-3)! / (r * r), s.at(-2)! * r, s.at(-1)! * r],
  [1, 3, 2, 2],
  /^pixelShuffle: channels must divide by 2\^2, x \[1,3,2,2\], upscaleFactor 2$/,
);

const pixelUnshuffleRow = shuffleRow(
  pixelUnshuffle,
  [
    [[2, 3, 4, 6], 2],
    [[2, 3, 6], 3],
  ],
  ([k, y, x], r) => {
    const [c, i, j] = [Math.floor(k / (r * r)), Math.floor(k / r) % r, k % r];
    return [c, y * r + i, x * r + j];
  },
  (s, r) => [...s.slice(0, -3), s.at(-3)! * r * r, s.at(-2)! / r, s.at(-1)! / r],
  [1, 1, 3, 4],
  /^pixelUnshuffle: height and width must divide by 2, x \[1,1,3,4\], downscaleFactor 2$/,
);

const channelShuffleRow = shuffleRow(
  channelShuffle,
  [
    [[2, 6, 3, 2], 3],
    [[1, 4, 2, 2], 2],
  ],
  ([c, y, x], g, { shape }) => [(c % g) * (shape[1] / g) + Math.floor(c / g), y, x],
  (s) => s,
  [1, 3, 2, 2],
  /^channelShuffle: channels must divide by groups, x \[1,3,2,2\], groups 2$/,
);

export const resizeRecords = [
  interpolateRow,
  gridSampleRow,
  affineGridRow,
  unfoldRow,
  foldRow,
  pixelShuffleRow,
  pixelUnshuffleRow,
  channelShuffleRow,
] as readonly OpRecord[];
