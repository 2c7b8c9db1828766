// dx = dy f'(v) in one dispatch, for ops whose derivative would take several. v is the input or the output of the op.
// Differentiable again: d/ddy is the same op, d/dv = dy f''(v), which each op gives as plain ops.

import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./binary.ts";
import { launchBinary } from "./elementwise.ts";
import type { Operand } from "./operand.ts";

export interface Chain {
  /** Of the op that is differentiated. */
  readonly name: string;
  /** WGSL of dx in v, dy, p, q. */
  readonly dx: string;
  /** f''(v); left out where it is zero or does not exist. */
  readonly second?: (v: Tensor) => Operand;
  /** Numbers of the function, such as a slope. */
  readonly p?: number;
  readonly q?: number;
  /** dx is dy or 0. */
  readonly gates?: true;
}

/** dx of one shape with `v` and `dy`. */
export function chain(rule: Chain, v: Tensor, dy: Tensor): Tensor {
  const name = `${rule.name}Gradient`;
  const { p, q, second } = rule;
  const how = { type: "f32", p, q, gates: rule.gates && "b" } as const;
  const [dx] = op(name, [v, dy], () => ({
    outputs: [launchBinary(name, rule.dx, [v, dy], how, ["v", "dy"])],
    pullback: ([g]) => [
      g && second && v.requiresGrad ? mul(mul(g, dy), second(v)) : null,
      g && dy.requiresGrad ? chain(rule, v, g) : null,
    ],
  }));
  return dx;
}
