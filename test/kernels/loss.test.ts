// Losses: PyTorch's golden values with gradients of both orders, float64 loops for sizes that take every path of the fused
// cross-entropy, indices out of range, zero-size, errors.
import { beforeAll, describe, expect, test } from "vitest";
import {
  bce,
  bceWithLogits,
  crossEntropy,
  huber,
  l1,
  mse,
  nll,
  type Reduction,
  smoothL1,
} from "../../src/functional/loss.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose, type Inputs } from "./golden_case.ts";
import { checkGradients } from "./gradient_check.ts";
import { type Nd, put } from "./nd.ts";
import { planAs } from "./plan_as.ts";
import { normal } from "./reduce_reference.ts";

beforeAll(async () => {
  await requestDevice(); // not in debug mode, where indices out of range are errors
});

const OPS: Record<string, (i: Inputs, options: object) => Tensor> = {
  crossEntropy: (i, o) => crossEntropy(i.x!, i.target!, { ...o, weight: i.weight }),
  nll: (i, o) => nll(i.x!, i.target!, { ...o, weight: i.weight }),
  mse: (i, o) => mse(i.x!, i.target!, o),
  l1: (i, o) => l1(i.x!, i.target!, o),
  smoothL1: (i, o) => smoothL1(i.x!, i.target!, o),
  bceWithLogits: (i, o) => bceWithLogits(i.x!, i.target!, { ...o, weight: i.weight, posWeight: i.posWeight }),
};

describe.each(Object.keys(OPS))("%s", (name) => {
  test.each(loadGolden("loss", name))("$name", async (c) => {
    await checkGolden(c, (inputs) => [OPS[name]!(inputs, c.options)]);
  });
});

/** Cross-entropy rows in float64, x [n, c], labels [n]. */
function rowsReference(x: Nd, labels: readonly number[], w: readonly number[], e: number): number[] {
  const c = x.shape[1]!;
  return labels.map((t, n) => {
    const row = x.data.slice(n * c, (n + 1) * c);
    const top = Math.max(...row);
    const lse = top + Math.log(row.reduce((s, v) => s + Math.exp(v - top), 0));
    const spread = row.reduce((s, v, k) => s + w[k]! * (lse - v), 0);
    return (1 - e) * w[t]! * (lse - row[t]!) + (e / c) * spread;
  });
}

