// The linear recurrence h_k = b_k + a_k h_(k-1) along one axis, h before the first being 0; in reverse
// h_k = b_k + a_(k+1) h_(k+1). Its gradient is the same recurrence the other way round. What cumprod and logcumsumexp
// differentiate to: exact at zeros, since nothing is divided.

import { DTypeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./binary.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";
import { PAIR, runScan, type Scan } from "./scan_run.ts";

// The map h -> x h + y of a stretch: two of them one after the other are (x2 x1, x2 y1 + y2).
const LINEAR: Scan = {
  name: "linearScan",
  out: "f32",
  state: PAIR.f32,
  none: "vec2<f32>(1.0, 0.0)",
  combine: "return vec2<f32>(t.x * s.x, t.x * s.y + t.y);",
  element: `var link_value = 0.0; // nothing comes before the first
  if (k > 0u) { link_value = a[link]; }
  return vec2<f32>(link_value, b[at]);`,
  finish: "return s.y;",
};

/**
 * `a` and `b` of one shape, f32; a at the start of its row is not used.
 *
 * @throws DTypeError
 */
export function linearScan(a: Tensor, b: Tensor, axis: number, reverse = false): Tensor {
  if (!isFloat(a.dtype) || !isFloat(b.dtype))
    throw new DTypeError(`linearScan: needs f32 or f16, a ${a.dtype}${formatShape(a.shape)}, b ${b.dtype}`);
  const [h] = op("linearScan", [a, b], () => {
    const h = runScan(LINEAR, a, b, axis, reverse);
    return {
      outputs: [h],
      pullback: ([dh]) => {
        if (!dh) return [null, null];
        const db = linearScan(a, dh, axis, !reverse);
        // a_k links two neighbours: the gradient of the later times the value of the earlier.
        const da = reverse ? mul(neighbour(db, axis, false), h) : mul(db, neighbour(h, axis, false));
        return [a.requiresGrad ? da : null, db];
      },
    };
  });
  return h;
}

/** x moved on by one along an axis: the element before each, or after each; `value` at the end of the row. */
export function neighbour(x: Tensor, axis: number, after: boolean, value = 0): Tensor {
  if (x.size === 0) return x;
  if (x.rank === 0) return reshape(neighbour(reshape(x, [1]), 0, after, value), []);
  const behind = 2 * (x.rank - 1 - axis);
  return pad(x, [...new Array<number>(behind).fill(0), ...(after ? [-1, 1] : [1, -1])], value);
}
