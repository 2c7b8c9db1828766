// Files as the Hugging Face hub has them: without or with the prefix of the body, with causal masks, old names of norms, heads of
// other tasks. The model that wrote the file and the one that reads it give the same numbers.
import { beforeAll, describe, expect, test } from "vitest";
import { FormatError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { type SafeTensor, writeSafetensors } from "../../src/io/safetensors.ts";
import { readStateDict } from "../../src/io/state_dict.ts";
import type { Module } from "../../src/layers/module.ts";
import * as models from "../../src/models/index.ts";
import { tensor } from "../../src/tensor/create.ts";
import { skipInit } from "../../src/tensor/parameter.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice();
  manualSeed(2);
});

const SIZES = { vocab: 11, length: 6, d: 8, layers: 2, heads: 2 };
const ids = () => tensor([[3, 1, 4, 1, 5]], { dtype: "i32" });
const list = async (t: Tensor) => [...(await t.data())];

type Names = (key: string) => string | null;

/** The weights of a model as a file, under other names; null leaves one out. */
async function fileOf(
  model: Module,
  names: Names,
  more: Record<string, SafeTensor> = {},
): Promise<Uint8Array> {
  const entries: [string, SafeTensor][] = Object.entries(more);
  for (const [key, t] of model.stateDict()) {
    const name = names(key);
    const data = (await t.data()) as Float32Array<ArrayBuffer>;
    if (name !== null) entries.push([name, { dtype: "F32", shape: [...t.shape], data }]);
  }
  return writeSafetensors(entries);
}

const floats = (...shape: number[]): SafeTensor => ({
  dtype: "F32",
  shape,
  data: new Float32Array(shape.reduce((n, s) => n * s, 1)),
});

describe("GPT-2", () => {
  const masks = Object.fromEntries(
    [0, 1].flatMap((i): [string, SafeTensor][] => [
      [`h.${i}.attn.bias`, { dtype: "BOOL", shape: [1, 1, 6, 6], data: new Uint8Array(36) }],
      [`h.${i}.attn.masked_bias`, floats()],
    ]),
  );
  const prefixed = Object.fromEntries(Object.entries(masks).map(([k, v]) => [`transformer.${k}`, v]));
  const tied: Names = (key) => (key.startsWith("lm_head.") ? null : key);

  test.each<[string, Names, Record<string, SafeTensor>]>([
    [
      "as published: no prefix, no head, masks",
      (key) => tied(key)?.replace("transformer.", "") ?? null,
      masks,
    ],
    ["with prefix and masks, without the head", tied, prefixed],
    ["as written today: everything under its own key", (key) => key, {}],
    ["with the heads of classification", tied, { "score.weight": floats(2, 8) }],
  ])("%s", async (_, names, more) => {
    const written = new models.Gpt2(SIZES).eval();
    const file = await fileOf(written, names, more);
    const model = skipInit(() => new models.Gpt2(SIZES)).eval();
    const report = model.loadStateDict(models.huggingFaceKeys(model, readStateDict(file)));
    expect(report).toEqual({ missing: [], unexpected: [] });
    expect(await list(model.forward(ids()))).toEqual(await list(written.forward(ids())));
  });
});

describe("BERT", () => {
  const old: Names = (key) =>
    key.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta");
  /** bert-base-uncased as published: pre-training's heads, decoder tied, gamma and beta. */
  const published = async () => {
    const model = new models.BertForMaskedLM(SIZES).eval();
    const names: Names = (key) => (key === "cls.predictions.decoder.bias" ? null : old(key));
    const more: Record<string, SafeTensor> = {
      "bert.embeddings.position_ids": { dtype: "I64", shape: [1, 6], data: new BigInt64Array(6) },
      "bert.pooler.dense.weight": {
        dtype: "F32",
        shape: [8, 8],
        data: Float32Array.from({ length: 64 }, (_, i) => i / 64),
      },
      "bert.pooler.dense.bias": floats(8),
      "cls.seq_relationship.weight": floats(2, 8),
      "cls.seq_relationship.bias": floats(2),
    };
    return { model, dict: readStateDict(await fileOf(model, names, more)) };
  };

  test("a file of pre-training, into the model with that head", async () => {
    const { model: written, dict } = await published();
    const model = skipInit(() => new models.BertForMaskedLM(SIZES)).eval();
    model.loadStateDict(models.huggingFaceKeys(model, dict));
    expect(await list(model.forward(ids()))).toEqual(await list(written.forward(ids())));
  });

  test("the same file, into the body: prefix and heads fall away, the pooler stays", async () => {
    const { model: written, dict } = await published();
    const model = skipInit(() => new models.Bert(SIZES)).eval();
    model.loadStateDict(models.huggingFaceKeys(model, dict));
    expect(await list(model.forward(ids()).hidden)).toEqual(await list(written.bert.forward(ids()).hidden));
    expect((await list(model.pooler!.weight))[63]).toBe(63 / 64);
    const bodyAlone = skipInit(() => new models.Bert({ ...SIZES, pooler: false }));
    expect(bodyAlone.loadStateDict(models.huggingFaceKeys(bodyAlone, dict)).unexpected).toEqual([]);
  });

  test("the same file, under a new head: that alone is missing", async () => {
    const { dict } = await published();
    const model = new models.BertForSequenceClassification({ ...SIZES, numClasses: 3 });
    const keys = models.huggingFaceKeys(model, dict);
    expect(model.loadStateDict(keys, { strict: false })).toEqual({
      missing: ["classifier.weight", "classifier.bias"],
      unexpected: [],
    });
    expect(() => model.loadStateDict(keys)).toThrow(/missing keys: classifier.weight, classifier.bias$/);
  });

  test("a file of the body, without prefix, into a model with a head that has the table twice", async () => {
    const body = new models.Bert({ ...SIZES, pooler: false }).eval();
    const model = new models.BertForMaskedLM(SIZES).eval();
    const keys = models.huggingFaceKeys(model, readStateDict(await fileOf(body, old)));
    const { missing, unexpected } = model.loadStateDict(keys, { strict: false });
    expect(unexpected).toEqual([]);
    expect(missing.every((key) => key.startsWith("cls.predictions."))).toBe(true);
    expect(missing).not.toContain("cls.predictions.decoder.weight");
    expect(await list(model.bert.forward(ids()).hidden)).toEqual(await list(body.forward(ids()).hidden));
  });
});

describe("what does not fit is still reported", () => {
  const model = () => skipInit(() => new models.Bert({ ...SIZES, layers: 1 }));

  test("a file of a deeper model, of another width", async () => {
    const dict = readStateDict(await fileOf(new models.Bert({ ...SIZES, d: 4 }), (key) => `bert.${key}`));
    const load = () => {
      const small = model();
      small.loadStateDict(models.huggingFaceKeys(small, dict));
    };
    expect(load).toThrow(FormatError);
    expect(load).toThrow(/unexpected keys: .*bert.encoder.layer.1.attention.self.query.weight/);
    expect(load).toThrow(/embeddings.word_embeddings.weight: shape \[11,4\] given, \[11,8\] needed/);
  });

  test("two tensors for one key", () => {
    const one = { data: new Float32Array(8), shape: [8] };
    const dict = { "embeddings.LayerNorm.weight": one, "bert.embeddings.LayerNorm.gamma": one };
    expect(() => models.huggingFaceKeys(model(), dict)).toThrow(FormatError);
    expect(() => models.huggingFaceKeys(model(), dict)).toThrow(
      /two tensors for embeddings.LayerNorm.weight, one of them bert.embeddings.LayerNorm.gamma/,
    );
  });
});
