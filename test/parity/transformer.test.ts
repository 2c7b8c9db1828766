// The transformers against PyTorch, weight for weight: names, shapes and counts of their state dicts at full size; logits, and
// for the small ones the loss, every gradient, and 20 steps of SGD and AdamW; impossible configurations.

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { narrow } from "../../src/kernels/slice.ts";
import * as nn from "../../src/layers/index.ts";
import * as models from "../../src/models/index.ts";
import { ones, randn, tensor, zeros } from "../../src/tensor/create.ts";
import { skipInit } from "../../src/tensor/parameter.ts";
import { CURVE_BOUNDS, checkRun } from "./run.ts";
import { MODELS, readRun } from "./transformer_models.ts";

const FOLDER = new URL("transformers/", import.meta.url);
const keys = JSON.parse(readFileSync(new URL("keys.json", FOLDER), "utf8")) as Record<
  string,
  { readonly parameters: number; readonly entries: Readonly<Record<string, string>> }
>;

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

const count = (model: nn.Module) => model.parameters().reduce((n, p) => n + p.size, 0);

describe("state dicts at full size are the original's", () => {
  test.each(Object.entries(keys))("%s", (name, { parameters, entries }) => {
    const { model } = skipInit(() => MODELS[name]({}));
    expect(count(model)).toBe(parameters);
    const mine = [...model.stateDict()].map(([key, t]) => [key, t.shape.join("x")]);
    expect(mine).toEqual(Object.entries(entries));
  });

  test("parameters of the sizes that the docs name", () => {
    const size = (make: () => nn.Module) => count(skipInit(make));
    expect(size(() => models.vitB16())).toBe(86_567_656);
    expect(size(() => models.vitS16())).toBe(22_050_664);
    expect(size(() => models.vitTi16())).toBe(5_717_416);
    expect(size(() => models.gpt2())).toBe(124_439_808);
    expect(size(() => models.bertBase())).toBe(109_482_240);
    expect(size(() => models.bertMini())).toBe(11_170_560);
    expect(size(() => new models.BertForMaskedLM())).toBe(109_514_298);
    expect(size(() => new models.BertForSequenceClassification())).toBe(109_483_778);
    expect(size(() => new nn.Transformer())).toBe(44_140_544);
  });
});

/** Max |y - ref| / max |ref| of a tensor. */
const BOUND = 5e-5;

describe("numbers are PyTorch's", () => {
  const files = readdirSync(FOLDER).filter((f) => f.endsWith(".safetensors"));
  test.each(files.map((f) => [f.replace(".safetensors", "")]))("%s", async (name) => {
    const found = await checkRun(device, readRun(`${name}.safetensors`));
    expect(found.length).toBeGreaterThan(0);
    if (process.env.SHOW) console.log(name, [...found].sort((a, b) => b.error - a.error).slice(0, 6));
    const bounds: Record<string, number> = CURVE_BOUNDS;
    for (const { part, error } of found) expect(error, part).toBeLessThanOrEqual(bounds[part] ?? BOUND);
  });
});

