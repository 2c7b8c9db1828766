// Layers over one to three spatial axes: PyTorch's keys and shapes, the ops they call, borders, wrong options.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { conv1d, conv3d } from "../../src/kernels/conv_nd.ts";
import { convTranspose2d } from "../../src/kernels/conv_transpose.ts";
import { conv2d } from "../../src/kernels/conv2d.ts";
import { maxPool2d } from "../../src/kernels/max_pool.ts";
import { pad } from "../../src/kernels/pad.ts";
import * as nn from "../../src/layers/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { randn } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectClose } from "../kernels/golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const shapesOf = (layer: nn.Module) =>
  Object.fromEntries([...layer.namedParameters()].map(([name, p]) => [name, p.shape]));

test("keys and shapes are PyTorch's", () => {
  expect(shapesOf(new nn.Conv1d(4, 6, { kernelSize: 3, groups: 2 }))).toEqual({
    weight: [6, 2, 3],
    bias: [6],
  });
  expect(shapesOf(new nn.Conv3d(2, 3, { kernelSize: [1, 2, 3], bias: false }))).toEqual({
    weight: [3, 2, 1, 2, 3],
  });
  expect(shapesOf(new nn.ConvTranspose1d(4, 6, { kernelSize: 3, groups: 2 }))).toEqual({
    weight: [4, 3, 3],
    bias: [6],
  });
  expect(shapesOf(new nn.ConvTranspose2d(4, 6, 3))).toEqual({ weight: [4, 6, 3, 3], bias: [6] });
  expect(shapesOf(new nn.ConvTranspose3d(1, 2, 2))).toEqual({ weight: [1, 2, 2, 2, 2], bias: [2] });
});

type Made = readonly [layer: nn.Module & { forward(x: Tensor): Tensor }, x: number[], y: number[]];
const made = (): Made[] => [
  [new nn.Conv1d(2, 3, { kernelSize: 3, padding: "same" }), [2, 2, 7], [2, 3, 7]],
  [new nn.Conv3d(2, 3, { kernelSize: 3, stride: 2, padding: 1 }), [1, 2, 5, 5, 5], [1, 3, 3, 3, 3]],
  [new nn.ConvTranspose1d(2, 3, { kernelSize: 4, stride: 2, padding: 1 }), [1, 2, 5], [1, 3, 10]],
  [new nn.ConvTranspose2d(2, 3, { kernelSize: 3, stride: 2, outputPadding: 1 }), [1, 2, 3, 3], [1, 3, 8, 8]],
  [new nn.ConvTranspose3d(2, 3, 2), [1, 2, 3, 3, 3], [1, 3, 4, 4, 4]],
  [new nn.MaxPool1d(2), [2, 3, 8], [2, 3, 4]],
  [new nn.MaxPool3d({ kernelSize: 3, stride: 2, padding: 1 }), [1, 2, 5, 5, 5], [1, 2, 3, 3, 3]],
  [new nn.AvgPool1d(2), [2, 3, 8], [2, 3, 4]],
  [new nn.AvgPool3d([1, 2, 2]), [1, 2, 3, 4, 4], [1, 2, 3, 2, 2]],
  [new nn.LPPool1d({ normType: 2, kernelSize: 2 }), [1, 2, 6], [1, 2, 3]],
  [new nn.LPPool2d({ normType: 2, kernelSize: 2 }), [1, 2, 6, 6], [1, 2, 3, 3]],
  [new nn.LPPool3d({ normType: 2, kernelSize: [2, 1, 2] }), [1, 2, 6, 3, 6], [1, 2, 3, 3, 3]],
  [new nn.AdaptiveAvgPool1d(3), [1, 2, 7], [1, 2, 3]],
  [new nn.AdaptiveAvgPool3d([1, null, 2]), [1, 2, 4, 4, 4], [1, 2, 1, 4, 2]],
  [new nn.AdaptiveMaxPool1d(3), [1, 2, 7], [1, 2, 3]],
  [new nn.AdaptiveMaxPool3d(1), [1, 2, 4, 4, 4], [1, 2, 1, 1, 1]],
  [new nn.Upsample({ scaleFactor: 2, mode: "bilinear" }), [1, 2, 4, 5], [1, 2, 8, 10]],
  [new nn.PixelShuffle(2), [1, 8, 3, 3], [1, 2, 6, 6]],
  [new nn.PixelUnshuffle(2), [1, 2, 6, 6], [1, 8, 3, 3]],
  [new nn.ChannelShuffle(2), [1, 4, 3, 3], [1, 4, 3, 3]],
  [new nn.Unfold({ kernelSize: 2 }), [1, 2, 4, 4], [1, 8, 9]],
  [new nn.Fold({ kernelSize: 2, outputSize: 4 }), [1, 8, 9], [1, 2, 4, 4]],
  [new nn.ConstantPad1d(2, 1), [1, 2, 4], [1, 2, 8]],
  [new nn.ConstantPad2d([1, 2, 3, 4], 1), [1, 2, 4, 4], [1, 2, 11, 7]],
  [new nn.ConstantPad3d(1, 1), [1, 2, 2, 2, 2], [1, 2, 4, 4, 4]],
  [new nn.ZeroPad2d(1), [1, 2, 4, 4], [1, 2, 6, 6]],
  [new nn.ReflectionPad1d(2), [2, 4], [2, 8]],
  [new nn.ReflectionPad2d(1), [1, 2, 4, 4], [1, 2, 6, 6]],
  [new nn.ReflectionPad3d(1), [1, 2, 4, 4, 4], [1, 2, 6, 6, 6]],
  [new nn.ReplicationPad1d(3), [1, 2, 2], [1, 2, 8]],
  [new nn.ReplicationPad2d([0, 1, 2, 0]), [1, 2, 4, 4], [1, 2, 6, 5]],
  [new nn.ReplicationPad3d(1), [1, 1, 2, 2, 2], [1, 1, 4, 4, 4]],
  [new nn.CircularPad2d(2), [1, 2, 4, 4], [1, 2, 8, 8]],
];

