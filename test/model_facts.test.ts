// The catalogue: parameters as published, FLOP of known size, and no memory taken for any of it.
import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../src/gpu/device.ts";
import { requestDevice } from "../src/hosts/node.ts";
import { CATALOGUE } from "../src/models/catalogue.ts";
import { modelFacts } from "../src/train/model_facts.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

/** Torchvision's, timm's, Hugging Face's, PyTorch's examples' own counts. */
const PARAMETERS: Readonly<Record<string, number>> = {
  alexnet: 61_100_840,
  vgg11: 132_863_336,
  vgg16: 138_357_544,
  vgg16_bn: 138_365_992,
  vgg19: 143_667_240,
  resnet18: 11_689_512,
  resnet34: 21_797_672,
  resnet50: 25_557_032,
  resnet101: 44_549_160,
  se_resnet18: 11_778_592,
  se_resnet50: 28_088_024,
  efficientnet_b0: 5_288_548,
  mobilenet_v2: 3_504_872,
  mobilenet_v3_small: 2_542_856,
  mobilenet_v3_large: 5_483_032,
  densenet121: 7_978_856,
  squeezenet1_1: 1_235_496,
  convnext_tiny: 28_589_128,
  unet: 31_030_658,
  vit_b_16: 86_567_656,
  lstm: 5_920,
  gru: 4_440,
  bilstm: 15_040,
  bigru: 11_280,
  gpt2: 124_439_808,
  bert_base: 109_482_240,
  dcgan_g: 3_576_704,
  dcgan_d: 2_765_568,
};
/** Multiply-adds of a forward pass, as the papers and torchvision give them. */
const GIGA_MULTIPLY_ADDS: Readonly<Record<string, number>> = {
  alexnet: 0.714,
  vgg16: 15.47,
  resnet18: 1.814,
  resnet50: 4.089,
  resnet101: 7.801,
  mobilenet_v2: 0.301,
  densenet121: 2.834,
};

const names = Object.keys(CATALOGUE);

test("every published count has an entry", () => {
  expect(names).toEqual(expect.arrayContaining(Object.keys(PARAMETERS)));
});

describe.each(names)("%s", (name) => {
  test("facts, without memory for weights or activations", () => {
    const before = device.memory().liveBytes;
    const facts = modelFacts(name, device);
    expect(facts.fault).toBeUndefined();
    if (name in PARAMETERS) expect(facts.parameters).toBe(PARAMETERS[name]);
    const known = GIGA_MULTIPLY_ADDS[name];
    if (known) expect(Math.abs(facts.flops! / 2e9 / known - 1)).toBeLessThan(0.05); // norms and activations beside them
    expect(facts.flops).toBeGreaterThan(0);
    expect(facts.activationBytes).toBeGreaterThan(0);
    expect(device.memory().liveBytes - before).toBeLessThan(2 ** 20); // buffers of batch norms
  });
});
