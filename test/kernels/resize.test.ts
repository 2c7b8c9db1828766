// Resizing, sampling, unfolding, borders, pixel shuffles, pooling over one and three axes: PyTorch's golden values with
// gradients of both orders.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool3d,
} from "../../src/kernels/adaptive_pool_nd.ts";
import { affineGrid } from "../../src/kernels/affine_grid.ts";
import { gridSample } from "../../src/kernels/grid_sample.ts";
import { interpolate } from "../../src/kernels/interpolate.ts";
import { lpPool1d, lpPool2d, lpPool3d } from "../../src/kernels/lp_pool.ts";
import { maxPool2d } from "../../src/kernels/max_pool.ts";
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../../src/kernels/max_unpool.ts";
import { pad } from "../../src/kernels/pad.ts";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "../../src/kernels/pixel_shuffle.ts";
import {
  avgPool1d,
  avgPool3d,
  type MaxPoolNdOptions,
  maxPool1d,
  maxPool3d,
} from "../../src/kernels/pool_nd.ts";
import { fold, unfold } from "../../src/kernels/unfold.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { ones, randn, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, type Inputs } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice(); // not in debug mode, where indices out of range are errors
});

// biome-ignore lint/suspicious/noExplicitAny: options of every op, as the file has them
type Run = (inputs: Inputs, options: any) => readonly Tensor[];

const indices = { returnIndices: true } as const;
const OPS: Readonly<Record<string, Run>> = {
  interpolate: ({ x }, o) => [interpolate(x, o)],
  gridSample: ({ x, grid }, o) => [gridSample(x, grid, o)],
  affineGrid: ({ theta }, { size, ...o }) => [affineGrid(theta, size, o)],
  unfold: ({ x }, o) => [unfold(x, o)],
  fold: ({ x }, o) => [fold(x, o)],
  pixelShuffle: ({ x }, { factor }) => [pixelShuffle(x, factor)],
  pixelUnshuffle: ({ x }, { factor }) => [pixelUnshuffle(x, factor)],
  channelShuffle: ({ x }, { factor }) => [channelShuffle(x, factor)],
  pad: ({ x }, { pads, mode }) => [pad(x, pads, mode)],
  maxPool1d: ({ x }, o) => maxPool1d(x, { ...(o as MaxPoolNdOptions), ...indices }),
  maxPool3d: ({ x }, o) => maxPool3d(x, { ...(o as MaxPoolNdOptions), ...indices }),
  avgPool1d: ({ x }, o) => [avgPool1d(x, o)],
  avgPool3d: ({ x }, o) => [avgPool3d(x, o)],
  adaptiveAvgPool1d: ({ x }, o) => [adaptiveAvgPool1d(x, o.outputSize)],
  adaptiveAvgPool3d: ({ x }, o) => [adaptiveAvgPool3d(x, o.outputSize)],
  adaptiveMaxPool1d: ({ x }, o) => adaptiveMaxPool1d(x, o.outputSize, indices),
  adaptiveMaxPool3d: ({ x }, o) => adaptiveMaxPool3d(x, o.outputSize, indices),
  lpPool1d: ({ x }, o) => [lpPool1d(x, o)],
  lpPool2d: ({ x }, o) => [lpPool2d(x, o)],
  lpPool3d: ({ x }, o) => [lpPool3d(x, o)],
  maxUnpool1d: ({ x, indices }, o) => [maxUnpool1d(x, indices, o)],
  maxUnpool2d: ({ x, indices }, o) => [maxUnpool2d(x, indices, o)],
  maxUnpool3d: ({ x, indices }, o) => [maxUnpool3d(x, indices, o)],
};

describe.each(Object.entries(OPS))("golden values of PyTorch, %s", (name, run) => {
  test.each(loadGolden("resize", name))("$name", (c) =>
    checkGolden(c as never, (inputs) => run(inputs, c.options)),
  );
});

