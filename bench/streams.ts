// Benches bound by memory: rows, a whole sum, an elementwise chain as eager ops, and one AdamW step over a flat slab. Norms over
// other axes: norms.ts.
import { gelu } from "../src/kernels/activation.ts";
import { add, mul } from "../src/kernels/binary.ts";
import { layerNorm } from "../src/kernels/layer_norm.ts";
import { sum } from "../src/kernels/reduce.ts";
import { softmax } from "../src/kernels/softmax.ts";
import { AdamW } from "../src/optim/adam.ts";
import { erf } from "../src/selftest/reference/elementwise_reference.ts";
import { noise } from "../src/selftest/reference/matmul_reference.ts";
import { parameter } from "../src/tensor/parameter.ts";
import type { Bench, Ready, Sweep } from "./kernels.ts";
import { operand } from "./products.ts";

const MILLION = 1024 * 1024;
const F32 = 4; // bytes

// FLOP of exp, erf, sqrt and division count one each: only the bytes matter here.
export const streams: readonly Bench[] = [
  ...[softmaxBench(64, 1024), softmaxBench(4096, 1024, "full")],
  ...[layerNormBench(256, 512), layerNormBench(4096, 768, "full")],
  { kernel: "sum", shape: "[1M]", flops: MILLION, bytes: F32 * MILLION, roof: "stream", setup: total },
  {
    kernel: "gelu(x * a + b)",
    shape: "[1M]",
    flops: 7 * MILLION,
    bytes: 2 * F32 * MILLION, // as one kernel: three eager ones move three times that
    roof: "stream",
    setup: chain,
  },
  adamBench(1),
  adamBench(10, "full"),
];

function softmaxBench(rows: number, d: number, sweep?: Sweep): Bench {
  const [shape, flops, bytes] = [`[${rows},${d}]`, 5 * rows * d, 2 * F32 * rows * d];
  return { kernel: "softmax", shape, flops, bytes, roof: "stream", sweep, setup: () => softmaxRows(rows, d) };
}

function layerNormBench(rows: number, d: number, sweep?: Sweep): Bench {
  const shape = `[${rows},${d}]`;
  const bytes = 2 * F32 * (rows * d + d); // weight and bias are rows of their own
  const setup = () => layerNormRows(rows, d);
  return { kernel: "layer norm", shape, flops: 8 * rows * d, bytes, roof: "stream", sweep, setup };
}

function adamBench(millions: number, sweep?: Sweep): Bench {
  const n = millions * MILLION;
  const bytes = 7 * F32 * n; // p, g, m, v read; p, m, v written
  const setup = () => adamW(n);
  return { kernel: "AdamW", shape: `[${millions}M]`, flops: 15 * n, bytes, roof: "stream", sweep, setup };
}

function softmaxRows(rows: number, d: number): Ready {
  const x = operand([rows, d], 1);
  const row = (values: Float64Array) => {
    const e = values.map(Math.exp); // below 1: no maximum to subtract
    const sum = e.reduce((a, b) => a + b);
    return e.map((v) => v / sum);
  };
  return { run: () => softmax(x.tensor), reference: () => byRow(x.data, d, row) };
}

function layerNormRows(rows: number, d: number): Ready {
  const [x, weight, bias] = [operand([rows, d], 1), operand([d], 2), operand([d], 3)];
  const row = (values: Float64Array) => {
    const mean = values.reduce((a, b) => a + b) / d;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / d;
    return values.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * weight.data[i]! + bias.data[i]!);
  };
  return {
    run: () => layerNorm(x.tensor, d, weight.tensor, bias.tensor),
    reference: () => byRow(x.data, d, row),
  };
}

function byRow(data: Float64Array, d: number, row: (values: Float64Array) => Float64Array): Float64Array {
  const y = new Float64Array(data.length);
  for (let at = 0; at < data.length; at += d) y.set(row(data.subarray(at, at + d)), at);
  return y;
}

function total(): Ready {
  const x = operand([MILLION], 1);
  const positive = add(x.tensor, 1); // no cancellation: the error is judged against the sum
  return {
    run: () => sum(positive),
    reference: () => [x.data.reduce((a, b) => a + Math.fround(b + 1), 0)],
  };
}

function chain(): Ready {
  const [a, b] = [1.5, 0.25];
  const x = operand([MILLION], 1);
  const phi = (v: number) => (v / 2) * (1 + erf(v / Math.SQRT2));
  return {
    run: () => gelu(add(mul(x.tensor, a), b)),
    reference: () => x.data.map((v) => phi(v * a + b)),
  };
}

function adamW(n: number): Ready {
  const calls = 3;
  const [lr, beta1, beta2, eps, decay] = [1e-2, 0.9, 0.999, 1e-8, 0.01];
  const start = noise([n], 1).data;
  const gradient = operand([n], 2);
  const p = parameter([n], Float32Array.from(start));
  const optimizer = new AdamW([p], { lr, betas: [beta1, beta2], eps, weightDecay: decay });
  p.grad = gradient.tensor; // the first step copies it into the slab
  const one = (p0: number, g: number) => {
    let [q, m, v] = [p0, 0, 0];
    for (let t = 1; t <= calls; t++) {
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      q -= lr * decay * q + (lr * (m / (1 - beta1 ** t))) / (Math.sqrt(v / (1 - beta2 ** t)) + eps);
    }
    return q;
  };
  return {
    calls,
    run: () => {
      optimizer.step();
      return p;
    },
    reference: () => start.map((p0, i) => one(p0, gradient.data[i]!)),
  };
}
