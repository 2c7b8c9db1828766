// Layouts that the peers prefer, made and undone outside the clock.

/** Element order of x with its axes in another order: y's axis i is x's axis order[i]. */
export function permuted<T extends ArrayLike<number>>(
  x: T,
  shape: readonly number[],
  order: readonly number[],
): Float32Array<ArrayBuffer> {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const sizes = order.map((axis) => shape[axis]!);
  const y = new Float32Array(x.length);
  const index = new Array<number>(order.length).fill(0);
  for (let at = 0; at < y.length; at++) {
    y[at] = x[order.reduce((sum, axis, i) => sum + strides[axis]! * index[i]!, 0)]!;
    for (let i = index.length - 1; i >= 0 && ++index[i]! === sizes[i]; i--) index[i] = 0;
  }
  return y;
}

/** [a, b, c, d] -> [a, c, b, d] */
export function flipMiddle(x: ArrayLike<number>, shape: readonly number[]): Float32Array<ArrayBuffer> {
  return permuted(x, shape, [0, 2, 1, 3]);
}