test("every layer gives its shape", () => {
  for (const [layer, x, y] of made()) expect(layer.forward(randn(x)).shape, String(layer)).toEqual(y);
});

test("adaptive max pooling gives positions too, where asked", async () => {
  const sizes = [
    [new nn.AdaptiveMaxPool1d(2, { returnIndices: true }), [1, 2, 6]],
    [new nn.AdaptiveMaxPool2d(2, { returnIndices: true }), [1, 2, 4, 4]],
    [new nn.AdaptiveMaxPool3d(2, { returnIndices: true }), [1, 2, 4, 4, 4]],
  ] as const;
  for (const [layer, shape] of sizes) {
    const x = randn(shape);
    const [y, indices] = layer.forward(x);
    const [values, from] = [await x.data(), await indices.data()];
    const cells = x.size / 2; // of a channel
    const want = Array.from(from, (at, i) => values[Math.floor(i / (y.size / 2)) * cells + at]);
    expect(Array.from(await y.data()), String(layer)).toEqual(want);
  }
});

describe("paddingMode", () => {
  test.each(["reflect", "replicate", "circular"] as const)(
    "%s is that border, then no padding",
    async (mode) => {
      const options = { kernelSize: [2, 3], padding: [1, 2], paddingMode: mode } as const;
      const plane = new nn.Conv2d(2, 3, options);
      const x = randn([1, 2, 5, 6]);
      const want = conv2d(pad(x, [2, 2, 1, 1], mode), plane.weight, plane.bias);
      expectClose(await plane.forward(x).data(), await want.data(), 1e-6);

      const line = new nn.Conv1d(2, 3, { kernelSize: 4, padding: "same", paddingMode: mode });
      const z = randn([1, 2, 6]);
      const same = conv1d(pad(z, [1, 2], mode), line.weight, line.bias);
      expectClose(await line.forward(z).data(), await same.data(), 1e-6);

      const volume = new nn.Conv3d(1, 1, { kernelSize: 3, padding: [0, 1, 2], paddingMode: mode });
      const v = randn([1, 1, 4, 4, 4]);
      const boxed = conv3d(pad(v, [2, 2, 1, 1, 0, 0], mode), volume.weight, volume.bias);
      expectClose(await volume.forward(v).data(), await boxed.data(), 1e-6);
    },
  );
});