describe("impossible configurations", () => {
  const cases: [string, () => unknown, RegExp][] = [
    [
      "ViT heads",
      () => models.vitB16({ d: 100, heads: 12 }),
      /d must be a multiple of heads, got 100 and 12/,
    ],
    [
      "ViT patch",
      () => models.vitB16({ imageSize: 8 }),
      /imageSize must be at least patchSize, got 8 and 16/,
    ],
    [
      "ViT rest",
      () => models.vitB16({ imageSize: 40 }),
      /imageSize must be a multiple of patchSize, got 40 and 16/,
    ],
    ["ViT width", () => models.vitB16({ mlp: -4 }), /mlp must be a positive integer, got -4/],
    ["ViT dropout", () => models.vitB16({ dropout: 2 }), /dropout must be in \[0, 1\], got 2/],
    ["GPT-2 heads", () => models.gpt2({ heads: 7 }), /Gpt2: d must be a multiple of heads, got 768 and 7/],
    ["GPT-2 width", () => models.gpt2({ d: -768 }), /Gpt2: d must be a positive integer, got -768/],
    ["GPT-2 layers", () => models.gpt2Mini({ layers: 0 }), /Gpt2: layers must be a positive integer, got 0/],
    [
      "GPT-2 dropout",
      () => models.gpt2({ attentionDropout: -1 }),
      /attentionDropout must be in \[0, 1\], got -1/,
    ],
    ["BERT heads", () => models.bertBase({ heads: 5 }), /Bert: d must be a multiple of heads, got 768 and 5/],
    ["BERT padding", () => models.bertMini({ vocab: 5, padding: 5 }), /paddingIdx must be a row of 5, got 5/],
    [
      "BERT classes",
      () => new models.BertForSequenceClassification({ numClasses: 0 }),
      /numClasses must be a positive/,
    ],
    [
      "layer heads",
      () => new nn.TransformerEncoderLayer(10, 3),
      /embedDim must be a multiple of numHeads, got 10 and 3/,
    ],
    [
      "layer width",
      () => new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: -1 }),
      /must be a positive integer, got -1/,
    ],
    [
      "layer activation",
      () => new nn.TransformerEncoderLayer(8, 2, { activation: "swish" as "relu" }),
      /TransformerEncoderLayer: activation must be one of relu, gelu or a function, got swish/,
    ],
    [
      "layers",
      () => new nn.Transformer({ numDecoderLayers: 0 }),
      /numDecoderLayers must be a positive integer, got 0/,
    ],
  ];
  test.each(cases)("%s", (_, make, message) => {
    const build = () => skipInit(make);
    expect(build).toThrow(OptionError);
    expect(build).toThrow(message);
  });

  test("of inputs", () => {
    const tiny = { vocab: 7, length: 4, d: 8, layers: 1, heads: 2 };
    const ids = (...shape: number[]) => zeros(shape, { dtype: "i32" });
    const refused = (run: () => unknown, message: RegExp) => {
      expect(run).toThrow(ShapeError);
      expect(run).toThrow(message);
    };
    const gpt = models.gpt2(tiny);
    refused(() => gpt.forward(ids(1, 5)), /Gpt2: at most 4 tokens, ids \[1,5\]/);
    refused(() => gpt.forward(ids(5)), /Gpt2: ids must be \[b, t\], ids \[5\]/);
    refused(
      () => gpt.forward(ids(1, 3), { attentionMask: ids(1, 4) }),
      /attentionMask must have the shape of ids/,
    );
    const bert = models.bertBase(tiny);
    refused(
      () => bert.forward(ids(2, 3), { tokenTypeIds: ids(3) }),
      /tokenTypeIds must have the shape of ids/,
    );
    const vit = models.vitB16({ imageSize: 16, patchSize: 8, d: 8, heads: 2, layers: 1 });
    refused(() => vit.forward(zeros([1, 3, 16, 24])), /x must be \[b, 3, 16, 16\], x \[1,3,16,24\]/);
  });
});

