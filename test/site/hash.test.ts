// What a link holds: every config survives the way into a hash and back; what a hash says wrongly is told, never guessed at.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  checkLayers,
  type LayerSpec,
  layersText,
  layerText,
  PRESETS,
  parseLayers,
} from "../../site/engine/layers.ts";
import type { RunConfig } from "../../site/engine/protocol.ts";
import { DEFAULT_CONFIG, hashOf, OPTIMIZERS, parseHash, SCHEDULES } from "../../site/frame/hash.ts";

const whole = (min: number, max: number) => fc.integer({ min, max });
const rate = fc.double({ min: 1e-7, max: 10, noNaN: true });

const layer: fc.Arbitrary<LayerSpec> = fc.oneof(
  fc.record({
    kind: fc.constant("conv" as const),
    channels: whole(1, 256),
    kernel: whole(1, 11),
    stride: whole(1, 8),
    padding: whole(0, 10),
  }),
  fc.record({ kind: fc.constantFrom("maxpool" as const, "avgpool" as const), kernel: whole(2, 16) }),
  fc.record({ kind: fc.constant("dropout" as const), p: fc.double({ min: 0, max: 0.95, noNaN: true }) }),
  fc.record({ kind: fc.constant("linear" as const), features: whole(1, 4096) }),
  fc.record({
    kind: fc.constantFrom(...(["batchnorm", "relu", "gelu", "tanh", "sigmoid", "flatten"] as const)),
  }),
);

const config: fc.Arbitrary<RunConfig> = fc.record({
  data: fc.constantFrom("mnist" as const, "own" as const),
  layers: fc.array(layer, { minLength: 1, maxLength: 32 }),
  optimizer: fc.constantFrom(...OPTIMIZERS),
  lr: rate,
  schedule: fc.constantFrom(...SCHEDULES),
  batch: whole(1, 512),
  epochs: whole(1, 200),
  seed: whole(0, 2 ** 31 - 1),
  patience: whole(0, 50),
});

const page = fc.constantFrom("home", "train", "microscope", "bench");
const own = fc.dictionary(fc.constantFrom("picture", "auto", "tab"), fc.string());

test("a config survives the way into a link and back", () => {
  fc.assert(
    fc.property(page, config, own, (name, wanted, pairs) => {
      const { query, ...route } = parseHash(hashOf(name, wanted, new URLSearchParams(pairs)));
      expect(route).toEqual({ page: name, config: wanted, faults: [] });
      expect(Object.fromEntries(query)).toEqual({ ...pairs });
    }),
  );
});

test("the standard config needs no parameters", () => {
  expect(hashOf("home")).toBe("#/");
  expect(hashOf("train")).toBe("#/train");
  expect(hashOf("bench", DEFAULT_CONFIG, new URLSearchParams({ auto: "1" }))).toBe("#/bench?v=1&auto=1");
});

test("the page's own parameters are no part of the config, and no fault", () => {
  const { query, config, faults } = parseHash("#/microscope?v=1&seed=4&picture=12&toString=x");
  expect([...query]).toEqual([
    ["picture", "12"],
    ["toString", "x"],
  ]);
  expect(config).toEqual({ ...DEFAULT_CONFIG, seed: 4 });
  expect(faults).toEqual([]);
});

test("an empty hash is Home", () => {
  for (const hash of ["", "#", "#/", "#/?v=1"]) expect(parseHash(hash).page).toBe("home");
});

test("any nonsense is read without a throw, and gives a config that can run", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const hash of [text, `#${text}`, `#/train?${text}`, `#/train?layers=${text}`]) {
        const route = parseHash(hash);
        if (route.faults.length === 0) expect(route.config.batch).toBeGreaterThan(0);
      }
    }),
  );
});

test("a newer version and one that is none are said, and nothing of the link is taken", () => {
  for (const [version, message] of [
    ["2", /newer version of the site \(2; this is 1\)/],
    ["9999", /newer version/],
    ["-1", /version "-1", which is none/],
    ["one", /version "one", which is none/],
    ["", /version "", which is none/],
  ] as const) {
    const { config, faults, query } = parseHash(`#/train?v=${version}&seed=5&picture=1`);
    expect(faults).toEqual([expect.stringMatching(message)]);
    expect(config).toEqual(DEFAULT_CONFIG);
    expect(query.get("picture")).toBe("1");
  }
});

