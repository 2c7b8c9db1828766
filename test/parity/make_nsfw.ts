// Writes nsfw_features.safetensors: what TensorFlow.js itself makes of the pictures, features [3, 1280] and probabilities [3, 5].
// npx tsx test/parity/make_nsfw.ts (half a minute: its plain JavaScript backend)
import { writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { writeSafetensors } from "../../src/io/safetensors.ts";
import { nsfwModel, PICTURES, picture, SIZE } from "./nsfw_model.ts";

await tf.setBackend("cpu");
const { json, shard } = await nsfwModel();
const model = await tf.loadLayersModel(
  tf.io.fromMemory({
    modelTopology: json.modelTopology as object,
    weightSpecs: json.weightsManifest[0]!.weights as tf.io.WeightsManifestEntry[],
    weightData: shard.buffer,
  }),
);
const outputs = ["flatten_1", "dense_3"].map((name) => model.getLayer(name).output as tf.SymbolicTensor);
const both = tf.model({ inputs: model.inputs, outputs });
const found: [number[], number[]] = [[], []];
for (const [i] of PICTURES.entries()) {
  const x = tf.tensor(picture(i), [1, SIZE, SIZE, 3]);
  for (const [k, y] of (both.predict(x) as tf.Tensor[]).entries()) found[k]!.push(...(await y.data()));
}
const tensor = (values: number[]) => ({
  dtype: "F32" as const,
  shape: [PICTURES.length, values.length / PICTURES.length],
  data: Float32Array.from(values),
});
const file = writeSafetensors([
  ["features", tensor(found[0])],
  ["probabilities", tensor(found[1])],
]);
writeFileSync(new URL("nsfw_features.safetensors", import.meta.url), file);
