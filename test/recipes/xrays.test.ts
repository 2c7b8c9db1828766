// PneumoniaMNIST and the recipes on it: the reader on archives made here, what the judging shares, and the small forms on the real
// images.
import { zipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { dataReader } from "../../src/data/sets/files.ts";
import { loadNsfwjs, NSFWJS_SOURCE } from "../../src/data/sets/nsfwjs.ts";
import {
  loadPneumonia,
  PNEUMONIA_MEAN,
  PNEUMONIA_SOURCE,
  PNEUMONIA_STD,
} from "../../src/data/sets/pneumonia.ts";
import { FormatError, OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { models, tensor } from "../../src/index.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { transferReport } from "../../src/train/recipes/parts/transfer_report.ts";
import {
  aucDifference,
  aucInterval,
  firstXRays,
  judgeXRays,
  pickXRays,
} from "../../src/train/recipes/parts/xrays.ts";
import { pneumonia } from "../../src/train/recipes/pneumonia.ts";
import { transfer } from "../../src/train/recipes/transfer.ts";
import { vit } from "../../src/train/recipes/vit.ts";
import { rolloutSection } from "../../src/train/report/rollout.ts";
import { attentionWeights, meanRollout, rollout } from "../../src/train/rollout.ts";
import { MemoryFiles, missing, recipeOptions } from "./memory_files.ts";

const TRAINVAL = "pneumoniamnist-trainval.npz";

/** An npz of u8 arrays. */
function npz(arrays: Record<string, { shape: number[]; data: Uint8Array }>): Uint8Array {
  const file = ({ shape, data }: { shape: number[]; data: Uint8Array }) => {
    const header =
      `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n";
    const bytes = new Uint8Array(128 + data.length);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    bytes.set(new TextEncoder().encode(header), 10);
    bytes.set(data, 128);
    return bytes;
  };
  return zipSync(Object.fromEntries(Object.entries(arrays).map(([key, a]) => [`${key}.npy`, file(a)])), {
    level: 1,
  });
}

/** A set like the official one: pneumonia is brighter. */
function made(parts: readonly string[], n = 8) {
  const arrays: Record<string, { shape: number[]; data: Uint8Array }> = {};
  for (const part of parts) {
    const labels = Uint8Array.from({ length: n }, (_, i) => i % 2);
    const noise = new Generator(part.length).uniform(n * 784);
    const data = Uint8Array.from(noise, (u, k) => 80 + 60 * u + 60 * labels[Math.floor(k / 784)]!);
    arrays[`${part}_images`] = { shape: [n, 28, 28], data };
    arrays[`${part}_labels`] = { shape: [n, 1], data: labels };
  }
  return arrays;
}

/** Reads these files; others are missing. */
function reader(files: Record<string, Uint8Array>) {
  return async (file: string) => files[file] ?? Promise.reject(new OptionError(`no file ${file}`));
}

describe("loadPneumonia", () => {
  const all = made(["train", "val", "test"]);

  test("the official file, with its test set; else the one without", async () => {
    const official = await loadPneumonia(reader({ "pneumoniamnist.npz": npz(all) }));
    expect([official.train.count, official.test?.count]).toEqual([8, 8]);
    expect(official.val.labels).toEqual(all.val_labels!.data);
    const trainval = await loadPneumonia(reader({ [TRAINVAL]: npz(made(["train", "val"])) }));
    expect(trainval.test).toBeNull();
    await expect(loadPneumonia(reader({}))).rejects.toThrow(/no file pneumoniamnist\.npz/);
    const broken = async () => Promise.reject(new TypeError("network"));
    await expect(loadPneumonia(broken)).rejects.toThrow(TypeError);
  });

  const wrong: [string, Record<string, { shape: number[]; data: Uint8Array }>, RegExp][] = [
    ["a missing array", made(["train"]), /has no array val_images, it has train_images, train_labels/],
    [
      "pictures of another size",
      { ...all, val_images: { shape: [8, 14, 56], data: all.val_images!.data } },
      /val_images must be u8 \[n, 28, 28\], got \[8,14,56\]/,
    ],
    [
      "fewer labels",
      { ...all, val_labels: { shape: [7, 1], data: new Uint8Array(7) } },
      /val_labels must be u8 \[8\]/,
    ],
    [
      "a third label",
      { ...all, train_labels: { shape: [8, 1], data: Uint8Array.of(0, 1, 2, 0, 1, 0, 1, 0) } },
      /train_labels\[2\] is 2, not 0 or 1/,
    ],
    [
      "one class",
      { ...all, test_labels: { shape: [8, 1], data: new Uint8Array(8).fill(1) } },
      /test has no sample of class 0 \(normal\)/,
    ],
  ];
  test.each(wrong)("%s", async (_, arrays, message) => {
    const read = reader({ "pneumoniamnist.npz": npz(arrays) });
    await expect(loadPneumonia(read)).rejects.toThrow(FormatError);
    await expect(loadPneumonia(read)).rejects.toThrow(message);
  });
});

describe("judging", () => {
  const labels = Uint8Array.from({ length: 300 }, (_, i) => Number(i % 4 > 0));
  const noise = new Generator(5).normal(300);
  const logits = Float64Array.from({ length: 600 }, (_, k) =>
    k % 2 ? 2 * labels[k >> 1]! + noise[k >> 1]! : 0,
  );

  test("figures of the same logits agree with each other", () => {
    const judged = judgeXRays(logits, labels, 0);
    expect(judged.auc.low).toBeLessThan(judged.auc.value);
    expect(judged.auc.high).toBeGreaterThan(judged.auc.value);
    const youden = (p: { sensitivity: number; specificity: number }) => p.sensitivity + p.specificity;
    expect(judged.crossed.sensitivity).toBeGreaterThan(0.5);
    expect(youden(judged.crossed)).toBeLessThanOrEqual(youden(judged.chosen));
    expect(judged.before.bins.reduce((n, b) => n + b.count, 0)).toBe(300);
    expect(judgeXRays(logits, labels, 0)).toEqual(judged);
  });

  test("a score is ahead of itself by nothing, and of noise by much", () => {
    const scores = Float64Array.from(labels, (_, i) => logits[2 * i + 1]!);
    expect(aucDifference(scores, scores, labels)).toEqual({ value: 0, low: 0, high: 0 });
    expect(aucDifference(scores, noise, labels).low).toBeGreaterThan(0);
    expect(aucInterval(scores, labels).value).toBeGreaterThan(0.85);
  });

  test("picked and first images", () => {
    const xrays = {
      images: Uint8Array.from({ length: 3 * 784 }, (_, k) => k / 784),
      labels: Uint8Array.of(0, 1, 0),
      count: 3,
    };
    expect(pickXRays(xrays, [2, 1])).toMatchObject({ count: 2, labels: Uint8Array.of(0, 1) });
    expect(pickXRays(xrays, [2, 1]).images[784]).toBe(1);
    expect(firstXRays(xrays, 2).labels).toEqual(Uint8Array.of(0, 1));
    expect(firstXRays(xrays, 9).count).toBe(3);
  });

  test("transfer: the mean difference and its spread", () => {
    const found = (frozen: number, end: number) => ({
      curve: [
        { step: 10, auc: frozen },
        { step: 20, auc: end },
      ],
      steps: 20,
    });
    const pairs = [
      { pretrained: found(0.9, 0.95), random: found(0.8, 0.9), linear: 0.85 },
      { pretrained: found(0.9, 0.97), random: found(0.6, 0.9), linear: 0.87 },
    ];
    const { metrics, baseline, report } = transferReport(pairs, { samples: 200, headSteps: 10, steps: 10 });
    expect(metrics.gain).toBeCloseTo(0.06, 12);
    expect(metrics.spread).toBeCloseTo(Math.sqrt(2) * 0.01, 12);
    expect(metrics.frozenGain).toBeCloseTo(0.2, 12);
    expect(baseline.valAuc).toBeCloseTo(0.86, 12);
    expect(report.charts![0]!.series).toHaveLength(6);
  });
});

describe("rollout", () => {
  test("by hand: uniform attention mixes half of everything, none mixes nothing", () => {
    const even = [0.5, 0.5, 0.5, 0.5];
    const own = [1, 0, 0, 1];
    expect([...rollout([], 2)]).toEqual(own);
    expect([...rollout([own, own], 2)]).toEqual(own);
    expect([...rollout([even], 2)]).toEqual([0.75, 0.25, 0.25, 0.75]);
    // ((E + I) / 2)^2 = [[.625, .375], ...]
    expect([...rollout([even, even], 2)]).toEqual([0.625, 0.375, 0.375, 0.625]);
    expect([...meanRollout([[1, 0, 1, 0]], 2)]).toEqual([0.75, 0.25]); // all look at the first
    expect(() => rollout([[1]], 2)).toThrow(/layer 0 must be \[2, 2\]/);
  });

  test("the weights are those with which the model computes", async () => {
    await requestDevice();
    const model = new models.CnnTransformer({
      numClasses: 2,
      inChannels: 1,
      imageSize: 8,
      convolutions: 1,
      d: 8,
      heads: 2,
      layers: 2,
    });
    model.eval();
    const x = tensor(new Generator(1).normal(3 * 64), { shape: [3, 1, 8, 8] });
    const layers = attentionWeights(model, x);
    expect(layers.map((a) => a.shape)).toEqual([
      [3, 16, 16],
      [3, 16, 16],
    ]);
    const a = (await layers[1]!.data()) as Float32Array;
    for (let i = 0; i < a.length; i += 16)
      expect(a.subarray(i, i + 16).reduce((s, v) => s + v)).toBeCloseTo(1, 5);
  });

  test("the section", () => {
    const picture = {
      title: "<a>",
      caption: "c",
      pixels: new Uint8Array(16),
      side: 4,
      shares: [0.1, 0.4, 0.25, 0.25],
    };
    const html = rolloutSection([picture], "note & more");
    expect(html).toContain("&lt;a&gt;");
    expect(html).toContain("note &amp; more");
    expect(html).toContain("has 0.4 times its even share, the most seen 1.6.");
    expect(rolloutSection([], "")).toBe("");
    expect(() => rolloutSection([{ ...picture, shares: [1, 0] }], "")).toThrow(/shares must be a square/);
  });
});

test("nsfwjs: modules that hold something else are refused", async () => {
  const text = (s: string) => new TextEncoder().encode(s);
  const model =
    'e.exports={weightsManifest:[{paths:["a"],weights:[{name:"w/kernel",shape:[2],dtype:"float32",quantization:{min:-.5,scale:.25,dtype:"uint8"}}]}]}}';
  const good = { "model.min.js": text(model), "a.min.js": text(`h.exports="${btoa("\u0000\u0004")}"},{}]`) };
  const found = await loadNsfwjs(reader(good));
  expect(found.get("w/kernel")).toEqual({ data: Float32Array.of(-0.5, 0.5), shape: [2] });
  const refused = (files: Record<string, Uint8Array>) =>
    expect(loadNsfwjs(reader({ ...good, ...files }))).rejects;
  await refused({ "model.min.js": text("nothing") }).toThrow(/no weightsManifest/);
  await refused({ "model.min.js": text(model.slice(0, 60)) }).toThrow(/truncated/);
  await refused({ "model.min.js": text("weightsManifest:[f()]") }).toThrow(FormatError);
  await refused({ "a.min.js": text("h.exports=5") }).toThrow(/holds no base64/);
  await refused({ "a.min.js": text('h.exports="AAAA"') }).toThrow(/hold 3 bytes, their weights take 2/);
});

const noXRays = await missing(PNEUMONIA_SOURCE, TRAINVAL);

describe.skipIf(noXRays)("small forms", () => {
  beforeAll(async () => {
    await requestDevice();
  });

  test("the constants are those of the file", async () => {
    const { train, val } = await loadPneumonia(dataReader(PNEUMONIA_SOURCE));
    expect([train.count, val.count]).toEqual([4708, 524]);
    const mean = train.images.reduce((sum, v) => sum + v, 0) / train.images.length / 255;
    const square = train.images.reduce((sum, v) => sum + (v / 255 - mean) ** 2, 0) / train.images.length;
    expect(mean).toBeCloseTo(PNEUMONIA_MEAN, 4);
    expect(Math.sqrt(square)).toBeCloseTo(PNEUMONIA_STD, 4);
  });

  test("pneumonia: far above chance, and its page", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await pneumonia.run(options);
    expect(metrics.valAuc).toBeGreaterThan(0.9); // measured: .951; seeds 1 and 2 .960 and .950; chance .5
    expect(metrics.valAucLow).toBeGreaterThan(0.85);
    expect(baseline.valAuc).toBeGreaterThan(0.95); // a linear model needs no small form
    const page = options.files.text("report.html");
    for (const text of [
      "ROC curve",
      "Reliability",
      "logistic regression on the pixels",
      "Confusion matrix",
      "Worst mistakes",
    ])
      expect(page).toContain(text);
  }, 240_000);

  test("pneumonia: test images are judged at the threshold of validation", async () => {
    const files = new MemoryFiles();
    files.reader = () => reader({ "pneumoniamnist.npz": npz(made(["train", "val", "test"], 64)) });
    const { metrics, baseline } = await pneumonia.run(recipeOptions({ small: true, batch: 16, files }));
    expect(metrics.testAuc).toBeGreaterThan(0.9);
    expect(metrics.testSensitivity).toBeGreaterThanOrEqual(0);
    expect(baseline.testAuc).toBe(1);
    expect(files.text("report.html")).toContain("test images");
  }, 240_000);

  test("vit: far above chance, and where it looks", async () => {
    const options = recipeOptions({ small: true });
    const { metrics } = await vit.run(options);
    expect(metrics.valAuc).toBeGreaterThan(0.8); // measured: .901; of seed 1 .859; chance .5
    const page = options.files.text("report.html");
    for (const text of ["Attention rollout", "mean: pneumonia", "ROC curve"]) expect(page).toContain(text);
  }, 240_000);
});

describe.skipIf(noXRays || (await missing(NSFWJS_SOURCE, "model.min.js")))("transfer, small", () => {
  test("pretrained features are ahead of random ones; stopped and resumed within a variant", async () => {
    await requestDevice();
    const options = recipeOptions({ small: true });
    const whole = await transfer.run(options);
    // Measured: .30 and .058; of seed 1 .25 and .13.
    expect(whole.metrics.gain).toBeGreaterThan(0.02);
    expect(whole.metrics.frozenGain).toBeGreaterThan(0);
    const page = options.files.text("report.html");
    for (const text of ["Draw by draw", "Validation AUC, both variants", "random weights"])
      expect(page).toContain(text);

    const stop = new AbortController();
    const files = new MemoryFiles();
    const progress = ({ phase, step }: { phase?: string; step: number }) => {
      if (phase === "random 1" && step >= 40) stop.abort();
    };
    await transfer.run(recipeOptions({ small: true, files, signal: stop.signal, progress }));
    const resumed = await transfer.run(recipeOptions({ small: true, files: new MemoryFiles(files) }));
    expect(resumed.metrics).toEqual(whole.metrics);
    expect(resumed.weightsSha256).toBe(whole.weightsSha256);
  }, 300_000);
});
