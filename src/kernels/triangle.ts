// tril and triu: the part of a matrix on one side of a diagonal, zeros elsewhere. Linear and its own adjoint.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { triangle as triangleShader } from "../gpu/shaders.gen.ts";
import { op } from "../tensor/op.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

const run = kernel(triangleShader);
const WG = 64;

/**
 * The lower triangle of x [.., rows, cols]: x where column - row <= diagonal, else 0 (torch.tril).
 *
 * @param diagonal 0, the default: the main diagonal; positive: above it
 * @throws ShapeError for fewer than two axes; OptionError unless diagonal is an integer
 */
export function tril(x: Tensor, diagonal = 0): Tensor {
  return triangle("tril", x, diagonal);
}

/** The upper triangle: x where column - row >= diagonal, else 0 (torch.triu). As tril. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  return triangle("triu", x, diagonal);
}

function triangle(name: "tril" | "triu", x: Tensor, diagonal: number): Tensor {
  if (x.rank < 2) throw new ShapeError(`${name}: needs two axes, x ${formatShape(x.shape)}`);
  if (!Number.isInteger(diagonal))
    throw new OptionError(`${name}: diagonal must be an integer, got ${diagonal}`);
  const [y] = op(name, [x], () => {
    const y = empty(x.shape, x.dtype, x.device);
    const [rows, cols] = x.shape.slice(-2);
    const types = { T: x.dtype === "f16" ? "f16" : "u32" };
    run(
      { x, y },
      { size: x.size, rows, cols, diagonal },
      { grid: grid1d(Math.ceil(x.size / WG)), constants: { UPPER: name === "triu" }, types, label: name },
    );
    return { outputs: [y], pullback: ([dy]) => [dy && triangle(name, dy, diagonal)] };
  });
  return y;
}
