// The ops of the self-test in float64, by their definitions: plain loops, nothing shared with the kernels. Convolutions:
// src/selftest/reference.

type Numbers = ArrayLike<number>;

/** Largest difference, relative to 1 + |expected|; infinite where one of them is no number. */
export function difference(values: Numbers, expected: Numbers): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(values[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    largest = Math.max(largest, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  }
  return largest;
}

/** y[i,j] = sum a[i,l] b[l,j] */
export function matmul(a: Numbers, b: Numbers, m: number, k: number, n: number): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) y[i * n + j]! += a[i * k + l]! * b[l * n + j]!;
  return y;
}

/** Windows 2x2 that tile planes of even sides. */
export function maxPool2x2(x: Numbers, planes: number, h: number, w: number): Float64Array {
  const [oh, ow] = [h / 2, w / 2];
  return Float64Array.from({ length: planes * oh * ow }, (_, i) => {
    const row = Math.floor(i / ow) % oh;
    const first = Math.floor(i / (oh * ow)) * h * w + 2 * row * w + 2 * (i % ow);
    return Math.max(x[first]!, x[first + 1]!, x[first + w]!, x[first + w + 1]!);
  });
}

/** Statistics of the batch; the biased variance, eps 1e-5. */
export function batchNorm(
  x: Numbers,
  weight: Numbers,
  bias: Numbers,
  [n, c, plane]: readonly [n: number, c: number, plane: number],
): Float64Array {
  const y = new Float64Array(n * c * plane);
  for (let channel = 0; channel < c; channel++) {
    const places = Array.from({ length: n * plane }, (_, i) => {
      return (Math.floor(i / plane) * c + channel) * plane + (i % plane);
    });
    const mean = places.reduce((s, i) => s + x[i]!, 0) / places.length;
    const variance = places.reduce((s, i) => s + (x[i]! - mean) ** 2, 0) / places.length;
    for (const i of places)
      y[i] = ((x[i]! - mean) / Math.sqrt(variance + 1e-5)) * weight[channel]! + bias[channel]!;
  }
  return y;
}

const row = (x: Numbers, i: number, columns: number): number[] =>
  Array.from({ length: columns }, (_, j) => x[i * columns + j]!);

export function softmax(x: Numbers, rows: number, columns: number): Float64Array {
  const y = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const e = row(x, i, columns).map(Math.exp);
    const total = e.reduce((a, b) => a + b, 0);
    y.set(
      e.map((v) => v / total),
      i * columns,
    );
  }
  return y;
}

/** Mean of -log softmax(x)[label]. */
export function crossEntropy(x: Numbers, labels: Numbers, rows: number, columns: number): number {
  const y = softmax(x, rows, columns);
  let total = 0;
  for (let i = 0; i < rows; i++) total -= Math.log(y[i * columns + labels[i]!]!);
  return total / rows;
}

export const rowSums = (x: Numbers, rows: number, columns: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => row(x, i, columns).reduce((a, b) => a + b, 0));

interface Adam {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

/** Loshchilov & Hutter 2019, algorithm 2, with the same gradient at each step. */
export function adamW(
  p: Numbers,
  g: Numbers,
  steps: number,
  { lr, betas, eps, weightDecay }: Adam,
): Float64Array {
  return Float64Array.from(p, (value, i) => {
    let [m, v, now] = [0, 0, value];
    for (let t = 1; t <= steps; t++) {
      m = betas[0] * m + (1 - betas[0]) * g[i]!;
      v = betas[1] * v + (1 - betas[1]) * g[i]! ** 2;
      const [mHat, vHat] = [m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)];
      now -= lr * weightDecay * now + (lr * mHat) / (Math.sqrt(vHat) + eps);
    }
    return now;
  });
}