test("unpooling puts the maxima back", async () => {
  const x = randn([1, 2, 4, 6]);
  const [y, indices] = maxPool2d(x, { kernelSize: 2, returnIndices: true });
  const back = await new nn.MaxUnpool2d({ kernelSize: 2 }).forward(y, indices).data();
  const [values, kept] = [await x.data(), await y.data()];
  expect([...back].filter((v) => v !== 0).sort()).toEqual([...kept].sort());
  expect([...back].every((v, i) => v === 0 || v === values[i])).toBe(true);
});

test("a compiled step replays tables of its own", async () => {
  const up = new nn.Upsample({ size: [7, 5], mode: "bicubic" });
  const back = new nn.ConvTranspose2d(2, 1, { kernelSize: 2, stride: 2 });
  const step = compile((x: Tensor) => back.forward(up.forward(x)));
  for (const x of [randn([1, 2, 3, 3]), randn([1, 2, 3, 3]), randn([1, 2, 3, 3])]) {
    const want = convTranspose2d(up.forward(x), back.weight, back.bias, { stride: 2 });
    expectClose(await (step(x) as Tensor).data(), await want.data(), 1e-6);
  }
});

describe("wrong options", () => {
  const cases: [string, () => unknown, RegExp][] = [
    [
      "Conv1d kernel",
      () => new nn.Conv1d(1, 1, 0),
      /^Conv1d: kernelSize must be an integer of at least 1, got 0$/,
    ],
    [
      "Conv3d groups",
      () => new nn.Conv3d(3, 4, { kernelSize: 1, groups: 2 }),
      /^Conv3d: 3 and 4 channels must divide/,
    ],
    [
      "same",
      () => new nn.Conv1d(1, 1, { kernelSize: 3, padding: "same", stride: 2 }),
      /^Conv1d: padding must be "valid"/,
    ],
    [
      "mode",
      () => new nn.Conv2d(1, 1, { kernelSize: 3, paddingMode: "mirror" as never }),
      /^Conv2d: paddingMode must be one of zeros, reflect, replicate, circular, got mirror$/,
    ],
    [
      "outputPadding",
      () => new nn.ConvTranspose2d(1, 1, { kernelSize: 3, outputPadding: 1 }),
      /^ConvTranspose2d: outputPadding must be less than stride or dilation/,
    ],
    [
      "pool",
      () => new nn.MaxPool3d({ kernelSize: 2, padding: 2 }),
      /^MaxPool3d: padding must be at most half/,
    ],
    ["adaptive", () => new nn.AdaptiveAvgPool1d(0), /^AdaptiveAvgPool1d: outputSize must be positive/],
    [
      "pads",
      () => new nn.ZeroPad2d([1, 2]),
      /^ZeroPad2d: padding must be an integer or 4 of them, got \[1,2\]$/,
    ],
    ["upsample", () => new nn.Upsample({}), /^Upsample: needs one of size and scaleFactor$/],
  ];
  test.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});

test("what a layer says about itself", () => {
  expect(String(new nn.Conv1d(2, 3, { kernelSize: 3, padding: 1, paddingMode: "reflect" }))).toBe(
    "Conv1d(2, 3, kernelSize=[3], stride=1, padding=1, dilation=1, groups=1, paddingMode=reflect)",
  );
  expect(String(new nn.ReflectionPad2d(1))).toBe("ReflectionPad2d([1, 1, 1, 1])");
});
