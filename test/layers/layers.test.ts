// Layers: a small network against PyTorch in both modes, what each layer passes to its op, and errors of
// options.
import { beforeAll, describe, expect, it } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import * as nn from "../../src/layers/index.ts";
import { LeNet } from "../../src/models/lenet.ts";
import { Mlp } from "../../src/models/mlp.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { ones, randn, tensor } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenTensor, goldenFile, loadGolden } from "../golden/load.ts";
import { goldenSequential } from "./golden_network.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const onDevice = (t: GoldenTensor): Tensor => tensor(t.data as Float32Array, { shape: [...t.shape] });

async function expectClose(t: Tensor, golden: GoldenTensor, what: string): Promise<void> {
  expect(t.shape, what).toEqual(golden.shape);
  const values = await t.data();
  const expected = Array.from(golden.data as Float32Array, Number);
  const scale = Math.max(1, ...expected.map(Math.abs));
  const worst = expected.reduce((m, e, i) => Math.max(m, Math.abs(values[i] - e)), 0);
  expect(worst / scale, what).toBeLessThan(1e-5);
}

describe("a small network equals PyTorch's", () => {
  const cases = loadGolden<{ training: boolean }>("layers", "sequential");

  it.each(cases)("$name", async ({ options, inputs, outputs, dy, grads, after }) => {
    const net = goldenSequential();
    net.loadStateDict(Object.fromEntries(goldenFile("sequential.safetensors").tensors) as never);
    net.train(options.training);
    const x = onDevice(inputs.x);
    x.requiresGrad = true;
    const y = net.forward(x);
    backward(y, onDevice(dy[0]!));
    await expectClose(y, outputs[0], "y");
    await expectClose(x.grad!, grads.x, "dx");
    for (const [name, p] of net.namedParameters()) await expectClose(p.grad!, grads[name], name);
    for (const [name, t] of net.namedBuffers()) await expectClose(t, after[name], name);
  });
});

describe("shapes and options", () => {
  const image = (): Tensor => randn([2, 4, 8, 8]);
  const cases: [string, () => nn.Layer, () => Tensor, number[]][] = [
    ["Linear", () => new nn.Linear(8, 3), image, [2, 4, 8, 3]],
    [
      "Conv2d",
      () => new nn.Conv2d(4, 6, { kernelSize: [3, 5], stride: 2, padding: [1, 2], groups: 2 }),
      image,
      [2, 6, 4, 4],
    ],
    [
      "Conv2d same",
      () => new nn.Conv2d(4, 3, { kernelSize: 4, padding: "same", bias: false }),
      image,
      [2, 3, 8, 8],
    ],
    ["Conv2d short", () => new nn.Conv2d(4, 3, 3), image, [2, 3, 6, 6]],
    ["BatchNorm2d", () => new nn.BatchNorm2d(4), image, [2, 4, 8, 8]],
    ["BatchNorm1d", () => new nn.BatchNorm1d(5, { affine: false }), () => randn([3, 5]), [3, 5]],
    ["BatchNorm3d", () => new nn.BatchNorm3d(2), () => randn([2, 2, 3, 2, 2]), [2, 2, 3, 2, 2]],
    ["LayerNorm", () => new nn.LayerNorm([8, 8]), image, [2, 4, 8, 8]],
    ["MaxPool2d", () => new nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }), image, [2, 4, 4, 4]],
    ["MaxPool2d short", () => new nn.MaxPool2d([2, 4]), image, [2, 4, 4, 2]],
    ["AvgPool2d", () => new nn.AvgPool2d({ kernelSize: 3, ceilMode: true }), image, [2, 4, 3, 3]],
    ["AdaptiveAvgPool2d", () => new nn.AdaptiveAvgPool2d([1, 2]), image, [2, 4, 1, 2]],
    ["AdaptiveMaxPool2d", () => new nn.AdaptiveMaxPool2d(3), image, [2, 4, 3, 3]],
    [
      "Embedding",
      () => new nn.Embedding(7, 3),
      () =>
        tensor(
          [
            [1, 2],
            [6, 0],
          ],
          { dtype: "i32" },
        ),
      [2, 2, 3],
    ],
    ["Flatten", () => new nn.Flatten(), image, [2, 256]],
    ["Flatten axes", () => new nn.Flatten(0, 1), image, [8, 8, 8]],
    ["Identity", () => new nn.Identity(), image, [2, 4, 8, 8]],
    ["Dropout", () => new nn.Dropout(0.3), image, [2, 4, 8, 8]],
    ["LeNet", () => new LeNet({ batchNorm: true, dropout: 0.2 }), () => randn([2, 1, 28, 28]), [2, 10]],
    ["Mlp", () => new Mlp([12, 8, 3], { dropout: 0.1 }), () => randn([2, 3, 4]), [2, 3]],
  ];

  it.each(cases)("%s", async (_, make, input, shape) => {
    const layer = make();
    const y = layer.forward(input());
    expect(y.shape).toEqual(shape);
    if (layer.parameters().length > 0) {
      backward(y, ones(shape));
      for (const [name, p] of layer.namedParameters()) expect(p.grad, name).not.toBeNull();
    }
    expect(Array.from(await y.data()).every(Number.isFinite)).toBe(true);
  });

  it("activations compute what they are named after", async () => {
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
    const table: [nn.Layer, (v: number) => number][] = [
      [new nn.ReLU(), (v) => Math.max(v, 0)],
      [new nn.LeakyReLU({ negativeSlope: 0.2 }), (v) => (v > 0 ? v : 0.2 * v)],
      [new nn.ELU({ alpha: 0.4 }), (v) => (v > 0 ? v : 0.4 * Math.expm1(v))],
      [
        new nn.GELU({ approximate: "tanh" }),
        (v) => (v / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
      ],
      [new nn.SiLU(), (v) => v * sigmoid(v)],
      [new nn.Tanh(), Math.tanh],
      [new nn.Sigmoid(), sigmoid],
      [new nn.Softplus({ beta: 2 }), (v) => Math.log1p(Math.exp(2 * v)) / 2],
    ];
    const points = [-3, -0.5, 0, 0.25, 2];
    for (const [layer, fn] of table) {
      const y = await layer.forward(tensor(points)).data();
      points.forEach((v, i) => {
        expect(y[i], `${layer} at ${v}`).toBeCloseTo(fn(v), 5);
      });
    }
    const x = tensor([[0, Math.log(3)]]);
    expect((await new nn.Softmax().forward(x).data())[1]).toBeCloseTo(0.75, 6);
    expect((await new nn.Softmax({ axis: 0 }).forward(x).data())[1]).toBeCloseTo(1, 6);
    expect((await new nn.LogSoftmax().forward(x).data())[0]).toBeCloseTo(Math.log(0.25), 6);
  });

  it("batch norm counts batches in training only; dropout rests in evaluation", async () => {
    const norm = new nn.BatchNorm2d(4);
    noGrad(() => [norm.forward(image()), norm.forward(image()), norm.eval().forward(image())]);
    expect(await norm.numBatchesTracked!.item()).toBe(2);
    const x = image();
    expect(await new nn.Dropout(0.9).eval().forward(x).data()).toEqual(await x.data());
    const bare = new nn.BatchNorm2d(4, { trackRunningStats: false });
    expect([...bare.stateDict().keys()]).toEqual(["weight", "bias"]);
    expect(await bare.eval().forward(x).data()).toEqual(await bare.train().forward(x).data());
  });
});