describe.each(["software", "hardware"] as const)("crossEntropy, threads as for a %s adapter", (kind) => {
  planAs(kind);
  const labelsOf = (n: number, c: number) => Array.from({ length: n }, (_, i) => (i * 7 + 3) % c);
  test.each([
    [64, 10, 0],
    [5, 1000, 0],
    [5, 1001, 0.1],
    [3, 515, 0],
    [130, 128, 0.3],
    [40000, 3, 0],
    [1, 1, 0],
  ])("%i rows of %i classes, smoothing %f", async (n, c, e) => {
    const x = normal([n, c], 3, 2);
    const labels = labelsOf(n, c);
    const w = Array.from({ length: c }, (_, k) => Math.fround(0.5 + (k % 5) / 4));
    const flat = new Array<number>(c).fill(1);
    const t = tensor(Int32Array.from(labels));
    for (const weights of [flat, w]) {
      const rows = rowsReference(x, labels, weights, e);
      const total = rows.reduce((s, v) => s + v, 0);
      const weight = weights === flat ? undefined : tensor(Float32Array.from(w));
      const count = labels.reduce((s, k) => s + weights[k]!, 0);
      const run = (reduction: Reduction) =>
        crossEntropy(put(x), t, { reduction, weight, labelSmoothing: e }).data();
      expectClose(await run("none"), rows, 2e-6, "none");
      expectClose(await run("sum"), [total], 2e-6, "sum");
      expectClose(await run("mean"), [total / count], 2e-6, "mean");
    }
  });

  test.each(["mean", "sum", "none"] as const)("gradients of both orders, %s", async (reduction) => {
    const labels = [1, 3, 0, 2, 3];
    const w = [0.5, 2, 1, 0.25];
    await checkGradients(
      (x) =>
        crossEntropy(x, tensor(Int32Array.from(labels)), {
          reduction,
          weight: tensor(w),
          labelSmoothing: 0.2,
        }),
      (x) => {
        const rows = rowsReference(x, labels, w, 0.2);
        if (reduction === "none") return { shape: [5], data: rows };
        const count = reduction === "sum" ? 1 : labels.reduce((s, k) => s + w[k]!, 0);
        return { shape: [], data: [rows.reduce((s, v) => s + v, 0) / count] };
      },
      normal([5, 4], 8),
    );
  });

  test("one row without a batch axis", async () => {
    const x = normal([6], 2);
    const want = rowsReference({ shape: [1, 6], data: x.data }, [4], new Array(6).fill(1), 0);
    const leaf = put(x, true);
    const loss = crossEntropy(leaf, tensor(4, { dtype: "i32" }));
    expect(loss.shape).toEqual([]);
    expectClose(await loss.data(), want, 2e-6);
    backward(loss);
    expect([...(await leaf.grad!.data())].reduce((s, v) => s + v, 0)).toBeCloseTo(0, 6);
  });

  test.each([3, -1, 2 ** 31 - 1, -(2 ** 31)])("index %i of 3 classes: NaN in its row only", async (bad) => {
    const x = put(normal([2, 3], 2), true);
    const labels = tensor(Int32Array.from([bad, 1]));
    const rows = await crossEntropy(x, labels, { reduction: "none", weight: ones([3]) }).data();
    expect(rows[0]).toBeNaN();
    expect(rows[1]).toBeGreaterThan(0);
    const loss = crossEntropy(x, labels);
    expect(await loss.item()).toBeNaN();
    backward(loss);
    const g = await x.grad!.data();
    expect([...g].map(Number.isNaN)).toEqual([true, true, true, false, false, false]);
    expect(await nll(x, labels).item()).toBeNaN();
  });

  test("a NaN among the logits is a NaN in its row", async () => {
    const x = tensor(
      [
        [1, Number.NaN, 2, 3],
        [1, 2, 3, 4],
      ],
      { requiresGrad: true },
    );
    const rows = crossEntropy(x, tensor(Int32Array.from([0, 0])), { reduction: "none" });
    expect([...(await rows.data())].map(Number.isNaN)).toEqual([true, false]);
    backward(rows, ones([2]));
    expect([...(await x.grad!.data())].map(Number.isNaN)).toEqual(
      [0, 0, 0, 0, 1, 1, 1, 1].map((v) => v === 0),
    );
  });

  test("nothing at all: mean NaN, sum 0", async () => {
    const none = tensor(new Int32Array(0));
    expect(await crossEntropy(zeros([0, 3]), none).item()).toBeNaN();
    expect(await crossEntropy(zeros([0, 3]), none, { reduction: "sum" }).item()).toBe(0);
    expect(crossEntropy(zeros([0, 3]), none, { reduction: "none" }).shape).toEqual([0]);
  });

  test("two runs are bit-identical", async () => {
    const x = put(normal([20000, 4], 3));
    const labels = tensor(Int32Array.from(labelsOf(20000, 4)));
    expect(await crossEntropy(x, labels).item()).toBe(await crossEntropy(x, labels).item());
  });

  test("errors", () => {
    const x = zeros([2, 3]);
    const t = zeros([2], { dtype: "i32" });
    expect(() => crossEntropy(x, zeros([3], { dtype: "i32" }))).toThrow(
      /crossEntropy: i32 labels must have shape \[2\], logits \[2,3\], labels \[3\]/,
    );
    expect(() => crossEntropy(x, zeros([2]))).toThrow(/f32 labels must have shape \[2,3\]/);
    expect(() => crossEntropy(x, zeros([2], { dtype: "u32" }))).toThrow(
      /labels must be i32 class indices or f32/,
    );
    expect(() => crossEntropy(x, t, { weight: zeros([2]) })).toThrow(
      /weight must have shape \[3\], .*weight \[2\]/,
    );
    expect(() => crossEntropy(x, t, { weight: zeros([3], { dtype: "i32" }) })).toThrow(
      /weight must be f32 or f16, got i32/,
    );
    expect(() => crossEntropy(x, t, { labelSmoothing: 1.5 })).toThrow(
      /labelSmoothing must be in \[0, 1\], got 1.5/,
    );
    expect(() => crossEntropy(x, t, { reduction: "avg" as Reduction })).toThrow(
      /reduction must be .* got avg/,
    );
    expect(() => crossEntropy(zeros([2, 3], { dtype: "i32" }), t)).toThrow(
      /logits must be f32 or f16, got i32\[2,3\]/,
    );
    expect(() => crossEntropy(zeros([]), t)).toThrow(/logits need a class axis/);
    expect(() => crossEntropy(zeros([2, 0]), t)).toThrow(/logits need a class axis, .*logits \[2,0\]/);
  });
});

