// The layer list: its text form, and that its shapes and counts of parameters are those of the model made of it.

import { beforeAll, describe, expect, test } from "vitest";
import { checkLayers, layersText, PRESETS, parseLayers } from "../../site/engine/layers.ts";
import { buildModel } from "../../site/engine/model.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { zeros } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const INPUT = [1, 28, 28];
const EVERY_KIND =
  "conv 4 k5 s2 p2, batchnorm, relu, gelu, maxpool 2, conv 6 k3 p1, tanh, avgpool 3, flatten, dropout 0.5, linear 16, sigmoid, linear 10";
const LISTS = [...Object.values(PRESETS), EVERY_KIND];

beforeAll(async () => {
  await requestDevice();
});

test.each(LISTS)("%s: text, shapes and parameters", (text) => {
  const layers = parseLayers(text);
  expect(parseLayers(layersText(layers))).toEqual(layers);
  const checked = checkLayers(layers, INPUT, 10);
  expect(checked.fault).toBeNull();
  const model = buildModel(layers, INPUT, 10, 3).eval();
  expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(checked.parameters);
  scope(() => {
    let h: Tensor = zeros([2, ...INPUT]);
    for (const [i, layer] of [...model].entries()) {
      h = layer.forward(h);
      expect(h.shape).toEqual([2, ...checked.layers[i]!.output!]);
    }
  });
});

test("the seed decides the weights, bit by bit", async () => {
  const weights = async (seed: number) => {
    const model = buildModel(parseLayers(PRESETS.lenet!), INPUT, 10, seed);
    const values = await Promise.all([...model.stateDict().values()].map((t) => t.data()));
    return values.map((v) => Buffer.from(v.buffer).toString("base64")); // bits, and quickly compared
  };
  expect(await weights(5)).toEqual(await weights(5));
  expect(await weights(5)).not.toEqual(await weights(6));
});

describe("lists that do not fit", () => {
  test.each([
    ["linear 10", "put flatten in front"],
    ["flatten, conv 4 k3, linear 10", "needs a picture"],
    ["conv 4 k11, conv 4 k11, conv 4 k11, flatten, linear 10", "larger than the padded picture 8x8"],
    ["maxpool 16, maxpool 2, flatten, linear 10", "windows of 2 are larger"],
    ["flatten, batchnorm, linear 10", "needs a picture"],
    ["conv 4", "end with linear 10"],
    ["flatten, linear 9", "there are 10 classes"],
    ["flatten, linear 4096, linear 4096, linear 10", "more than this page trains"],
  ])("%s: %s", (text, fault) => {
    const layers = parseLayers(text);
    expect(checkLayers(layers, INPUT, 10).fault).toContain(fault);
    expect(() => buildModel(layers, INPUT, 10, 0)).toThrow(fault);
  });

  test.each([
    ["conv", "channels"],
    ["conv 4 k99", "kernel size"],
    ["conv 4.5", "without a fraction"],
    ["attention 3", "is no layer"],
    ["dropout 1", "probability"],
    [Array(40).fill("relu").join(), "at most 32"],
    ["", "is no layer"],
  ])("%s is no list: %s", (text, why) => {
    expect(() => parseLayers(text)).toThrow(why);
  });
});
