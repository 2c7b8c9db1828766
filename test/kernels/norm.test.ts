// Batch norm and layer norm: PyTorch's golden values with gradients of both orders and running statistics, f64 loops for
// odd shapes, empty batches, replay in a compiled function, determinism, errors.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { type BatchNormOptions, batchNorm } from "../../src/kernels/batch_norm.ts";
import { layerNorm } from "../../src/kernels/layer_norm.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { ones, rand, randn, tensor, zeros } from "../../src/tensor/create.ts";
import { buffer } from "../../src/tensor/parameter.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "./golden_case.ts";

let device: Device;

beforeAll(async () => {
  device = await requestDevice({ debug: true });
});

describe("golden values of PyTorch", () => {
  test.each(loadGolden<BatchNormOptions>("norm", "batchNorm"))("$name", (c) =>
    checkGolden(c as never, ({ x, ...rest }) => [batchNorm(x!, { ...rest, ...c.options })]),
  );
  test.each(loadGolden<{ normalizedShape: Shape; eps?: number }>("norm", "layerNorm"))("$name", (c) => {
    const { normalizedShape, eps } = c.options;
    return checkGolden(c as never, ({ x, weight, bias }) => [
      layerNorm(x!, normalizedShape, weight, bias, eps),
    ]);
  });
});

/** Normalises each group of elements (by its number) in f64, with the gradients of sum(y * dy). */
function reference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  groupOf: (i: number) => number,
  columnOf: (i: number) => number,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
) {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < x.length; i++) {
    const g = groupOf(i);
    if (!groups.has(g)) groups.set(g, []);
    groups.get(g)!.push(i);
  }
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const dweight = new Float64Array(weight.length);
  const dbias = new Float64Array(bias.length);
  for (const members of groups.values()) {
    const over = (f: (i: number) => number) => members.reduce((s, i) => s + f(i), 0) / members.length;
    const mean = over((i) => x[i]!);
    const rstd = 1 / Math.sqrt(over((i) => (x[i]! - mean) ** 2) + 1e-5);
    const hat = (i: number) => (x[i]! - mean) * rstd;
    const g = (i: number) => dy[i]! * weight[columnOf(i)]!;
    const [c1, c2] = [over(g), over((i) => g(i) * hat(i))];
    for (const i of members) {
      y[i] = hat(i) * weight[columnOf(i)]! + bias[columnOf(i)]!;
      dx[i] = rstd * (g(i) - c1 - hat(i) * c2);
      dweight[columnOf(i)]! += dy[i]! * hat(i);
      dbias[columnOf(i)]! += dy[i]!;
    }
  }
  return { y, dx, dweight, dbias };
}

// The kernels share the work in other ways on a GPU than on a software adapter: both are tested wherever this runs.
describe.each([true, false])("f64 loops, software: %s", (software) => {
  let before: boolean;
  const pretend = (value: boolean) => Object.assign(device.adapter, { software: value });
  beforeAll(() => {
    before = device.adapter.software;
    pretend(software);
  });
  afterAll(() => {
    pretend(before);
  });

  test.each([
    [[64, 8, 28, 28]],
    [[5, 3, 14, 14]],
    [[2, 1, 1, 1]],
    [[33, 130]],
    [[600, 2]],
    [[1, 300, 4]],
    [[3, 2, 61, 67]],
    [[2, 5, 64, 32]],
  ])("batchNorm %j", async (shape) => {
    const c = shape[1]!;
    const plane = shape.slice(2).reduce((a, b) => a * b, 1);
    const x = randn(shape, { requiresGrad: true });
    const [weight, bias] = [randn([c], { requiresGrad: true }), randn([c], { requiresGrad: true })];
    const y = batchNorm(x, { weight, bias, training: true });
    const dy = randn(shape);
    const gradients = grad(y, [x, weight, bias], { gradOutputs: [dy] });
    const channel = (i: number) => Math.floor(i / plane) % c;
    const want = reference(
      await x.data(),
      await dy.data(),
      channel,
      channel,
      await weight.data(),
      await bias.data(),
    );
    const terms = Math.sqrt((shape[0]! * plane) / 10 + 10);
    expectClose(await y.data(), want.y, 4e-6, "y");
    expectClose(await gradients[0]!.data(), want.dx, shape[0]! * plane === 2 ? 1e-2 : 2e-5, "dx");
    expectClose(await gradients[1]!.data(), want.dweight, 2e-6 * terms, "dweight");
    expectClose(await gradients[2]!.data(), want.dbias, 2e-6 * terms, "dbias");
  });

  test.each([
    [[256, 512], 1],
    [[3, 7, 5], 1],
    [[1, 1], 1],
    [[130, 3], 1],
    [[2, 1000], 1],
    [[2, 3, 4, 6], 3],
    [[1025, 8], 1],
    [[5000, 8], 1],
    [[4200, 3], 1],
  ])("layerNorm %j over %d axes", async (shape, axes) => {
    const last = shape.slice(shape.length - axes);
    const d = last.reduce((a, b) => a * b, 1);
    const x = randn(shape, { requiresGrad: true });
    const [weight, bias] = [randn(last, { requiresGrad: true }), randn(last, { requiresGrad: true })];
    const y = layerNorm(x, last, weight, bias);
    const dy = randn(shape);
    const gradients = grad(y, [x, weight, bias], { gradOutputs: [dy] });
    const want = reference(
      await x.data(),
      await dy.data(),
      (i) => Math.floor(i / d),
      (i) => i % d,
      await weight.data(),
      await bias.data(),
    );
    expectClose(await y.data(), want.y, 4e-6, "y");
    expectClose(await gradients[0]!.data(), want.dx, 2e-5, "dx");
    expectClose(await gradients[1]!.data(), want.dweight, 2e-5, "dweight");
    expectClose(await gradients[2]!.data(), want.dbias, 2e-5, "dbias");
  });
});

