// maximum, minimum, clamp, element by element: NaN wins, as in PyTorch. Over axes: the reductions.

import { OptionError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { binary } from "./binary.ts";
import { type Chain, chain } from "./chain.ts";
import { launchBinary } from "./elementwise.ts";
import { commonDType, type Operand } from "./operand.ts";
import { numbers, unary } from "./unary.ts";

/** The larger of a and b (torch.maximum). Equal ones share the gradient. */
export function maximum(a: Operand, b: Operand): Tensor {
  return extreme("maximum", a, b, "op_lt_f32");
}

/** The smaller of a and b (torch.minimum). Equal ones share the gradient. */
export function minimum(a: Operand, b: Operand): Tensor {
  return extreme("minimum", a, b, "op_gt_f32");
}

function extreme(name: string, a: Operand, b: Operand, loses: string): Tensor {
  const type = commonDType(name, a, b);
  const gradient = (x: Operand, other: Operand) => (dy: Tensor) =>
    taken(name, share(name, x, other, loses), dy);
  return binary(name, [a, b], { a: gradient(a, b), b: gradient(b, a) }, { type });
}

/** The part of the gradient that x gets: 0, 1/2 or 1. Constant as far as gradients go. */
function share(name: string, x: Operand, other: Operand, loses: string): Tensor {
  const body = `select(select(1.0, 0.0, ${loses}(a, b) == 1u), 0.5, op_eq_f32(a, b) == 1u)`;
  const tensors = [x, other].map((t) => (typeof t === "number" ? null : t));
  const [y] = op(`${name}Share`, tensors, () => ({
    outputs: [launchBinary(`${name}Share`, body, [x, other], { type: "f32" })],
  }));
  return y;
}

/** dy v, but 0 where v = 0, even if dy is not finite. */
const taken = (name: string, v: Tensor, dy: Tensor) =>
  chain({ name, dx: "select(dy * v, 0.0, v == 0.0)" }, v, dy);

export interface ClampOptions {
  readonly min?: number;
  readonly max?: number;
}

/** min(max(x, min), max) (torch.clamp). The gradient passes at the bounds. */
export function clamp(x: Tensor, { min, max }: ClampOptions): Tensor {
  if (min === undefined && max === undefined) throw new OptionError("clamp: needs min or max");
  const type = numbers("clamp", x);
  if (!isFloat(type)) {
    const raised = min === undefined ? x : maximum(x, min);
    return max === undefined ? raised : minimum(raised, max);
  }
  const [p, q] = [min ?? -Infinity, max ?? Infinity];
  const rule: Chain = { name: "clamp", dx: "select(0.0, dy, v >= p && v <= q && !is_nan(v))", p, q };
  return unary("clamp", x, (dy, x) => chain(rule, x, dy), {
    body: "op_minimum_f32(op_maximum_f32(x, p), q)",
    p,
    q,
  });
}