test.each([
  ["data=cats", /data: must be one of mnist, own, the link says "cats"/],
  ["optimizer=adamww", /optimizer: must be one of sgd/],
  ["schedule=", /schedule: must be one of constant/],
  ["lr=fast", /lr: must be from 1e-7 to 10, the link says "fast"/],
  ["lr=", /lr: must be from/],
  ["lr=0", /lr: must be from/],
  ["lr=Infinity", /lr: must be from/],
  ["lr=NaN", /lr: must be from/],
  ["batch=0", /batch: must be from 1 to 512/],
  ["batch=2.5", /batch: must be a whole number/],
  ["epochs=201", /epochs: must be from 1 to 200/],
  ["seed=-1", /seed: must be from 0/],
  ["seed=2147483648", /seed: must be from 0/],
  ["patience=51", /patience: must be from 0 to 50/],
  ["layers=", /layers: "" is no layer; there are conv/],
  ["layers=conv", /layers: "conv" needs channels from 1 to 256/],
  ["layers=conv+8+k0", /needs a kernel size \(k5\) from 1 to 11/],
  ["layers=conv+8.5", /needs channels without a fraction/],
  ["layers=maxpool+1", /needs a size from 2 to 16/],
  ["layers=dropout+1", /needs a probability from 0 to 0.95/],
  ["layers=linear+0", /needs features from 1 to 4096/],
  ["layers=transformer", /"transformer" is no layer/],
  [`layers=${Array(33).fill("relu").join()}`, /at most 32, got 33/],
])("%s: the message names it, the default stands, the rest is taken", (pair, message) => {
  const given = pair.startsWith("seed") ? "batch=7" : "seed=7";
  const { config, faults } = parseHash(`#/train?${pair}&${given}`);
  expect(faults).toEqual([expect.stringMatching(message)]);
  const rest = given === "seed=7" ? { seed: 7 } : { batch: 7 };
  expect(config).toEqual({ ...DEFAULT_CONFIG, ...rest });
});

test("several faults are all told", () => {
  expect(parseHash("#/train?lr=x&batch=y&layers=z").faults).toHaveLength(3);
});

test("the text of a layer list gives the list again", () => {
  fc.assert(
    fc.property(fc.array(layer, { minLength: 1, maxLength: 32 }), (list) => {
      expect(parseLayers(layersText(list))).toEqual(list);
      expect(parseLayers(list.map(layerText).join(" ,  "))).toEqual(list);
    }),
  );
});

test.each(Object.keys(PRESETS))("preset %s makes a model of ten classes", (name) => {
  const list = parseLayers(PRESETS[name]!);
  expect(layersText(list)).toBe(PRESETS[name]);
  const { fault, parameters } = checkLayers(list, [1, 28, 28], 10);
  expect(fault).toBeNull();
  expect(parameters).toBeGreaterThan(0);
});

test.each([
  ["linear 10", "layer 1, linear 10: needs a row of features, gets [1,28,28]: put flatten in front"],
  ["flatten, conv 4", "layer 2, conv 4 k3: needs a picture [channels, height, width], gets [784]"],
  ["flatten, maxpool 2", "layer 2, maxpool 2: needs a picture"],
  ["flatten, batchnorm", "layer 2, batchnorm: needs a picture"],
  ["maxpool 16, maxpool 2", "layer 2, maxpool 2: windows of 2 are larger than the picture 1x1"],
  ["maxpool 16, conv 4 k5", "layer 2, conv 4 k5: its kernel of 5 is larger than the padded picture 1x1"],
  ["flatten, linear 9", "the last layer gives [9], but there are 10 classes: end with linear 10"],
  ["conv 4", "the last layer gives [4,26,26], but there are 10 classes"],
  ["flatten, linear 4096, linear 4096, linear 10", "parameters are more than this page trains"],
])("%s does not fit", (text, message) => {
  expect(checkLayers(parseLayers(text), [1, 28, 28], 10).fault).toContain(message);
});