test("every golden case has an op", () => {
  expect(loadGolden("resize").filter((c) => !(c.op in OPS))).toEqual([]);
});

test("unpooling with an index twice takes the last, and ignores an index outside", async () => {
  const x = tensor([[[1, 2, 3, 4]]], { requiresGrad: true });
  const at = tensor([[[2, 2, -1, 9]]], { dtype: "i32" });
  const y = maxUnpool1d(x, at, { kernelSize: 2 });
  expect([...(await y.data())]).toEqual([0, 0, 2, 0, 0, 0, 0, 0]);
  const [dx] = grad(y, [x], { gradOutputs: [ones([1, 1, 8])] });
  expect([...(await dx.data())]).toEqual([1, 1, 0, 0]);
});

test("two runs of a gradient agree to the last bit", async () => {
  const run = async () => {
    const [dx] = grad(gridSample(x, grid), [x], { gradOutputs: [dy] });
    return [...(await dx.data())];
  };
  const x = randn([2, 4, 9, 9], { requiresGrad: true });
  const grid = randn([2, 40, 40, 2]);
  const dy = randn([2, 4, 40, 40]);
  expect(await run()).toEqual(await run());
});

test("gridSample is one dispatch, its gradients five with the list of the taps", async () => {
  const x = randn([2, 4, 9, 9], { requiresGrad: true });
  const grid = randn([2, 5, 6, 2], { requiresGrad: true });
  const count = async (run: () => unknown) => (await x.device.profile(() => void run())).rows.length;
  expect(await count(() => gridSample(x, grid))).toBe(1);
  const y = gridSample(x, grid);
  expect(await count(() => grad(y, [x, grid], { gradOutputs: [y] }))).toBe(5);
});

test("borders keep other dtypes", async () => {
  const x = tensor([1, 2, 3], { dtype: "i32" });
  expect([...(await pad(x, [2, 1], "reflect").data())]).toEqual([3, 2, 1, 2, 3, 2]);
});

test("points that are NaN or far away read zeros", async () => {
  const grid = tensor([
    [
      [
        [Number.NaN, 0],
        [1e30, 0],
        [Infinity, 0],
        [0, 0],
      ],
    ],
  ]);
  const y = gridSample(ones([1, 1, 3, 3]), grid, { mode: "nearest" });
  expect([...(await y.data())]).toEqual([0, 0, 0, 1]);
});

test("an axis longer than a grid dimension", async () => {
  const x = randn([1, 1, 70_001], { requiresGrad: true });
  const y = interpolate(x, { size: 140_002, mode: "nearest" });
  const data = await x.data();
  expect(Array.from(await y.data()).every((v, i) => v === data[i >> 1])).toBe(true);
  const [dx] = grad(y, [x], { gradOutputs: [ones(y.shape)] });
  expect(new Set(await dx.data())).toEqual(new Set([2]));
});

test("an empty batch", () => {
  const x = zeros([0, 2, 4, 4, 4], { requiresGrad: true });
  const results = [
    maxPool3d(x, { kernelSize: 2 }),
    avgPool3d(x, { kernelSize: 2 }),
    interpolate(x, { scaleFactor: 0.5 }),
    adaptiveAvgPool3d(x, 2),
  ];
  for (const y of results) {
    expect(y.shape).toEqual([0, 2, 2, 2, 2]);
    expect(grad(y, [x], { gradOutputs: [zeros(y.shape)] })[0].shape).toEqual(x.shape);
  }
  const [flat, at] = maxPool2d(zeros([0, 2, 4, 4]), { kernelSize: 2, ...indices });
  expect(maxUnpool2d(flat, at, { kernelSize: 2 }).shape).toEqual([0, 2, 4, 4]);
  expect(unfold(zeros([0, 2, 4, 4]), { kernelSize: 2 }).shape).toEqual([0, 8, 9]);
  expect(gridSample(zeros([0, 2, 4, 4]), zeros([0, 3, 3, 2])).shape).toEqual([0, 2, 3, 3]);
});
