// Max, average and adaptive pooling: PyTorch's golden values with gradients of both orders, f64 loops for the paired
// kernels, empty batches, three dimensions, errors.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  type AdaptiveSize,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  globalAvgPool,
} from "../../src/kernels/adaptive_pool.ts";
import { type AvgPool2dOptions, avgPool2d } from "../../src/kernels/avg_pool.ts";
import { type MaxPool2dOptions, maxPool2d } from "../../src/kernels/max_pool.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { ones, rand, randn, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

describe("golden values of PyTorch", () => {
  test.each(loadGolden<MaxPool2dOptions>("pool", "maxPool2d"))("$name", (c) =>
    checkGolden(c as never, ({ x }) => maxPool2d(x!, { ...c.options, returnIndices: true })),
  );
  test.each(loadGolden<AvgPool2dOptions>("pool", "avgPool2d"))("$name", (c) =>
    checkGolden(c as never, ({ x }) => [avgPool2d(x!, c.options)]),
  );
  test.each(loadGolden<{ outputSize: AdaptiveSize }>("pool", "adaptiveAvgPool2d"))("$name", (c) =>
    checkGolden(c as never, ({ x }) => [adaptiveAvgPool2d(x!, c.options.outputSize)]),
  );
  test.each(loadGolden<{ outputSize: AdaptiveSize }>("pool", "adaptiveMaxPool2d"))("$name", (c) =>
    checkGolden(c as never, ({ x }) => adaptiveMaxPool2d(x!, c.options.outputSize, { returnIndices: true })),
  );
});

/** Max pooling 2x2 with stride 2 in f64, with the gradient for dy. */
function reference(x: Float32Array, [planes, h, w]: readonly number[], dy: Float32Array) {
  const [oh, ow] = [h! >> 1, w! >> 1];
  const y = new Float32Array(planes! * oh * ow);
  const indices = new Int32Array(y.length);
  const dx = new Float32Array(x.length);
  for (let o = 0; o < y.length; o++) {
    const plane = Math.floor(o / (oh * ow)) * h! * w!;
    const corner = (Math.floor(o / ow) % oh) * 2 * w! + (o % ow) * 2;
    let at = corner;
    for (const i of [corner + 1, corner + w!, corner + w! + 1]) if (x[plane + i]! > x[plane + at]!) at = i;
    y[o] = x[plane + at]!;
    indices[o] = at;
    dx[plane + at] += dy[o]!;
  }
  return { y, indices, dx };
}

describe("2x2 windows", () => {
  test.each([
    [[3, 1, 28, 28]],
    [[1, 5, 14, 14]],
    [[2, 3, 2, 2]],
    [[1, 1, 2, 2]],
    [[1, 3, 6, 2]],
    [[2, 1, 2, 10]],
    [[5, 8, 6]],
    [[2, 3, 6, 6]],
  ])("%j agree with a loop", async (shape) => {
    const x = randn(shape, { requiresGrad: true });
    const [y, indices] = maxPool2d(x, { kernelSize: 2, returnIndices: true });
    const dy = randn(y.shape);
    const [dx] = grad(y, [x], { gradOutputs: [dy] });
    const planes = shape.slice(0, -2).reduce((a, b) => a * b, 1);
    const want = reference(
      (await x.data()) as Float32Array,
      [planes, ...shape.slice(-2)],
      (await dy.data()) as Float32Array,
    );
    expect(await y.data()).toEqual(want.y);
    expect(await indices.data()).toEqual(want.indices);
    expect(await dx!.data()).toEqual(want.dx);
  });

  test("the first of equal values wins, the last NaN beats all, -inf has an index", async () => {
    const x = tensor([
      [
        [1, 1, Number.NaN, 3],
        [1, 1, 4, Number.NaN],
        [-Infinity, -Infinity, -0, 0],
        [-Infinity, -Infinity, 0, -0],
      ],
    ]);
    const [y, indices] = maxPool2d(x, { kernelSize: 2, returnIndices: true });
    expect([...(await y.data())]).toEqual([1, Number.NaN, -Infinity, -0]);
    expect([...(await indices.data())]).toEqual([0, 7, 8, 10]);
  });
});

test("three dimensions are one sample", async () => {
  const x = rand([3, 5, 7]);
  const batch = tensor((await x.data()) as Float32Array, { shape: [1, 3, 5, 7] });
  const ops: ((t: Tensor) => Tensor)[] = [
    (t) => maxPool2d(t, { kernelSize: 3, stride: 2, padding: 1 }),
    (t) => avgPool2d(t, { kernelSize: 3, stride: 2, padding: 1 }),
    (t) => adaptiveAvgPool2d(t, [2, 3]),
    (t) => adaptiveMaxPool2d(t, [2, 3]),
  ];
  for (const op of ops) {
    const single = op(x);
    expect(single.shape).toEqual(op(batch).shape.slice(1));
    expect(await single.data()).toEqual(await op(batch).data());
  }
});

