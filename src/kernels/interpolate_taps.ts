// Which elements of an axis each element of a resized axis sums, with what weights: PyTorch's rules, in float64, on the host.
//   position of j in x   alignCorners: j * (from - 1) / (to - 1), else (j + 1/2) * scale - 1/2, scale = from / to
//   linear               the two neighbours, 1 - t and t
//   cubic                the four neighbours, Keys 1981, a = -3/4 (a = -1/2 with antialias); beyond the edge the edge counts
//   antialias            the filter stretched by scale where that is above 1, weights normed to 1 inside x

import { AxisMap, copies, type Entry } from "./axis_map.ts";

export type AxisMode = "nearest" | "nearest-exact" | "linear" | "cubic" | "area";

export interface Resizing {
  readonly from: number;
  readonly to: number;
  /** Factor the user gave; positions follow it and not the rounded size. */
  readonly factor: number | null;
  readonly mode: AxisMode;
  readonly alignCorners: boolean;
  readonly antialias: boolean;
}

export function resizeMap(r: Resizing): AxisMap {
  if (r.mode === "nearest" || r.mode === "nearest-exact") return copies(r.from, nearest(r));
  const row = r.mode === "area" ? area : r.antialias ? antialiased : r.mode === "linear" ? linear : cubic;
  return new AxisMap(
    r.from,
    Array.from({ length: r.to }, (_, j) => merged(row(r, j))),
  );
}

/** Step in x of one step in y. */
function scaleOf({ from, to, factor, alignCorners }: Resizing): number {
  if (alignCorners) return to > 1 ? (from - 1) / (to - 1) : 0;
  return factor === null ? from / to : 1 / factor;
}

function positionOf(r: Resizing, j: number): number {
  return r.alignCorners ? scaleOf(r) * j : scaleOf(r) * (j + 0.5) - 0.5;
}

/** PyTorch has the scale, and the product for "nearest", in float32: which pixel a boundary belongs to depends on it. */
function nearest(r: Resizing): number[] {
  const scale = Math.fround(scaleOf({ ...r, alignCorners: false }));
  const shift = r.mode === "nearest" ? 0 : 0.5;
  const source = (j: number) => {
    if (shift === 0 && r.to === r.from) return j;
    if (shift === 0 && r.to === 2 * r.from) return j >> 1;
    return Math.min(Math.floor(Math.fround((j + shift) * scale)), r.from - 1);
  };
  return Array.from({ length: r.to }, (_, j) => source(j));
}

function linear(r: Resizing, j: number): Entry[] {
  const at = Math.max(positionOf(r, j), 0);
  const first = Math.min(Math.floor(at), r.from - 1);
  const t = Math.min(at - first, 1);
  return [
    [first, 1 - t],
    [Math.min(first + 1, r.from - 1), t],
  ];
}

/** Keys' kernel at distance d. */
function keys(d: number, a: number): number {
  const x = Math.abs(d);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

function cubic(r: Resizing, j: number): Entry[] {
  const at = positionOf(r, j);
  const first = Math.floor(at);
  return [-1, 0, 1, 2].map((k) => {
    const tap = Math.min(Math.max(first + k, 0), r.from - 1);
    return [tap, keys(at - first - k, -0.75)];
  });
}

function antialiased(r: Resizing, j: number): Entry[] {
  const scale = scaleOf(r);
  const stretch = Math.max(scale, 1);
  const support = (r.mode === "linear" ? 1 : 2) * stretch;
  const center = scale * (j + 0.5);
  const begin = Math.max(Math.trunc(center - support + 0.5), 0);
  const end = Math.min(Math.trunc(center + support + 0.5), r.from);
  const weight = (d: number) => (r.mode === "linear" ? Math.max(1 - Math.abs(d), 0) : keys(d, -0.5));
  const taps = Array.from({ length: end - begin }, (_, k): Entry => {
    return [begin + k, weight((begin + k - center + 0.5) / stretch)];
  });
  const total = taps.reduce((s, [, w]) => s + w, 0);
  return taps.map(([tap, w]) => [tap, total === 0 ? w : w / total]);
}

/** The windows of adaptive pooling. */
function area({ from, to }: Resizing, j: number): Entry[] {
  const [begin, end] = [Math.floor((j * from) / to), Math.ceil(((j + 1) * from) / to)];
  return Array.from({ length: end - begin }, (_, k) => [begin + k, 1 / (end - begin)]);
}

/** One entry an element, none of weight 0. */
function merged(entries: readonly Entry[]): Entry[] {
  const sums = new Map<number, number>();
  for (const [tap, w] of entries) sums.set(tap, (sums.get(tap) ?? 0) + w);
  return [...sums].filter(([, w]) => w !== 0);
}
