// A network trained elsewhere: the MobileNetV2 of npm nsfwjs, read from TensorFlow.js' format, gives the features that
// TensorFlow.js gave (make_nsfw.ts), and the probabilities behind its own head.
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { FormatError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { matmul, models, noGrad, readSafetensors, type Tensor, tensor } from "../../src/index.ts";
import { readTfjsWeights, type TfjsWeight } from "../../src/io/tfjs.ts";
import { nsfwModel, PICTURES, picture, SIZE } from "./nsfw_model.ts";

const TOLERANCE = 1e-4; // of the largest: 52 layers, in f32 on both sides

let weights: Map<string, TfjsWeight>;
beforeAll(async () => {
  await requestDevice();
  const { json, shard } = await nsfwModel();
  weights = readTfjsWeights(json, { [json.weightsManifest[0]!.paths[0]!]: shard });
});

function loaded(): models.MobileNetV2 {
  const model = models.mobilenetV2(models.KERAS_MOBILENET_V2).eval();
  const report = model.loadStateDict(models.kerasMobilenetV2(weights), { strict: false });
  expect(report.unexpected).toEqual([]);
  const counters = /num_batches_tracked$/;
  expect(report.missing.filter((key) => !counters.test(key))).toEqual([
    "classifier.1.weight",
    "classifier.1.bias",
  ]);
  return model;
}

const gap = (found: ArrayLike<number>, wanted: ArrayLike<number>) => {
  const largest = Array.from(wanted).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return Array.from(wanted).reduce((m, v, i) => Math.max(m, Math.abs(v - found[i]!)), 0) / largest;
};

test.each(PICTURES.map((name, i) => [name, i] as const))("the same features: %s", async (_, i) => {
  const golden = readSafetensors(readFileSync(new URL("nsfw_features.safetensors", import.meta.url))).tensors;
  const row = (name: string, width: number) =>
    (golden.get(name)!.data as Float32Array).subarray(i * width, (i + 1) * width);
  const model = loaded();
  const dense = (x: Tensor, name: string) => {
    const [kernel, bias] = ["kernel", "bias"].map((part) => weights.get(`${name}/${part}`)!);
    return matmul(x, tensor(kernel!.data, { shape: kernel!.shape })).add(tensor(bias!.data));
  };
  const x = tensor(picture(i), { shape: [1, SIZE, SIZE, 3] }).permute([0, 3, 1, 2]);
  const [features, probabilities] = noGrad(() => {
    const f = model.features.forward(x).mean([2, 3]); // [1, 1280]
    const h = dense(dense(f, "dense_1").relu(), "dense_2").relu(); // [1, 128]
    return [f, dense(h, "dense_3").softmax(-1)];
  });
  expect(gap(await features!.data(), row("features", 1280))).toBeLessThan(TOLERANCE);
  expect(gap(await probabilities!.data(), row("probabilities", 5))).toBeLessThan(TOLERANCE);
});

test("weights of another network are refused, naming what is missing", () => {
  const part = new Map([...weights].filter(([name]) => !name.startsWith("block_3")));
  expect(() => models.kerasMobilenetV2(part)).toThrow(FormatError);
  expect(() => models.kerasMobilenetV2(part)).toThrow(
    /missing weights: block_3_expand\/kernel, block_3_expand_BN\/gamma/,
  );
});
