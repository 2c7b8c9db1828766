// Fully connected layer: y[.., out] = x[.., in] weight[out, in]^T + bias[out], one dispatch, the bias added where the product
// is stored. Without a bias it is a matmul, as are the gradients.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { batchedMatmul } from "./matmul.ts";
import { batchLayout } from "./matmul_batch.ts";
import { runMatmul } from "./matmul_run.ts";
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
    const y = empty([m, n], "f32", x.device);
    const operands = { a: x, b: weight, bias, y, transA: false, transB: true };
    runMatmul(operands, { m, n, k, batches: 1 }, batchLayout("linear", [], [])!, undefined, "linear");
    return {
      outputs: [y],
      pullback: ([dy]) => [
        dy && x.requiresGrad ? batchedMatmul(dy, weight) : null, // [m, in]
        dy && weight.requiresGrad ? batchedMatmul(dy, x, { transA: true }) : null, // [out, in]
        dy && bias.requiresGrad ? sum(dy, 0) : null, // [out]
      ],
    };
  });
  return y;
}

function check(x: Tensor, weight: Tensor, bias: Tensor | null): void {
  const all = [
    ["x", x],
    ["weight", weight],
    ["bias", bias],
  ] as const;
  const given = () => all.flatMap(([name, t]) => (t ? [`${name} ${formatShape(t.shape)}`] : [])).join(", ");
  for (const [name, t] of all) {
    if (t && t.dtype !== "f32") throw new DTypeError(`linear: ${name} must be f32, is ${t.dtype}`);
  }
  if (weight.rank !== 2) throw new ShapeError(`linear: weight must be [out, in], ${given()}`);
  if (x.rank === 0 || x.shape.at(-1) !== weight.shape[1]) {
    throw new ShapeError(`linear: the last axis of x must be weight.shape[1], ${given()}`);
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== weight.shape[0])) {
    throw new ShapeError(`linear: bias must be [out], ${given()}`);
  }
}
