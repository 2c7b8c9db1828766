// What elementwise ops are judged by: f64 functions, derivatives by differences of them, broadcasting by indices.
import { numel } from "../../tensor/shape.ts";

type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;

/** First and second derivative, central differences of fourth order: errors about 1e-11 and 1e-9. */
export function slopes(f: Unary, x: number): [number, number] {
  const h = 2e-3 * Math.max(0.5, Math.min(1, Math.abs(x)));
  const [m2, m1, c, p1, p2] = [-2, -1, 0, 1, 2].map((k) => f(x + k * h));
  return [(m2 - 8 * m1 + 8 * p1 - p2) / (12 * h), (-m2 + 16 * m1 - 30 * c + 16 * p1 - p2) / (12 * h * h)];
}

/** fa, fb, faa, fab, fbb at (a, b). */
export function partials(f: Binary, a: number, b: number): [number, number, number, number, number] {
  const [fa, faa] = slopes((t) => f(t, b), a);
  const [fb, fbb] = slopes((t) => f(a, t), b);
  const [fab] = slopes((t) => slopes((s) => f(s, t), a)[0], b);
  return [fa, fb, faa, fab, fbb];
}

/** For every element of `target`, the index that an operand of `shape` is read at. */
export function indices(shape: readonly number[], target: readonly number[]): number[] {
  const lead = target.length - shape.length;
  return Array.from({ length: numel(target) }, (_, flat) => {
    let rest = flat;
    let at = 0;
    let step = 1;
    for (let axis = target.length - 1; axis >= lead; axis--) {
      const size = shape[axis - lead];
      at += (size === 1 ? 0 : rest % target[axis]) * step;
      step *= size;
      rest = Math.floor(rest / target[axis]);
    }
    return at;
  });
}

/** By its series below 3, by its continued fraction above: 1e-14. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || a > 7) return Number.isNaN(x) ? x : Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 120; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
}

/** Halves to even. */
export function roundEven(x: number): number {
  const r = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

/** The first place where two lists differ by more than the tolerance, in words; "" if none. NaN equals NaN. */
export function difference(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  relative: number,
  absolute: number,
): string {
  if (got.length !== want.length) return `${got.length} values, not ${want.length}`;
  for (let i = 0; i < want.length; i++) {
    const w = Math.fround(want[i]);
    const g = got[i];
    if (Object.is(g, w) || g === w || Math.abs(g - want[i]) <= absolute + relative * Math.abs(want[i]))
      continue;
    return `[${i}]: got ${g}, want ${want[i]}`;
  }
  return "";
}
