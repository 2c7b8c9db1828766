// References over any number of spatial axes: convolution, its transpose, poolings. One loop over all taps, no cleverness.
import { at, build, type Nd, total } from "../nd.ts";

type Sizes = number | readonly number[];

export interface Windows {
  readonly stride?: Sizes;
  readonly padding?: Sizes | "same" | "valid";
  readonly dilation?: Sizes;
  readonly outputPadding?: Sizes;
  readonly groups?: number;
}

export interface PoolWindows extends Windows {
  readonly kernelSize: Sizes;
  readonly padding?: Sizes;
  readonly ceilMode?: boolean;
}

export const of = (v: Sizes, axis: number): number => (typeof v === "number" ? v : v[axis]);

/** All indices of a box. */
export function box(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (list, n) => list.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])),
    [[]],
  );
}

function padBefore(o: Windows, axis: number, reach: number): number {
  if (o.padding === "same") return Math.floor(reach / 2);
  return typeof o.padding === "string" ? 0 : of(o.padding ?? 0, axis);
}

export function convolved(x: Nd, weight: Nd, bias: Nd | undefined, o: Windows): Nd {
  const kernel = weight.shape.slice(2);
  const spatial = x.shape.slice(2);
  const [outs, cg] = weight.shape;
  const axes = kernel.map((k, i) => {
    const [s, d] = [of(o.stride ?? 1, i), of(o.dilation ?? 1, i)];
    const reach = d * (k - 1);
    const before = padBefore(o, i, reach);
    const total = o.padding === "same" ? reach : 2 * before;
    return { s, d, before, out: Math.floor((spatial[i] + total - reach - 1) / s) + 1 };
  });
  const taps = box(kernel);
  return build([x.shape[0], outs, ...axes.map((a) => a.out)], ([n, oc, ...p]) => {
    const c0 = Math.floor(oc / (outs / (o.groups ?? 1))) * cg;
    let sum = bias ? bias.data[oc] : 0;
    for (const k of taps) {
      const from = p.map((v, i) => v * axes[i].s + k[i] * axes[i].d - axes[i].before);
      if (from.some((v, i) => v < 0 || v >= spatial[i])) continue;
      for (let c = 0; c < cg; c++) sum += at(x, [n, c0 + c, ...from]) * at(weight, [oc, c, ...k]);
    }
    return sum;
  });
}

export function convolvedBack(x: Nd, weight: Nd, bias: Nd | undefined, o: Windows): Nd {
  const kernel = weight.shape.slice(2);
  const spatial = x.shape.slice(2);
  const groups = o.groups ?? 1;
  const [c, og] = weight.shape;
  const axes = kernel.map((k, i) => {
    const [s, d, pad] = [of(o.stride ?? 1, i), of(o.dilation ?? 1, i), of((o.padding ?? 0) as Sizes, i)];
    const out = (spatial[i] - 1) * s - 2 * pad + d * (k - 1) + of(o.outputPadding ?? 0, i) + 1;
    return { s, d, pad, out };
  });
  const taps = box(kernel);
  return build([x.shape[0], og * groups, ...axes.map((a) => a.out)], ([n, oc, ...p]) => {
    const c0 = Math.floor(oc / og) * (c / groups);
    let sum = bias ? bias.data[oc] : 0;
    for (const k of taps) {
      const from = p.map((v, i) => (v + axes[i].pad - k[i] * axes[i].d) / axes[i].s);
      if (from.some((v, i) => !Number.isInteger(v) || v < 0 || v >= spatial[i])) continue;
      for (let i = 0; i < c / groups; i++) {
        sum += at(x, [n, c0 + i, ...from]) * at(weight, [c0 + i, oc % og, ...k]);
      }
    }
    return sum;
  });
}

/** One window of one axis: the places inside x, and how many it has with the padding. */
export interface Span {
  readonly inside: readonly number[];
  readonly padded: number;
}

export function spans(size: number, o: PoolWindows, axis: number): Span[] {
  const [k, pad] = [of(o.kernelSize, axis), of(o.padding ?? 0, axis)];
  const [s, d] = [of(o.stride ?? o.kernelSize, axis), of(o.dilation ?? 1, axis)];
  const room = size + 2 * pad - d * (k - 1) - 1;
  let out = Math.floor(room / s) + 1;
  if (o.ceilMode) {
    out = Math.ceil(room / s) + 1;
    if ((out - 1) * s >= size + pad) out--;
  }
  return Array.from({ length: out }, (_, j) => {
    const places = Array.from({ length: k }, (_, i) => j * s - pad + i * d);
    const inside = places.filter((p) => p >= 0 && p < size);
    return { inside, padded: places.filter((p) => p < size + pad).length };
  });
}

export function adaptiveSpans(size: number, out: number): Span[] {
  return Array.from({ length: out }, (_, j) => {
    const [from, to] = [Math.floor((j * size) / out), Math.ceil(((j + 1) * size) / out)];
    return { inside: Array.from({ length: to - from }, (_, i) => from + i), padded: to - from };
  });
}

/** `fn` of the values of every window, their places in the volume, and its size with padding. */
export function pooled(
  x: Nd,
  axes: readonly (readonly Span[])[],
  fn: (values: number[], places: number[], padded: number) => number,
): Nd {
  const count = axes.length;
  const spatial = x.shape.slice(-count);
  return build([...x.shape.slice(0, -count), ...axes.map((a) => a.length)], (index) => {
    const lead = index.slice(0, -count);
    const window = axes.map((a, i) => a[index[index.length - count + i]]);
    const inside = box(window.map((w) => w.inside.length)).map((b) => b.map((j, i) => window[i].inside[j]));
    const values = inside.map((p) => at(x, [...lead, ...p]));
    const places = inside.map((p) => p.reduce((flat, v, i) => flat * spatial[i] + v, 0));
    return fn(
      values,
      places,
      window.reduce((n, w) => n * w.padded, 1),
    );
  });
}

const first = (values: readonly number[]) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);

/** Maxima and their places. */
export const maxima = (x: Nd, axes: readonly (readonly Span[])[]): Nd[] => [
  pooled(x, axes, (values) => values[first(values)]),
  pooled(x, axes, (values, places) => places[first(values)]),
];

export const means = (x: Nd, axes: readonly (readonly Span[])[]): Nd =>
  pooled(x, axes, (values) => total(values) / values.length);
