// Pictures of half the size: each pixel the mean of 2 x 2, an odd last row or column left out.

/** Planes [n, h, w] -> f32 [n, floor(h / 2), floor(w / 2)]. */
export function halve(data: ArrayLike<number>, [n, h, w]: readonly [number, number, number]): Float32Array {
  const [rows, columns] = [Math.floor(h / 2), Math.floor(w / 2)];
  const out = new Float32Array(n * rows * columns);
  for (let i = 0, k = 0; i < n; i++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, k++) {
        const at = (i * h + 2 * y) * w + 2 * x;
        out[k] = (data[at]! + data[at + 1]! + data[at + w]! + data[at + w + 1]!) / 4;
      }
    }
  }
  return out;
}
