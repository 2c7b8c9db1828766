// What the recipes on chest X-rays share: batches, and how two logits an image are judged. Nothing is chosen by the validation
// images but a threshold and a temperature, and both are also judged on images that had no part in them.

import type { Batch } from "../../../data/dataset.ts";
import { DataLoader } from "../../../data/loader.ts";
import {
  PNEUMONIA_MEAN,
  PNEUMONIA_STD,
  type Pneumonia,
  type XRays,
  xrayDataset,
} from "../../../data/sets/pneumonia.ts";
import { randomAffine } from "../../../data/transforms/augment.ts";
import { standardize } from "../../../data/transforms/standardize.ts";
import { Generator } from "../../../tensor/philox.ts";
import { LogisticRegression } from "../../baselines/logistic_regression.ts";
import { bootstrapInterval } from "../../metrics/bootstrap.ts";
import {
  crossFitTemperature,
  expectedCalibrationError,
  fitTemperature,
  probabilitiesOf,
  type ReliabilityBin,
  reliabilityBins,
} from "../../metrics/calibration.ts";
import { auc, type Operating, operatingAt, rocCurve, youden } from "../../metrics/roc.ts";

export const SIDE = 28;
const CLASSES = 2;
/** 524 validation images are four such batches. */
export const JUDGED_AT_ONCE = 131;

const toFloat = standardize<"x" | "y">({ mean: PNEUMONIA_MEAN, std: PNEUMONIA_STD, field: "x" });
/** Small changes of pose, not mirrored: the heart is on the left. Outside lies the mean, as black would be an edge. */
export const pose = randomAffine<"x" | "y">(
  { rotation: 8, scale: [0.95, 1.05], shift: 1, fill: 255 * PNEUMONIA_MEAN },
  "x",
);

/** Batches in random order, each image a little turned, scaled and moved. */
export function trainingLoader(xrays: XRays, config: { batch: number; seed: number }): DataLoader<"x" | "y"> {
  return new DataLoader<"x" | "y">(xrayDataset(xrays), {
    batchSize: config.batch,
    shuffle: true,
    seed: config.seed,
    dropLast: true,
    transform: [pose, toFloat],
  });
}

/** All images in order, as they are. */
export function judgingLoader(xrays: XRays): DataLoader<"x" | "y"> {
  return new DataLoader<"x" | "y">(xrayDataset(xrays), { batchSize: JUDGED_AT_ONCE, transform: toFloat });
}

/** The images at some places. */
export function pickXRays({ images, labels }: XRays, indices: ArrayLike<number>): XRays {
  const size = SIDE * SIDE;
  const picked = new Uint8Array(indices.length * size);
  Array.from(indices, (from, to) => picked.set(images.subarray(from * size, (from + 1) * size), to * size));
  return { images: picked, labels: Uint8Array.from(indices, (i) => labels[i]!), count: indices.length };
}

/** The first `samples` of them. */
export function firstXRays({ images, labels, count }: XRays, samples: number): XRays {
  const n = Math.min(samples, count);
  return { images: images.subarray(0, n * SIDE * SIDE), labels: labels.subarray(0, n), count: n };
}

// The best of 1, 30, 300 and 3000 by these very validation images: the choice favours the baseline.
const L2 = 30;

/** Scores of logistic regression on standardised pixels. */
export async function pixelRegression(train: XRays, judged: readonly XRays[]): Promise<Float64Array[]> {
  const features = (xrays: XRays) => {
    const batch: Batch<"x" | "y"> = toFloat(xrayDataset(xrays).fields, new Generator(0));
    return { x: batch.x.data as Float32Array, d: SIDE * SIDE };
  };
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve));
  const options = { l2: L2, tolerance: 0.1, iterations: 100, pause };
  const model = await LogisticRegression.fit(features(train), train.labels, options);
  return judged.map((xrays) => model.scores(features(xrays)));
}

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Area under the ROC curve with its 95 % bootstrap interval. */
export function aucInterval(scores: ArrayLike<number>, labels: ArrayLike<number>): Interval {
  const of = (indices: Int32Array) => auc(gather(scores, indices), gather(labels, indices));
  const [low, high] = bootstrapInterval(labels, of);
  return { value: auc(scores, labels), low, high };
}

/** How far one's area lies above the other's on the same images, which are drawn anew for both together. */
export function aucDifference(
  one: ArrayLike<number>,
  other: ArrayLike<number>,
  labels: ArrayLike<number>,
): Interval {
  const of = (indices: Int32Array) => {
    const truth = gather(labels, indices);
    return auc(gather(one, indices), truth) - auc(gather(other, indices), truth);
  };
  const [low, high] = bootstrapInterval(labels, of);
  return { value: auc(one, labels) - auc(other, labels), low, high };
}

