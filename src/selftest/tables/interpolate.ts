// Rows of resizing.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import { type InterpolateOptions, interpolate } from "../../kernels/interpolate.ts";
import type { Shape } from "../../tensor/shape.ts";
import { at, build, type Nd } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { box, of } from "../reference/windows.ts";
import { clip, keys, option } from "./resize_rows.ts";
import { z } from "./samples.ts";

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

export const interpolateRecords = [interpolateRow] as unknown as readonly OpRecord[];