describe("composed losses", () => {
  const y = normal([3, 4], 21);
  const against = (x: Nd, f: (d: number) => number): Nd => ({
    shape: [],
    data: [x.data.reduce((s, v, i) => s + f(Math.abs(v - y.data[i]!)), 0) / x.data.length],
  });

  test("huber, delta 1.3, with gradients", async () => {
    const f = (d: number) => (d < 1.3 ? d ** 2 / 2 : 1.3 * (d - 0.65));
    await checkGradients(
      (x) => huber(x, put(y), { delta: 1.3 }),
      (x) => against(x, f),
      normal([3, 4], 22),
      { step: 1e-4, gg: 2e-4 },
    );
  });

  test("smoothL1 with beta 0 is l1", async () => {
    const x = put(normal([3, 4], 22));
    expect(await smoothL1(x, put(y), { beta: 0 }).item()).toBe(await l1(x, put(y)).item());
  });

  test("bce: values, gradients, and probabilities of 0 and 1", async () => {
    const p = { shape: [2, 3], data: [0.1, 0.5, 0.9, 0.3, 0.7, 0.99].map(Math.fround) };
    const t = { shape: [2, 3], data: [0, 1, 1, 0.25, 0.5, 1] };
    const ref = (x: Nd): Nd => ({
      shape: [2, 3],
      data: x.data.map((v, i) => -(t.data[i]! * Math.log(v) + (1 - t.data[i]!) * Math.log(1 - v))),
    });
    await checkGradients((x) => bce(x, put(t), { reduction: "none" }), ref, p, { grad: 2e-5, gg: 2e-3 });
    const x = tensor([0, 1, 0, 1], { requiresGrad: true });
    const losses = bce(x, tensor([0, 1, 1, 0]), { reduction: "none" });
    expectClose(await losses.data(), [0, 0, 100, 100], 1e-6);
    backward(losses, ones([4]));
    for (const g of await x.grad!.data()) expect(Number.isFinite(g)).toBe(true);
    expect(await bce(tensor([Number.NaN]), tensor([1])).item()).toBeNaN();
  });

  test("of nothing: mean NaN, sum 0", async () => {
    expect(await mse(zeros([0]), zeros([0])).item()).toBeNaN();
    expect(await mse(zeros([0]), zeros([0]), { reduction: "sum" }).item()).toBe(0);
  });

  test("errors", () => {
    for (const loss of [mse, l1, smoothL1, huber, bce, bceWithLogits]) {
      expect(() => loss(zeros([3]), zeros([3, 1]))).toThrow(
        new RegExp(`${loss.name}: needs two tensors of one shape, x \\[3\\], y \\[3,1\\]`),
      );
    }
    expect(() => smoothL1(y as never, y as never, { beta: -1 })).toThrow(/beta must not be negative/);
    expect(() => huber(y as never, y as never, { delta: 0 })).toThrow(/delta must be positive, got 0/);
    expect(() => mse(zeros([1]), zeros([1]), { reduction: "x" as Reduction })).toThrow(
      /mse: reduction must be/,
    );
    expect(() => nll(zeros([2, 3]), zeros([3], { dtype: "i32" }))).toThrow(
      /nll: i32 labels must have shape \[2\]/,
    );
    expect(() => nll(zeros([2, 3]), zeros([2, 3]))).toThrow(/nll: labels must be i32/);
  });
});