describe("how they start and run", () => {
  // Beside a variance of 1 no logit tells one from another.
  test("epsilons of layer norms are the original's", () => {
    const epsilons = (make: () => nn.Module) => {
      const norms = skipInit(make)
        .modules()
        .filter((m) => m instanceof nn.LayerNorm);
      return [...new Set(norms.map((m) => m.eps))];
    };
    expect(epsilons(() => models.vitTi16())).toEqual([1e-6]);
    expect(epsilons(() => models.gpt2Mini())).toEqual([1e-5]);
    expect(epsilons(() => new models.BertForMaskedLM(models.BERT_MINI))).toEqual([1e-12]);
    expect(epsilons(() => new nn.Transformer())).toEqual([1e-5]);
    expect(epsilons(() => new nn.Transformer({ layerNormEps: 1e-3 }))).toEqual([1e-3]);
  });

  test("BERT's row of padding is 0, tables have standard deviation 0.02, the head of ViT 0", async () => {
    const bert = models.bertBase({ vocab: 500, length: 16, d: 32, layers: 1, heads: 2, padding: 3 });
    const words = [...(await bert.words.weight.data())];
    expect(words.slice(3 * 32, 4 * 32)).toEqual(Array(32).fill(0));
    const variance = words.reduce((s, v) => s + v * v, 0) / (499 * 32);
    expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
    const vit = models.vitB16({ imageSize: 8, patchSize: 4, d: 8, heads: 2, layers: 1, numClasses: 3 });
    expect([...(await vit.forward(randn([2, 3, 8, 8])).data())]).toEqual(Array(6).fill(0));
  });

  test("dropout in training only; i32 masks as bool ones", async () => {
    const bert = new models.BertForMaskedLM({ vocab: 11, length: 6, d: 16, layers: 2, heads: 2 });
    const ids = zeros([2, 6], { dtype: "i32" });
    const run = async (mask?: "i32" | "bool") => {
      const attentionMask = mask ? ones([2, 6], { dtype: mask }) : null;
      return [...(await bert.forward(ids, { attentionMask }).data())];
    };
    expect(await run()).not.toEqual(await run());
    bert.eval();
    const plain = await run();
    expect(await run()).toEqual(plain);
    const masked = await run("i32");
    expect(await run("bool")).toEqual(masked);
    masked.forEach((v, i) => {
      expect(v).toBeCloseTo(plain[i], 5);
    });
  });

  test("a causal encoder does not see what comes; positions may be given", async () => {
    const layer = new nn.TransformerEncoderLayer(16, 4, { dimFeedforward: 32, batchFirst: true, dropout: 0 });
    const encoder = new nn.TransformerEncoder(() => layer, 1);
    const x = randn([1, 5, 16]);
    const whole = await encoder.forward(x, { isCausal: true }).data();
    const start = await encoder.forward(narrow(x, 1, 0, 3), { isCausal: true }).data();
    start.forEach((v, i) => {
      expect(v).toBeCloseTo(whole[i], 5);
    });
    const gpt = models.gpt2({ vocab: 9, length: 8, d: 16, layers: 1, heads: 2 }).eval();
    const ids = zeros([1, 4], { dtype: "i32" });
    const positionIds = tensor([[0, 1, 2, 3]], { dtype: "i32" });
    const [a, b] = [gpt.forward(ids), gpt.forward(ids, { positionIds })];
    expect([...(await a.data())]).toEqual([...(await b.data())]);
  });

  test("a decoder's masks reach their attention", async () => {
    const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 8, batchFirst: true, dropout: 0 });
    const decoder = new nn.TransformerDecoder(() => layer, 1);
    const [tgt, memory] = [randn([2, 3, 8]), randn([2, 4, 8])];
    const run = async (masks: nn.DecoderMasks) => [...(await decoder.forward(tgt, memory, masks).data())];
    const forbid = (rows: number, columns: number, at: (i: number, j: number) => boolean) =>
      tensor(
        Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns)),
        { shape: [rows, columns], dtype: "bool" },
      );
    const [plain, tgtCausal, memoryCausal] = await Promise.all(
      [{}, { tgtIsCausal: true }, { memoryIsCausal: true }].map(run),
    );
    expect(plain).not.toEqual(tgtCausal);
    expect(plain).not.toEqual(memoryCausal);
    const near = (a: number[], b: number[]) => {
      expect(Math.max(...a.map((v, i) => Math.abs(v - b[i])))).toBeLessThan(1e-5);
    };
    near(await run({ tgtMask: forbid(3, 3, (i, j) => j > i) }), tgtCausal);
    near(await run({ memoryMask: forbid(3, 4, (i, j) => j > i) }), memoryCausal);
    const last = (_: number, j: number) => j === 2;
    near(await run({ tgtKeyPaddingMask: forbid(2, 3, last) }), await run({ tgtMask: forbid(3, 3, last) }));
    near(
      await run({ memoryKeyPaddingMask: forbid(2, 4, last) }),
      await run({ memoryMask: forbid(3, 4, last) }),
    );
  });
});
