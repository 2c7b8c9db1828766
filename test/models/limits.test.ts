// Models whose tensors exceed what the adapter binds: refused where they are made, before anything is, by the name of the tensor.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Device, withDevice } from "../../src/gpu/device.ts";
import { LimitError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { Linear } from "../../src/layers/linear.ts";
import type { Module } from "../../src/layers/module.ts";
import * as models from "../../src/models/index.ts";
import { ones } from "../../src/tensor/create.ts";
import { skipInit } from "../../src/tensor/parameter.ts";
import { defaultGenerator } from "../../src/tensor/random.ts";

const LIMIT = 128 * 2 ** 20; // WebGPU's default, bytes

let small: Device;
beforeAll(async () => {
  small = await requestDevice({ limits: "default" });
});
afterAll(() => small.destroy());

const CASES: [string, () => Module, string, number][] = [
  ["vgg16", () => models.vgg16(), "Vgg: classifier.0.weight [4096,25088]", 4096 * 25088],
  ["alexnet", () => models.alexnet(), "AlexNet: classifier.1.weight [4096,9216]", 4096 * 9216],
  ["gpt2", () => models.gpt2(), "Gpt2: transformer.wte.weight [50257,768]", 50257 * 768],
  [
    "bert",
    () => models.bertBase({ vocab: 250_002 }),
    "Bert: embeddings.word_embeddings.weight [250002,768]",
    250_002 * 768,
  ],
  [
    "bert with a head",
    () => new models.BertForMaskedLM({ mlp: 50_000 }),
    "Bert: encoder.layer.0.intermediate.dense.weight [768,50000]",
    768 * 50_000,
  ],
  [
    "vit",
    () => models.vitB16({ d: 4800, heads: 48 }),
    "VisionTransformer: encoder.layers.encoder_layer_0.mlp.0.weight [19200,4800]",
    19_200 * 4800,
  ],
  ["any layer", () => new Linear(8192, 8192), "parameter [8192,8192]", 8192 * 8192],
];

describe.each(CASES)("%s", (_, make, tensor, elements) => {
  test.each([
    ["", make],
    [" under skipInit", () => skipInit(make)],
  ])("LimitError with tensor, bytes and limit; nothing made or drawn%s", async (_, build) => {
    const [bytes, buffers] = [small.memory().liveBytes, small.memory().buffers];
    const { offset } = defaultGenerator;
    const run = () => withDevice(small, build);
    expect(run).toThrow(LimitError);
    expect(run).toThrow(tensor);
    expect(run).toThrow(`${4 * elements} bytes`);
    expect(run).toThrow(`limit of ${LIMIT} bytes`);
    expect([small.memory().liveBytes, small.memory().buffers]).toEqual([bytes, buffers]);
    expect(defaultGenerator.offset).toBe(offset);
  });
});

test("the engine goes on: what fits is made and computes", async () => {
  expect(() => withDevice(small, () => models.vgg11())).toThrow(LimitError);
  const sum = withDevice(small, () => {
    const model = models.vgg11({ width: 2, hidden: 8, numClasses: 3 }).eval();
    return model.forward(ones([1, 3, 32, 32]));
  });
  expect((await sum.data()).every(Number.isFinite)).toBe(true);
  await small.settle();
});

test("a result beyond the limit is named by its op", () => {
  withDevice(small, () => {
    const layer = new Linear(1, 4096, { bias: false });
    expect(() => layer.forward(ones([8193, 1]))).toThrow(LimitError);
    expect(() => layer.forward(ones([8193, 1]))).toThrow(
      /takes 134234112 bytes, which exceeds the adapter's limit of 134217728/,
    );
  });
});
