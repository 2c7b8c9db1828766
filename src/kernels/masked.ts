// Writing and reading where a mask holds: maskedFill, and maskedSelect, whose size only the host knows after a read-back.

import { DTypeError } from "../gpu/errors.ts";
import { tensor } from "../tensor/create.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { indexSelect } from "./gather.ts";
import { describe, type Operand } from "./operand.ts";
import { reshape } from "./reshape.ts";
import { where } from "./where.ts";

/**
 * x with `value` where mask holds (torch.masked_fill); shapes broadcast. Gradient 0 there, even beside NaN.
 *
 * @param mask bool
 * @param value number or scalar tensor
 * @throws DTypeError unless mask is bool; ShapeError if the shapes do not broadcast
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  checkMask("maskedFill", mask);
  return where(mask, value, x);
}

/**
 * The elements of x where mask holds, in row-major order, as one row (torch.masked_select); shapes broadcast. Reads the
 * mask back to the host, since the size of the result depends on it: await it, and not inside `compile`. Where only a sum
 * or mean over the elements is wanted, `where` needs no read-back. Differentiable in x.
 *
 * @param mask bool
 * @throws DTypeError unless mask is bool; ShapeError if the shapes do not broadcast
 */
export async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  checkMask("maskedSelect", mask);
  const shape = broadcastShapes("maskedSelect", x.shape, mask.shape);
  const row = reshape(broadcastTo(x, shape), [-1]);
  const held = await broadcastTo(mask, shape).data();
  const index = Int32Array.from([...held.keys()].filter((i) => held[i] !== 0));
  return indexSelect(row, 0, tensor(index, { device: x.device }));
}

function checkMask(name: string, mask: Tensor): void {
  if (mask.dtype !== "bool") throw new DTypeError(`${name}: the mask must be bool, mask ${describe(mask)}`);
}