export interface XRayJudgement {
  /** log odds of pneumonia, [n] */
  readonly scores: Float64Array;
  readonly auc: Interval;
  readonly roc: readonly Operating[];
  /** At the threshold with the largest sensitivity + specificity on these images: a little too good to be true. */
  readonly chosen: Operating;
  /** Each half of the images at the threshold of the other half. */
  readonly crossed: { readonly sensitivity: number; readonly specificity: number };
  /** Of P(pneumonia) as it is, and with the logits / T, where each half gets the T of the other. */
  readonly before: Calibration;
  readonly after: Calibration;
  /** Fitted on all images. */
  readonly temperature: number;
  readonly halves: readonly [number, number];
}

/** A judged run, and the baseline on the same images. */
export interface JudgedXRays {
  readonly validation: XRays;
  readonly judgement: XRayJudgement;
  /** Scores of the pixel regression on the validation images. */
  readonly linear: Float64Array;
  /** Where the data has test images: they, the logits and the scores of the pixel regression. */
  readonly test: {
    readonly xrays: XRays;
    readonly logits: Float64Array;
    readonly linear: Float64Array;
  } | null;
}

/** Judges the model behind `read` on the validation images, and on the test images if there are any. */
export async function judgeOnXRays(
  read: (data: DataLoader<"x" | "y">) => Promise<Float64Array>,
  { train, val, test }: Pneumonia,
  seed: number,
): Promise<JudgedXRays> {
  const judgement = judgeXRays(await read(judgingLoader(val)), val.labels, seed);
  const logits = test && (await read(judgingLoader(test)));
  const [linear, linearTest] = await pixelRegression(train, test ? [val, test] : [val]);
  return {
    validation: val,
    judgement,
    linear: linear!,
    test: test && logits && linearTest ? { xrays: test, logits, linear: linearTest } : null,
  };
}

export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  readonly ece: number;
}

/** @param logits [n, 2] */
export function judgeXRays(logits: Float64Array, labels: Uint8Array, seed: number): XRayJudgement {
  const scores = scoresOf(logits);
  const judged = { logits, labels, classes: CLASSES };
  const scaled = crossFitTemperature(judged, seed);
  return {
    scores,
    auc: aucInterval(scores, labels),
    roc: rocCurve(scores, labels),
    chosen: youden(scores, labels),
    crossed: crossedThresholds(scores, labels, seed),
    before: calibrationOf(logits, labels),
    after: calibrationOf(scaled.logits, labels),
    temperature: fitTemperature(judged),
    halves: scaled.temperatures,
  };
}

/** log odds: [n, 2] -> [n] */
export function scoresOf(logits: Float64Array): Float64Array {
  return Float64Array.from(
    { length: logits.length / CLASSES },
    (_, i) => logits[2 * i + 1]! - logits[2 * i]!,
  );
}

/** Of P(pneumonia). */
export function calibrationOf(logits: Float64Array, labels: ArrayLike<number>): Calibration {
  const p = probabilitiesOf(logits, CLASSES).filter((_, i) => i % CLASSES === 1);
  const bins = reliabilityBins(p, labels);
  return { bins, ece: expectedCalibrationError(bins) };
}

/** Halves of each class, each judged at the other's threshold: the mean over both. */
function crossedThresholds(scores: Float64Array, labels: Uint8Array, seed: number) {
  const order = new Generator(seed).fork("threshold").permutation(labels.length);
  const halves: number[][] = [[], []];
  const seen = [0, 0];
  for (const i of order) halves[seen[labels[i]!]!++ % 2]!.push(i);
  const parts = halves.map((half) => ({ scores: gather(scores, half), labels: gather(labels, half) }));
  const found = parts.map((part, k) => {
    const { threshold } = youden(parts[1 - k]!.scores, parts[1 - k]!.labels);
    return operatingAt(part.scores, part.labels, threshold);
  });
  const mean = (of: (p: Operating) => number) => found.reduce((sum, p) => sum + of(p), 0) / found.length;
  return { sensitivity: mean((p) => p.sensitivity), specificity: mean((p) => p.specificity) };
}

function gather(values: ArrayLike<number>, indices: ArrayLike<number>): Float64Array {
  return Float64Array.from(indices, (i) => values[i]!);
}
