// A weight divided by its largest singular value sigma = u . W v, with u and v found by power iteration: W is the weight with
// one axis as rows. Composed of ops; u and v are constants for the gradient. The layer that is trained so: layers/spectral_norm.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { noGrad } from "../tensor/mode.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { div } from "./binary.ts";
import { maximum } from "./extremes.ts";
import { batchedMatmul } from "./matmul.ts";
import { permute } from "./permute.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { sqrt, square } from "./unary.ts";

export interface SpectralNormOptions {
  /** Steps of v = W^T u / |W^T u|, u = W v / |W v| before, in place. Default 1, 0 leaves u and v. */
  readonly iterations?: number;
  /** The least norm that is divided by. Default 1e-12. */
  readonly eps?: number;
  /** The axis that W has as rows. Default 0; 1 for transposed convolutions. */
  readonly axis?: number;
}

/**
 * Spectral normalisation (torch.nn.utils.spectral_norm; Miyato et al. 2018).
 *
 * Shapes: weight any with at least two axes; u [size of axis], v [product of the others] -> as weight.
 *
 * @throws ShapeError for u or v of another size, a weight with one axis; OptionError for options out of range; DTypeError
 */
export function spectralNorm(
  weight: Tensor,
  u: Tensor,
  v: Tensor,
  options: SpectralNormOptions = {},
): Tensor {
  const { iterations = 1, eps = 1e-12, axis = 0 } = options;
  check(weight, u, v, iterations, axis);
  const rows = u.size;
  const order = [axis, ...weight.shape.map((_, i) => i).filter((i) => i !== axis)];
  const matrix = reshape(axis === 0 ? weight : permute(weight, order), [rows, v.size]); // [rows, cols]
  const [left, right] = noGrad(() =>
    scope(() => {
      const [row, column] = [reshape(u, [1, rows]), reshape(v, [v.size, 1])]; // on u's and v's storage
      for (let i = 0; i < iterations; i++) {
        copyInto(v, reshape(unit(batchedMatmul(row, matrix), eps), v.shape));
        copyInto(u, reshape(unit(batchedMatmul(matrix, column), eps), u.shape));
      }
      return [copied(row), copied(column)]; // the next call changes u and v
    }, "spectralNorm"),
  );
  const sigma = batchedMatmul(left, batchedMatmul(matrix, right)); // [1, 1]
  return div(weight, reshape(sigma, []));
}

const unit = (x: Tensor, eps: number): Tensor => div(x, maximum(sqrt(sum(square(x))), eps));
const copied = (x: Tensor): Tensor => copyInto(empty(x.shape, x.dtype, x.device), x);

function check(weight: Tensor, u: Tensor, v: Tensor, iterations: number, axis: number): void {
  const shapes = `weight ${formatShape(weight.shape)}, u ${formatShape(u.shape)}, v ${formatShape(v.shape)}`;
  if (weight.rank < 2) throw new ShapeError(`spectralNorm: weight needs two axes, ${shapes}`);
  if (!Number.isInteger(axis) || axis < 0 || axis >= weight.rank)
    throw new OptionError(`spectralNorm: axis must be one of weight's, got ${axis}, ${shapes}`);
  if (!Number.isInteger(iterations) || iterations < 0)
    throw new OptionError(`spectralNorm: iterations must be a non-negative integer, got ${iterations}`);
  for (const [key, t] of Object.entries({ weight, u, v }))
    if (!isFloat(t.dtype)) throw new DTypeError(`spectralNorm: takes f32 tensors, ${key} is ${t.dtype}`);
  if (u.size !== weight.shape[axis] || u.size * v.size !== weight.size)
    throw new ShapeError(`spectralNorm: u and v must fit the rows and columns of weight, ${shapes}`);
}
