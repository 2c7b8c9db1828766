// Fully connected layer: y[.., out] = x[.., in] weight[out, in]^T + bias[out], one dispatch, the bias added where the product
// is stored. Without a bias it is a matmul. The gradients of weight and bias are one dispatch too.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { lowered } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { batchedMatmul } from "./matmul.ts";
import { batchLayout } from "./matmul_batch.ts";
import { runMatmul, sumsInside } from "./matmul_run.ts";
import { floatResult } from "./operand.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

/**
 * x weight^T + bias (torch.nn.functional.linear).
 *
 * @param x f32 [.., in]
 * @param weight f32 [out, in]
 * @param bias f32 [out], or null
 * @returns [.., out]
 * @throws ShapeError if the shapes do not fit; DTypeError unless all are f32
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  check(x, weight, bias);
  [x, weight] = [lowered(x), lowered(weight)]; // the bias is added in f32 as it is
  const [n, k] = weight.shape as [number, number];
  const m = x.shape.slice(0, -1).reduce((p, s) => p * s, 1);
  const rows = x.rank === 2 ? x : reshape(x, [m, k]); // [m, in]
  const y = bias ? withBias(rows, weight, bias) : batchedMatmul(rows, weight, { transB: true }); // [m, out]
  return x.rank === 2 ? y : reshape(y, [...x.shape.slice(0, -1), n]);
}

function withBias(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const [m, k] = x.shape as [number, number];
  const n = weight.shape[0]!;
  const [y] = op("linear", [x, weight, bias], () => {
    const y = empty([m, n], floatResult(x, weight), x.device);
    const operands = { a: x, b: weight, bias, y, transA: false, transB: true };
    runMatmul(operands, { m, n, k, batches: 1 }, batchLayout("linear", [], [])!, undefined, "linear");
    return {
      outputs: [y],
      pullback: ([dy]) => {
        if (!dy) return [null, null, null];
        const both = weight.requiresGrad && bias.requiresGrad;
        const [dWeight, dBias] = both
          ? linearGradients(dy, x)
          : [
              weight.requiresGrad ? batchedMatmul(dy, x, { transA: true }) : null, // [out, in]
              bias.requiresGrad ? sum(dy, 0) : null, // [out]
            ];
        return [x.requiresGrad ? batchedMatmul(dy, weight) : null, dWeight, dBias]; // [m, in]
      },
    };
  });
  return y;
}

/**
 * Gradients of weight and bias, dy^T x and the sums of dy over its rows: one dispatch, since the product reads all of dy.
 *
 * @param dy [m, out]
 * @param x [m, in]
 * @returns [out, in] and [out]
 */
export function linearGradients(dy: Tensor, x: Tensor): readonly [Tensor, Tensor] {
  const [k, m] = dy.shape as [number, number];
  const n = x.shape[1]!;
  const size = { m, n, k, batches: 1 };
  if (!sumsInside(size, x.device)) return [batchedMatmul(dy, x, { transA: true }), sum(dy, 0)];
  const [dWeight, dBias] = op("linearGradients", [dy, x], () => {
    const y = empty([m, n], floatResult(dy, x), x.device);
    const aSums = empty([m], dy.dtype, x.device);
    const operands = { a: dy, b: x, bias: null, y, aSums, transA: true, transB: false };
    runMatmul(operands, size, batchLayout("linear", [], [])!, undefined, "linearGradients");
    return {
      outputs: [y, aSums],
      pullback: ([gw, gb]) => [
        dy.requiresGrad ? toRows(x, gw, gb, dy.shape) : null,
        gw && x.requiresGrad ? batchedMatmul(dy, gw) : null, // [m, in]
      ],
    };
  });
  return [dWeight!, dBias!];
}

/** d dy of linearGradients: x gw^T + gb, [m, out]. */
function toRows(x: Tensor, gw: Tensor | null, gb: Tensor | null, shape: Shape): Tensor | null {
  if (gw) return linear(x, gw, gb);
  return gb && broadcastTo(gb, shape);
}

function check(x: Tensor, weight: Tensor, bias: Tensor | null): void {
  const all = [
    ["x", x],
    ["weight", weight],
    ["bias", bias],
  ] as const;
  const given = () => all.flatMap(([name, t]) => (t ? [`${name} ${formatShape(t.shape)}`] : [])).join(", ");
  for (const [name, t] of all) {
    if (t && !isFloat(t.dtype)) throw new DTypeError(`linear: ${name} must be f32 or f16, is ${t.dtype}`);
  }
  if (weight.rank !== 2) throw new ShapeError(`linear: weight must be [out, in], ${given()}`);
  if (x.rank === 0 || x.shape.at(-1) !== weight.shape[1]) {
    throw new ShapeError(`linear: the last axis of x must be weight.shape[1], ${given()}`);
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new ShapeError(`linear: bias must be [out], ${given()}`);
  }
}