describe("wrong options are named", () => {
  const cases: [() => unknown, RegExp][] = [
    [() => new nn.Linear(0, 2), /Linear: inFeatures must be a positive integer, got 0/],
    [() => new nn.Linear(2, 1.5), /Linear: outFeatures must be a positive integer, got 1.5/],
    [
      () => new nn.Conv2d(3, 4, { kernelSize: 0 }),
      /Conv2d: kernelSize must be one or two integers of at least 1, got 0/,
    ],
    [
      () => new nn.Conv2d(3, 4, { kernelSize: 3, stride: [1, 0] }),
      /Conv2d: stride must be one or two integers .* got \[1, 0\]/,
    ],
    [() => new nn.Conv2d(3, 4, { kernelSize: 3, padding: -1 }), /Conv2d: padding .* at least 0, got -1/],
    [() => new nn.Conv2d(3, 4, { kernelSize: 3, groups: 2 }), /3 and 4 channels must divide by groups 2/],
    [
      () => new nn.Conv2d(3, 4, { kernelSize: 3, padding: "same", stride: 2 }),
      /"same" with stride 1, got "same" with stride 2/,
    ],
    [() => new nn.Conv2d(3, 4, {} as never), /Conv2d: kernelSize/],
    [() => new nn.BatchNorm2d(-1), /BatchNorm2d: channels must be a positive integer, got -1/],
    [() => new nn.BatchNorm1d(2, { momentum: 2 }), /BatchNorm1d: momentum must be in \[0, 1\], got 2/],
    [() => new nn.BatchNorm2d(3).forward(ones([2, 3])), /BatchNorm2d: does not take 2 axes, x \[2,3\]/],
    [() => new nn.LayerNorm([4, 0]), /LayerNorm: normalizedShape\[1\] must be a positive integer, got 0/],
    [() => new nn.MaxPool2d(0), /MaxPool2d: kernelSize must be/],
    [
      () => new nn.AvgPool2d({ kernelSize: 2, padding: 2 }),
      /padding must be at most half of kernelSize, padding 2, kernelSize 2/,
    ],
    [() => new nn.AdaptiveAvgPool2d(0), /AdaptiveAvgPool2d: outputSize/],
    [() => new nn.Dropout(1.5), /Dropout: p must be in \[0, 1\], got 1.5/],
    [() => new nn.Embedding(3, 2, { paddingIdx: 3 }), /Embedding: paddingIdx must be a row of 3, got 3/],
    [() => new Mlp([3]), /Mlp: needs sizes of input and output, got \[3\]/],
  ];

  it.each(cases.map(([act, message]) => ({ act, message })))("$message", ({ act, message }) => {
    expect(act).toThrow(message);
  });
});