describe("stability", () => {
  test("an outlier where the sums are counted from costs no digits", async () => {
    const values = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i * 12.9898));
    values[0] = 1e4;
    const [c, d] = [1, 4096];
    const want = reference(
      values,
      values,
      () => 0,
      () => 0,
      [1],
      [0],
    );
    const y = batchNorm(tensor(values, { shape: [1, c, d] }), { training: true });
    expectClose(await y.data(), want.y, 1e-5, "batchNorm");
    const z = layerNorm(tensor(values, { shape: [1, d] }), d);
    expectClose(await z.data(), want.y, 1e-5, "layerNorm");
  });

  test("NaN stays in its channel and row", async () => {
    const x = tensor([
      [1, Number.NaN],
      [2, 3],
      [4, 5],
    ]);
    const y = [...(await batchNorm(x, { training: true }).data())];
    expect(y.map(Number.isNaN)).toEqual([false, true, false, true, false, true]);
    const z = [...(await layerNorm(x, 2).data())];
    expect(z.map(Number.isNaN)).toEqual([true, true, false, false, false, false]);
  });

  test("two runs are bit-identical", async () => {
    const x = rand([16, 3, 20, 20], { requiresGrad: true });
    const weight = rand([3], { requiresGrad: true });
    const run = async () => {
      const y = batchNorm(x, { weight, training: true });
      const gradients = grad(y, [x, weight], { gradOutputs: [x] });
      return Promise.all([y, ...gradients].map((t) => t.data()));
    };
    expect(await run()).toEqual(await run());
  });
});

describe("running statistics", () => {
  test("momentum null: plain averages over the batches, counted on the device", async () => {
    const runningMean = buffer([2], new Float32Array(2));
    const runningVar = buffer([2], new Float32Array(2).fill(1));
    const numBatchesTracked = buffer([], new Int32Array(1));
    const means: number[] = [];
    for (let k = 0; k < 3; k++) {
      const x = randn([8, 2]);
      const data = await x.data();
      means.push(Array.from({ length: 8 }, (_, i) => data[i * 2]!).reduce((a, b) => a + b) / 8);
      batchNorm(x, { runningMean, runningVar, numBatchesTracked, training: true, momentum: null });
    }
    expect(await numBatchesTracked.item()).toBe(3);
    expect((await runningMean.data())[0]).toBeCloseTo((means[0]! + means[1]! + means[2]!) / 3, 6);
  });

  test("createGraph does not update them again", async () => {
    const runningMean = buffer([2], new Float32Array(2));
    const runningVar = buffer([2], new Float32Array(2).fill(1));
    const numBatchesTracked = buffer([], new Int32Array(1));
    const x = randn([4, 2], { requiresGrad: true });
    const y = batchNorm(x, { runningMean, runningVar, numBatchesTracked, training: true });
    const before = await runningMean.data();
    grad(y, [x], { gradOutputs: [x], createGraph: true });
    expect(await runningMean.data()).toEqual(before);
    expect(await numBatchesTracked.item()).toBe(1);
  });

  test("a compiled function updates them at every replay", async () => {
    const state = () => ({
      runningMean: buffer([3], new Float32Array(3)),
      runningVar: buffer([3], new Float32Array(3).fill(1)),
      numBatchesTracked: buffer([], new Int32Array(1)),
    });
    const [eager, captured] = [state(), state()];
    const step = compile((x) => batchNorm(x as never, { ...captured, training: true }));
    for (let k = 0; k < 4; k++) {
      const x = randn([5, 3, 4, 4]);
      const want = batchNorm(x, { ...eager, training: true });
      expect(await (step(x) as typeof want).data()).toEqual(await want.data());
    }
    expect(await captured.runningMean.data()).toEqual(await eager.runningMean.data());
    expect(await captured.runningVar.data()).toEqual(await eager.runningVar.data());
    expect(await captured.numBatchesTracked.item()).toBe(4);
  });
});

