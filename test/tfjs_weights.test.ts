// Weights in TensorFlow.js' format: every storage, several shards and groups, and files that are wrong.
import { describe, expect, test } from "vitest";
import { FormatError } from "../src/gpu/errors.ts";
import { readTfjsWeights, tfjsShards } from "../src/io/tfjs.ts";

const bytes = (...arrays: (ArrayBufferView & { buffer: ArrayBufferLike })[]) =>
  Uint8Array.from(arrays.flatMap((a) => [...new Uint8Array(a.buffer, a.byteOffset, a.byteLength)]));

const first = bytes(
  new Uint8Array([0, 128, 255]), // quantised: what follows is not aligned
  new Float32Array([1.5, -2]),
  new Int32Array([7, -8]),
  new Uint8Array([1, 0]),
);
const second = bytes(new Uint16Array([0x3c00, 0xc000]), new Uint16Array([10, 65535]));
const model = {
  format: "layers-model",
  weightsManifest: [
    {
      paths: ["a1", "a2"],
      weights: [
        { name: "q8", shape: [3], dtype: "float32", quantization: { dtype: "uint8", scale: 0.5, min: -1 } },
        { name: "f", shape: [2, 1], dtype: "float32" },
        { name: "i", shape: [2], dtype: "int32" },
        { name: "b", shape: [1, 2], dtype: "bool" },
        { name: "none", shape: [0, 4], dtype: "float32" },
      ],
    },
    {
      paths: ["b"],
      weights: [
        { name: "h", shape: [2], dtype: "float32", quantization: { dtype: "float16" } },
        { name: "q16", shape: [2], dtype: "int32", quantization: { dtype: "uint16", scale: 0.26, min: 3 } },
      ],
    },
  ],
};
const shards = { a1: first.subarray(0, 5), a2: first.subarray(5), b: second };

test("every storage, over shards that cut a weight in two", () => {
  expect(tfjsShards(model)).toEqual(["a1", "a2", "b"]);
  const weights = readTfjsWeights(model, shards);
  const values = Object.fromEntries(
    [...weights].map(([name, { data, shape }]) => [name, [shape, [...data]]]),
  );
  expect(values).toEqual({
    q8: [[3], [-1, 63, 126.5]],
    f: [
      [2, 1],
      [1.5, -2],
    ],
    i: [[2], [7, -8]],
    b: [
      [1, 2],
      [1, 0],
    ],
    none: [[0, 4], []],
    h: [[2], [1, -2]],
    q16: [[2], [6, 17042]],
  });
  expect(readTfjsWeights(model.weightsManifest, new Map(Object.entries(shards))).size).toBe(7);
});

describe("refused, saying what is wrong", () => {
  const one = (weight: object, data = new Uint8Array(4)) =>
    [[{ paths: ["p"], weights: [weight] }], { p: data }] as const;
  const w = { name: "w", shape: [1], dtype: "float32" };
  test.each<[string, unknown, Record<string, Uint8Array>, RegExp]>([
    ["no manifest", { modelTopology: {} }, {}, /weightsManifest is no list/],
    ["null", null, {}, /weightsManifest is no list/],
    ["text", "{}", {}, /weightsManifest is no list/],
    ["a group that is none", [3], {}, /a group is no object/],
    ["no paths", [{ weights: [] }], {}, /paths is no list/],
    ["no weights", [{ paths: [] }], {}, /weights is no list/],
    ["a missing shard", model, { a1: shards.a1, b: second }, /no shard a2/],
    ["a short shard", ...one(w, new Uint8Array(3)), /w needs 4 bytes at 0, p end at 3/],
    ["a long shard", ...one(w, new Uint8Array(5)), /p hold 5 bytes, their weights take 4/],
    ["a nameless weight", ...one({ ...w, name: undefined }), /a weight has no name/],
    ["a shape that is none", ...one({ ...w, shape: [1.5] }), /w: shape \[1.5\]/],
    ["a negative size", ...one({ ...w, shape: [-1] }), /w: shape \[-1\]/],
    ["a huge shape", ...one({ ...w, shape: [2 ** 40, 2 ** 40] }), /w needs/],
    ["another dtype", ...one({ ...w, dtype: "string" }), /dtype string is not read/],
    ["another quantisation", ...one({ ...w, quantization: { dtype: "int4" } }), /quantised to int4/],
    [
      "no scale",
      ...one({ ...w, quantization: { dtype: "uint8" } }, new Uint8Array(1)),
      /without scale and min/,
    ],
    ["twice", [{ paths: ["p"], weights: [w, w] }], { p: new Uint8Array(8) }, /w stands twice/],
  ])("%s", (_, manifest, files, message) => {
    expect(() => readTfjsWeights(manifest, files)).toThrow(FormatError);
    expect(() => readTfjsWeights(manifest, files)).toThrow(message);
  });
});
