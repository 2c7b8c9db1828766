// Layers and models for images where no golden looks: skipInit, stochastic depth, squeeze and excitation, initial values,
// impossible configurations. Numbers against PyTorch: test/parity.

import { beforeAll, describe, expect, it, test } from "vitest";
import { type Device, withDevice } from "../../src/gpu/device.ts";
import { LimitError, OptionError, ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import type { Conv2d } from "../../src/layers/conv2d.ts";
import { normal } from "../../src/layers/init.ts";
import { Linear } from "../../src/layers/linear.ts";
import { SqueezeExcitation } from "../../src/layers/squeeze_excitation.ts";
import { StochasticDepth } from "../../src/layers/stochastic_depth.ts";
import * as models from "../../src/models/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { hasValues, skipInit } from "../../src/tensor/parameter.ts";
import { defaultGenerator, manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

describe("skipInit", () => {
  it("makes names and shapes without memory or draws", () => {
    const [bytes, offset] = [device.memory().liveBytes, defaultGenerator.offset];
    const model = skipInit(() => models.vgg19());
    expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(143_667_240);
    expect(device.memory().liveBytes).toBe(bytes);
    expect(defaultGenerator.offset).toBe(offset);
    expect(model.parameters().every((p) => p.requiresGrad && !hasValues(p))).toBe(true);
  });

  it("gives memory with values, and only to what has them", async () => {
    const layer = skipInit(() => new Linear(2, 1));
    await expect(async () => await layer.weight.data()).rejects.toThrow(/skipInit, not loaded yet/);
    expect(() => layer.forward(ones([1, 2]))).toThrow(UsageError);
    layer.loadStateDict({ weight: { data: [3, 4], shape: [1, 2] } }, { strict: false });
    expect([...(await layer.weight.data())]).toEqual([3, 4]);
    expect(hasValues(layer.bias!)).toBe(false);
    layer.loadStateDict({ weight: layer.weight, bias: tensor([5]) });
    expect(await layer.forward(ones([1, 2])).item()).toBe(12);
    expect(() => layer.loadStateDict({ weight: { data: [1], shape: [1] } })).toThrow(/missing keys: bias/);
  });

  it("ends with its callback, also by an error", () => {
    expect(() => skipInit(() => new Linear(0, 1))).toThrow(OptionError);
    expect(hasValues(new Linear(1, 1).weight)).toBe(true);
    expect(() => skipInit(async () => new Linear(1, 1))).toThrow(TypeError);
  });

  it("still refuses what the adapter cannot bind", async () => {
    const small = await requestDevice({ limits: "default" });
    const make = () => withDevice(small, () => skipInit(() => models.vgg11()));
    expect(make).toThrow(LimitError); // 102.8 million floats in classifier.0.weight, 128 MiB a binding
    small.destroy();
  });

  it("initialisers leave valueless parameters alone", () => {
    const { weight } = skipInit(() => new Linear(2, 2));
    expect(normal(weight)).toBe(weight);
    expect(hasValues(weight)).toBe(false);
  });
});

describe("StochasticDepth", () => {
  it("drops whole samples and scales the rest", async () => {
    manualSeed(1);
    const layer = new StochasticDepth(0.25);
    const y = await layer.forward(ones([400, 3, 2])).data();
    let kept = 0;
    for (let i = 0; i < 400; i++) {
      const row = [...y.subarray(i * 6, i * 6 + 6)];
      expect(new Set(row).size).toBe(1);
      expect([0, Math.fround(4 / 3)]).toContain(row[0]);
      if (row[0] > 0) kept++;
    }
    expect(Math.abs(kept - 300)).toBeLessThan(45); // 5 standard deviations
  });

  it("draws anew at every replay, and is the identity in evaluation and for p = 0", async () => {
    const layer = new StochasticDepth(0.5);
    const step = compile((x: Tensor) => layer.forward(x));
    const x = ones([64, 1]);
    const [a, b] = [await step(x).data(), await step(x).data()];
    expect([...a]).not.toEqual([...b]);
    layer.eval();
    expect(layer.forward(x)).toBe(x);
    expect(new StochasticDepth(0).forward(x)).toBe(x);
    const all = await new StochasticDepth(1).forward(x).data();
    expect(all.every((v) => v === 0)).toBe(true);
  });

  it("refuses what is no probability, and x without samples", () => {
    expect(() => new StochasticDepth(1.5)).toThrow(OptionError);
    expect(() => new StochasticDepth(0.5).forward(tensor(1))).toThrow(ShapeError);
  });

  it("grows with depth as in torchvision", () => {
    const rates = (model: models.EfficientNet | models.ConvNeXt) =>
      model
        .modules()
        .filter((m) => m instanceof StochasticDepth)
        .map((m) => m.p);
    const efficient = skipInit(() => rates(models.efficientnetB0()));
    expect(efficient).toHaveLength(16);
    efficient.forEach((p, i) => {
      expect(p).toBeCloseTo((0.2 * i) / 16, 12);
    });
    const next = skipInit(() => rates(models.convnextTiny()));
    expect([next.length, next[0], next.at(-1)]).toEqual([18, 0, 0.1]);
  });
});

test("SqueezeExcitation scales channels by their means", async () => {
  const se = new SqueezeExcitation(2, 1);
  const values = { "fc1.weight": [1, 1], "fc1.bias": [-1], "fc2.weight": [2, -2], "fc2.bias": [0, 1] };
  const dict = Object.entries(values).map(([k, data]) => [
    k,
    { data, shape: k.endsWith("bias") ? [data.length] : k === "fc1.weight" ? [1, 2, 1, 1] : [2, 1, 1, 1] },
  ]);
  se.loadStateDict(Object.fromEntries(dict));
  const x = tensor([1, 3, 2, 2], { shape: [1, 2, 1, 2] }); // means 2 and 2, inner relu(4 - 1) = 3
  const y = [...(await se.forward(x).data())];
  const [a, b] = [1 / (1 + Math.exp(-6)), 1 / (1 + Math.exp(5))];
  [a, 3 * a, 2 * b, 2 * b].forEach((v, i) => {
    expect(y[i]).toBeCloseTo(v, 6);
  });
});

describe("initial values are torchvision's", () => {
  async function stdOf(t: Tensor): Promise<number> {
    const values = (await t.data()) as Float32Array;
    const mean = values.reduce((a, b) => a + b) / values.length;
    return Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length);
  }

  it("convolutions by fan-out, last layers small, biases 0, norms 1", async () => {
    manualSeed(5);
    const dict = models.resnet18({ width: 32, numClasses: 10 }).stateDict();
    expect(await stdOf(dict.get("layer2.0.conv2.weight")!)).toBeCloseTo(Math.sqrt(2 / (64 * 9)), 3);
    expect(await stdOf(dict.get("layer2.0.downsample.0.weight")!)).toBeCloseTo(Math.sqrt(2 / 64), 2);
    const vgg = models.vgg11({ width: 4, hidden: 64, numClasses: 10 }).stateDict();
    expect(await stdOf(vgg.get("classifier.0.weight")!)).toBeCloseTo(0.01, 3);
    expect(await stdOf(vgg.get("features.11.bias")!)).toBe(0);
    const next = models.convnextTiny({ widths: [32, 64], depths: [1, 1], numClasses: 10 }).stateDict();
    expect(await stdOf(next.get("features.1.0.block.3.weight")!)).toBeCloseTo(0.02, 3);
    expect((await next.get("features.1.0.layer_scale")!.data())[0]).toBe(Math.fround(1e-6));
    const u = models.unet({ width: 16, depth: 1 }).stateDict();
    expect(await stdOf(u.get("bottom.conv2.weight")!)).toBeCloseTo(Math.sqrt(2 / (32 * 9)), 2);
    expect(await stdOf(u.get("decoder.0.up.bias")!)).toBe(0);
  });

  it("one seed, the same bits", async () => {
    const draw = async () => {
      manualSeed(7);
      const model = models.mobilenetV2({ width: 0.25, numClasses: 3 });
      return [
        ...(await (model.features.at(0) as unknown as Iterable<Conv2d>)
          [Symbol.iterator]()
          .next()
          .value!.weight.data()),
      ];
    };
    expect(await draw()).toEqual(await draw());
  });
});

describe("impossible configurations", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["ResNet without width", () => models.resnet18({ width: 0 }), /ResNet: width must be a positive integer/],
    ["ResNet of half a class", () => models.resnet50({ numClasses: 2.5 }), /ResNet: numClasses/],
    ["SE-ResNet", () => models.seResnet18({ reduction: 0 }), /SE-ResNet: reduction/],
    [
      "U-Net over four axes",
      () => models.unet({ dimensions: 4 as 3 }),
      /Unet: dimensions must be in \[1, 3\]/,
    ],
    ["U-Net of depth 0", () => models.unet({ depth: 0 }), /Unet: depth/],
    ["U-Net of depth 9", () => models.unet({ depth: 9 }), /Unet: depth must be in \[1, 8\]/],
    ["VGG", () => models.vgg11({ hidden: -1 }), /Vgg: hidden/],
    ["VGG's dropout", () => models.vgg11({ width: 1, hidden: 1, dropout: 2 }), /Dropout: p/],
    ["AlexNet", () => models.alexnet({ inChannels: 0 }), /AlexNet: inChannels/],
    ["MobileNetV2", () => models.mobilenetV2({ width: -1 }), /MobileNetV2: width/],
    ["MobileNetV3", () => models.mobilenetV3Small({ width: Number.NaN }), /MobileNetV3: width/],
    ["SqueezeNet", () => models.squeezenet1_1({ numClasses: 0 }), /SqueezeNet: numClasses/],
    ["DenseNet", () => models.densenet121({ layers: [] }), /DenseNet: layers.length/],
    ["EfficientNet", () => models.efficientnetB0({ stochasticDepth: 2 }), /EfficientNet: stochasticDepth/],
    ["ConvNeXt", () => models.convnextTiny({ widths: [8, 16], depths: [1] }), /ConvNeXt: depths\[1\]/],
    ["ConvNeXt", () => models.convnextTiny({ widths: [8], depths: [1, 1] }), /ConvNeXt: depths.length/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });

  test("pictures that do not fit", () => {
    const u = models.unet({ width: 2, depth: 2 });
    expect(() => u.forward(zeros([1, 1, 6, 8]))).toThrow(/Unet: needs .*multiples of 4, x \[1,1,6,8\]/);
    expect(() => u.forward(zeros([1, 8, 8]))).toThrow(ShapeError);
    expect(() => models.unet({ width: 2, depth: 2 }).forward(zeros([1, 3, 8, 8]))).toThrow(/conv2d/);
    expect(() => models.vgg11({ width: 1, hidden: 1 }).forward(zeros([1, 3, 16, 16]))).toThrow(ShapeError);
  });
});