test("no samples: empty results, zero gradients, running statistics as before", async () => {
  const runningMean = buffer([3], Float32Array.of(1, 2, 3));
  const runningVar = buffer([3], Float32Array.of(4, 5, 6));
  for (const training of [true, false]) {
    const x = zeros([0, 3, 2, 2], { requiresGrad: true });
    const weight = ones([3], { requiresGrad: true });
    const y = batchNorm(x, { weight, runningMean, runningVar, training });
    expect(y.shape).toEqual([0, 3, 2, 2]);
    const [dx, dweight] = grad(y, [x, weight], { gradOutputs: [zeros(y.shape)] });
    expect(dx!.shape).toEqual([0, 3, 2, 2]);
    expect([...(await dweight!.data())]).toEqual([0, 0, 0]);
  }
  expect([...(await runningMean.data())]).toEqual([1, 2, 3]);
  expect([...(await runningVar.data())]).toEqual([4, 5, 6]);

  const x = zeros([0, 4], { requiresGrad: true });
  const weight = ones([4], { requiresGrad: true });
  const y = layerNorm(x, 4, weight);
  const [dx, dweight] = grad(y, [x, weight], { gradOutputs: [zeros([0, 4])] });
  expect(dx!.shape).toEqual([0, 4]);
  expect([...(await dweight!.data())]).toEqual([0, 0, 0, 0]);
});

describe("errors", () => {
  const x = () => rand([2, 3, 4, 4]);
  const stats = () => ({ runningMean: zeros([3]), runningVar: ones([3]) });
  const cases: [string, () => unknown, RegExp][] = [
    ["rank", () => batchNorm(rand([3]), { training: true }), /^batchNorm: x must be \[n,c,\.\.\.\], x \[3\]/],
    [
      "one value",
      () => batchNorm(rand([1, 3]), { training: true }),
      /more than one value per channel, x \[1,3\]/,
    ],
    ["no statistics", () => batchNorm(x()), /evaluation needs runningMean and runningVar/],
    ["one of two", () => batchNorm(x(), { runningMean: zeros([3]), training: true }), /give both/],
    [
      "weight",
      () => batchNorm(x(), { ...stats(), weight: ones([4]) }),
      /weight must have one value per channel, weight \[4\], x \[2,3,4,4\]/,
    ],
    ["dtype", () => batchNorm(zeros([2, 3], { dtype: "i32" }), { training: true }), /x is i32/],
    [
      "momentum",
      () => batchNorm(x(), { training: true, momentum: 2 }),
      /momentum must be in \[0, 1\].*got 2/,
    ],
    [
      "average",
      () => batchNorm(x(), { ...stats(), training: true, momentum: null }),
      /needs numBatchesTracked/,
    ],
    ["eps", () => batchNorm(x(), { training: true, eps: -1 }), /eps must not be negative, got -1/],
    ["shape", () => layerNorm(x(), 5), /^layerNorm: x must end in normalizedShape, .* \[5\], x \[2,3,4,4\]/],
    ["empty shape", () => layerNorm(x(), []), /normalizedShape must be positive/],
    ["layer weight", () => layerNorm(x(), 4, ones([3])), /weight must have normalizedShape, weight \[3\]/],
    ["layer eps", () => layerNorm(x(), 4, null, null, Number.NaN), /eps must not be negative, got NaN/],
  ];
  test.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
