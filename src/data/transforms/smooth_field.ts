// A smooth random field: normal values on a coarse grid, bicubic between them (Keys 1981, a = -1/2; the grid's rim repeated).
import type { Generator } from "../../tensor/philox.ts";

/** Normal values on a grid of points x points whose corners are the crop's, bicubic between -> [h, w]. */
export function smoothField(
  points: number,
  [h, w]: readonly [h: number, w: number],
  std: number,
  generator: Generator,
): Float32Array {
  const grid = generator.normal(points * points, 0, std);
  const [down, across] = [cubicTaps(points, h), cubicTaps(points, w)];
  const wide = new Float32Array(points * w);
  for (let g = 0; g < points; g++)
    for (let x = 0; x < w; x++)
      for (let k = 0; k < 4; k++)
        wide[g * w + x]! += across.weight[4 * x + k]! * grid[g * points + across.index[4 * x + k]!]!;
  const out = new Float32Array(h * w);
  for (let y = 0; y < h; y++)
    for (let k = 0; k < 4; k++) {
      const [weight, row] = [down.weight[4 * y + k]!, down.index[4 * y + k]! * w];
      for (let x = 0; x < w; x++) out[y * w + x]! += weight * wide[row + x]!;
    }
  return out;
}

/** Four neighbours and weights of each of `count` places spread over `points`: Keys 1981, a = -1/2; ends repeated. */
function cubicTaps(points: number, count: number) {
  const [index, weight] = [new Int32Array(4 * count), new Float32Array(4 * count)];
  for (let i = 0; i < count; i++) {
    const at = count === 1 ? 0 : (i * (points - 1)) / (count - 1);
    const base = Math.min(points - 2, Math.floor(at));
    const t = at - base;
    const taps = [((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t];
    for (let k = 0; k < 4; k++) {
      index[4 * i + k] = Math.min(points - 1, Math.max(0, base - 1 + k));
      weight[4 * i + k] = taps[k]! / 2;
    }
  }
  return { index, weight };
}