test("an empty batch, an empty output, and sizes that are kept", async () => {
  const x = zeros([0, 3, 6, 6], { requiresGrad: true });
  for (const y of [maxPool2d(x, { kernelSize: 2 }), avgPool2d(x, { kernelSize: 3 }), globalAvgPool(x)]) {
    expect(y.shape.slice(0, 2)).toEqual([0, 3]);
    expect(grad(y, [x], { gradOutputs: [zeros(y.shape)] })[0]!.shape).toEqual([0, 3, 6, 6]);
  }
  const z = rand([2, 3, 4, 5], { requiresGrad: true });
  const none = adaptiveMaxPool2d(z, [0, 2]);
  expect(none.shape).toEqual([2, 3, 0, 2]);
  expect(new Set(await grad(none, [z], { gradOutputs: [zeros(none.shape)] })[0]!.data())).toEqual(
    new Set([0]),
  );
  expect(adaptiveAvgPool2d(z, [null, 2]).shape).toEqual([2, 3, 4, 2]);
  expect(await adaptiveAvgPool2d(z, null).data()).toEqual(await z.data());
});

test("globalAvgPool is the mean of each plane", async () => {
  const x = rand([2, 3, 9, 11]);
  const data = await x.data();
  const want = Array.from({ length: 6 }, (_, p) => {
    let sum = 0;
    for (let i = 0; i < 99; i++) sum += data[p * 99 + i]!;
    return sum / 99;
  });
  const y = globalAvgPool(x);
  expect(y.shape).toEqual([2, 3, 1, 1]);
  expectClose(await y.data(), want, 1e-6);
});

test("windows too large to write out", async () => {
  const x = randn([2, 1, 70, 68], { requiresGrad: true });
  const data = await x.data();
  const options = { kernelSize: [66, 67], stride: 1, padding: [2, 0] } as const;
  const y = maxPool2d(x, options);
  const z = avgPool2d(x, { ...options, divisorOverride: 1 });
  expect(y.shape).toEqual([2, 1, 9, 2]);
  const [most, sums] = [new Float32Array(36).fill(-Infinity), new Float64Array(36)];
  for (let o = 0; o < 36; o++) {
    const [p, oy, ox] = [Math.floor(o / 18), Math.floor(o / 2) % 9, o % 2];
    for (let iy = Math.max(0, oy - 2); iy < Math.min(70, oy + 64); iy++) {
      for (let ix = ox; ix < ox + 67; ix++) {
        const v = data[(p * 70 + iy) * 68 + ix]!;
        most[o] = Math.max(most[o]!, v);
        sums[o]! += v;
      }
    }
  }
  expect(await y.data()).toEqual(most);
  expectClose(await z.data(), sums, 1e-4);
  const gradient = await grad(y, [x], { gradOutputs: [ones(y.shape)] })[0]!.data();
  expect(Array.from(gradient).reduce((a, b) => a + b)).toBe(36);
});

test("a dilated window wholly in the padding gives -inf and no gradient", async () => {
  const x = rand([1, 1, 1, 4], { requiresGrad: true });
  const options = { kernelSize: [2, 1], stride: 1, padding: [1, 0], dilation: [2, 1] } as const;
  const [y, indices] = maxPool2d(x, { ...options, returnIndices: true });
  expect([...(await y.data())]).toEqual([-Infinity, -Infinity, -Infinity, -Infinity]);
  expect([...(await indices.data())]).toEqual([-1, -1, -1, -1]);
  const [dx] = grad(y, [x], { gradOutputs: [rand(y.shape)] });
  expect([...(await dx!.data())]).toEqual([0, 0, 0, 0]);
});

describe("errors", () => {
  const x = () => rand([2, 3, 5, 7]);
  const cases: [string, () => unknown, RegExp][] = [
    [
      "rank",
      () => maxPool2d(rand([5, 7]), { kernelSize: 2 }),
      /^maxPool2d: x must have 4 dimensions .* x \[5,7\]/,
    ],
    [
      "dtype",
      () => maxPool2d(zeros([1, 1, 2, 2], { dtype: "i32" }), { kernelSize: 2 }),
      /takes f32.*x is i32/,
    ],
    ["empty plane", () => avgPool2d(zeros([2, 3, 0, 4]), { kernelSize: 2 }), /only the batch may be empty/],
    ["kernel 0", () => avgPool2d(x(), { kernelSize: 0 }), /kernelSize must be an integer of at least 1/],
    ["stride", () => maxPool2d(x(), { kernelSize: 2, stride: [1, 0] }), /stride must be .* got \[1,0\]/],
    ["dilation", () => maxPool2d(x(), { kernelSize: 2, dilation: 0.5 }), /dilation must be .* got 0.5/],
    [
      "padding",
      () => maxPool2d(x(), { kernelSize: 3, padding: 2 }),
      /padding must be at most half of the kernel, padding \[2,2\], kernelSize \[3,3\]/,
    ],
    ["negative padding", () => avgPool2d(x(), { kernelSize: 3, padding: -1 }), /padding must be .* least 0/],
    [
      "window above x",
      () => maxPool2d(x(), { kernelSize: 6 }),
      /maxPool2d: the output size \[0,1\] is too small, x \[2,3,5,7\]/,
    ],
    [
      "divisor",
      () => avgPool2d(x(), { kernelSize: 2, divisorOverride: 0 }),
      /divisorOverride must be .* got 0/,
    ],
    ["output size", () => adaptiveAvgPool2d(x(), -1), /adaptiveAvgPool2d: outputSize must be .* got -1/],
    ["output pair", () => adaptiveMaxPool2d(x(), [1, 2, 3] as never), /outputSize must be .* \[1,2,3\]/],
  ];
  test.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
