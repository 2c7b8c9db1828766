// The catalogue: parameters as published, FLOP of known size, and no memory taken for any of it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { models } from "../src/cli/models.ts";
import { type Device, setDefaultDevice, withDevice } from "../src/gpu/device.ts";
import { requestDevice } from "../src/hosts/node.ts";
import { CATALOGUE } from "../src/models/catalogue.ts";
import { type ModelFacts, modelFacts } from "../src/train/model_facts.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

/** Parameters and keys of the state dict; where there is an original, torchvision's, timm's, Hugging Face's, torch.nn's. */
const SIZES: Readonly<Record<string, readonly [parameters: number, entries: number]>> = {
  mlp: [203_530, 4],
  lenet: [22_330, 6],
  alexnet: [61_100_840, 16],
  vgg11: [132_863_336, 22],
  vgg16: [138_357_544, 32],
  vgg16_bn: [138_365_992, 97],
  vgg19: [143_667_240, 38],
  resnet18: [11_689_512, 122],
  resnet34: [21_797_672, 218],
  resnet50: [25_557_032, 320],
  resnet101: [44_549_160, 626],
  se_resnet18: [11_778_592, 154],
  se_resnet50: [28_088_024, 384],
  efficientnet_b0: [5_288_548, 360],
  mobilenet_v2: [3_504_872, 314],
  mobilenet_v3_small: [2_542_856, 244],
  mobilenet_v3_large: [5_483_032, 312],
  densenet121: [7_978_856, 727],
  squeezenet1_1: [1_235_496, 52],
  convnext_tiny: [28_589_128, 182],
  unet: [31_030_658, 46],
  unet_1d: [10_812_418, 46],
  unet_3d: [1_400_578, 36],
  vit_b_16: [86_567_656, 152],
  vit_s_16: [22_050_664, 152],
  vit_ti_16: [5_717_416, 152],
  rnn: [1_480, 8],
  lstm: [5_920, 8],
  gru: [4_440, 8],
  bilstm: [15_040, 16],
  bigru: [11_280, 16],
  lstm_classifier: [739_586, 7],
  lstm_language_model: [2_161_424, 11],
  seq2seq_additive: [6_173_968, 21],
  seq2seq_multiplicative: [2_908_304, 20],
  transformer_encoder: [18_914_304, 72],
  transformer_decoder: [25_224_192, 108],
  transformer: [44_140_544, 184],
  gpt2: [124_439_808, 149],
  distilgpt2: [81_912_576, 77],
  gpt2_mini: [12_515_520, 77],
  bert_base: [109_482_240, 199],
  bert_medium: [41_373_184, 135],
  bert_small: [28_763_648, 71],
  bert_mini: [11_170_560, 71],
  bert_tiny: [4_385_920, 39],
  bert_masked_lm: [109_514_298, 204],
  bert_classifier: [109_483_778, 201],
  cnn_lstm: [44_932, 18],
  cnn_bilstm: [78_468, 22],
  cnn_gru: [36_612, 18],
  cnn_bigru: [61_828, 22],
  cnn_transformer: [615_498, 65],
  dcgan_g: [3_576_704, 25],
  dcgan_d: [2_765_568, 20],
  conditional_g: [3_986_804, 26],
  conditional_d: [2_763_009, 22],
  wgan_critic: [2_765_568, 11],
  toy_g: [4_482, 6],
  toy_d: [4_417, 6],
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
  vit_b_16: 17.56,
};

const names = Object.keys(CATALOGUE);

test("these architectures, and no others", () => {
  expect(names).toEqual(Object.keys(SIZES));
});

describe.each(names)("%s", (name) => {
  test("facts, without memory for weights or activations", () => {
    const before = device.memory().liveBytes;
    const facts = modelFacts(name, device);
    expect(facts.fault).toBeUndefined();
    expect([facts.parameters, facts.entries]).toEqual(SIZES[name]);
    const known = GIGA_MULTIPLY_ADDS[name];
    if (known) expect(Math.abs(facts.flops! / 2e9 / known - 1)).toBeLessThan(0.05); // norms and activations beside them
    expect(facts.flops).toBeGreaterThan(0);
    expect(facts.activationBytes).toBeGreaterThan(0);
    expect(device.memory().liveBytes - before).toBeLessThan(2 ** 20); // buffers of batch norms
  });
});

describe("wgrad models", () => {
  const folder = mkdtempSync(join(tmpdir(), "wgrad-models-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("prints a line of each, and writes them all as JSON", async () => {
    const lines: string[] = [];
    const print = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    const file = join(folder, "models.json");
    try {
      await models({ json: file });
    } finally {
      print.mockRestore();
      setDefaultDevice(device, true); // the command opens one of its own
    }
    expect(lines).toHaveLength(1 + names.length);
    expect(lines.find((line) => line.startsWith("resnet50 "))).toMatch(
      /25,557,032 +320 +8\.\d+ .*MB +\[1, 3, 224, 224\]/,
    );
    const listed = JSON.parse(readFileSync(file, "utf8")) as ModelFacts[];
    expect(listed).toEqual(names.map((name) => modelFacts(name, device)));
  });

  test("a model that the adapter cannot hold says why, and the others are counted", async () => {
    const small = await requestDevice({ limits: "default" });
    withDevice(small, () => {
      const [gpt, bert] = [modelFacts("gpt2", small), modelFacts("bert_base", small)];
      expect(gpt.fault).toMatch(/^Gpt2: transformer.wte.weight \[50257,768\] takes 154389504 bytes/);
      expect(gpt.flops).toBeNull();
      expect(bert.fault).toBeUndefined();
    });
    small.destroy();
  });
});
