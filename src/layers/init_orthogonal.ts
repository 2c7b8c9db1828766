// Orthogonal initial values (torch.nn.init.orthogonal_). Only IEEE-exact operations: the same bits on every host.

import { ShapeError } from "../gpu/errors.ts";
import { hasValues } from "../tensor/parameter.ts";
import { defaultGenerator } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { XavierOptions } from "./init.ts";

/**
 * A random matrix [rows, all other axes] with orthonormal rows or columns, whichever are fewer, times gain (torch.nn.init.orthogonal_;
 * Saxe, McClelland & Ganguli 2013): uniform over all such matrices, from normal draws. Default gain 1.
 *
 * @throws ShapeError for fewer than two axes
 */
export function orthogonal(
  t: Tensor,
  { gain = 1, generator = defaultGenerator }: XavierOptions = {},
): Tensor {
  if (t.rank < 2)
    throw new ShapeError(`orthogonal: needs a tensor of 2 or more axes, got ${formatShape(t.shape)}`);
  if (t.size === 0 || !hasValues(t)) return t;
  const rows = t.shape[0];
  const cols = t.size / rows;
  const tall = rows > cols;
  const [count, length] = tall ? [cols, rows] : [rows, cols];
  const drawn = generator.normal(t.size);
  const vectors = Array.from({ length: count }, (_, i) =>
    Float64Array.from(drawn.subarray(i * length, (i + 1) * length)),
  );
  orthonormalise(vectors);
  const values = new Float32Array(t.size);
  vectors.forEach((v, i) => {
    v.forEach((e, k) => {
      values[tall ? k * cols + i : i * cols + k] = gain * e;
    });
  });
  t.device.recorder.upload(t, values);
  return t;
}

/** Gram-Schmidt, each vector twice: once leaves more than rounding. */
function orthonormalise(vectors: readonly Float64Array[]): void {
  vectors.forEach((v, i) => {
    for (let pass = 0; pass < 2; pass++) {
      for (const u of vectors.slice(0, i)) addScaled(v, u, -dot(u, v));
      const size = Math.sqrt(dot(v, v));
      v.forEach((e, k) => {
        v[k] = e / size;
      });
    }
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let k = 0; k < a.length; k++) total += a[k] * b[k];
  return total;
}

function addScaled(v: Float64Array, u: Float64Array, by: number): void {
  for (let k = 0; k < v.length; k++) v[k] += by * u[k];
}
