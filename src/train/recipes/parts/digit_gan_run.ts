// The run of a GAN of digits: a judge is trained on real digits, then the GAN; what it draws is judged beside real digits and
// beside Gaussians over pixels. The GAN itself: digit_gan.ts.

import { gunzipSync } from "fflate";
import { Subset } from "../../../data/dataset.ts";
import { DataLoader } from "../../../data/loader.ts";
import { MNIST_SOURCE } from "../../../data/sets/files.ts";
import { type DigitImages, digitDataset, loadMnist, type Mnist } from "../../../data/sets/mnist.ts";
import { Generator } from "../../../tensor/philox.ts";
import { pixelGaussian } from "../../baselines/pixel_gaussian.ts";
import { bytesOf } from "../../report/grid.ts";
import { percent } from "../../report/text.ts";
import type { RecipeOptions, RecipeResult } from "../runner/recipe.ts";
import { type Finish, RecipeRun } from "../runner/run.ts";
import type { Training } from "../runner/training.ts";
import { type DigitGan, type DigitGanConfig, digitsInTurn, trainDigitGan } from "./digit_gan.ts";
import {
  askedShare,
  classShares,
  DIGITS,
  DigitJudge,
  distance,
  PIXELS,
  signedPixels,
  trainJudge,
} from "./digit_judge.ts";

/** Real digits to each generated one that is judged: the reference has to be surer than what is measured by it. */
const REAL_TO_JUDGED = 2;
/** Training digits that the Gaussian over pixels is made of, and those of each digit where there is one for each. */
const GAUSSIAN_FROM = 500;
const CLASS_GAUSSIAN_FROM = 150;
/** Judgements and snapshots during the run, and pictures judged in each. */
const WATCHES = 4;
const WATCHED = 1000;
/** Pictures of fixed noise in the report, WALKS rows of WALK pictures between two. */
const SHOWN = 80;
const WALKS = 10;
const WALK = 10;

/** What a set of pictures is like; plain JSON. */
export interface Figures {
  /** Frechet distance of its features to those of real training digits. */
  readonly frechet: number;
  /** Share of each digit. */
  readonly shares: readonly number[];
  /** Share that shows the digit asked for. */
  readonly asked: number;
}

/** What a run found. */
export interface DigitGanFound {
  readonly config: DigitGanConfig;
  /** Test accuracy of the judge. */
  readonly judgeAccuracy: number;
  /** Of the generator before training, and at the end with averaged weights. */
  readonly start: Figures;
  readonly end: Figures;
  /** A Gaussian over pixels, and one for each digit, which takes their labels. */
  readonly gaussian: Figures;
  readonly classGaussian: Figures;
  /** Test digits: the best there can be. */
  readonly real: Figures;
  /** By step, [80, 28, 28] of one noise, the digits in turn. */
  readonly pictures: readonly (readonly [step: number, pictures: Uint8Array])[];
  readonly gaussianPictures: Uint8Array;
  readonly classGaussianPictures: Uint8Array;
  /** [100, 28, 28]: each row of ten leads from one noise to another. */
  readonly between: Uint8Array;
}

/** What differs between the recipes. */
export interface DigitGanTask {
  readonly name: string;
  readonly defaults: DigitGanConfig;
  readonly small: Partial<DigitGanConfig>;
  readonly make: (config: DigitGanConfig) => DigitGan;
  readonly finish: (found: DigitGanFound) => Finish;
}

/** Name of the weights of a step in the run folder. */
const snapshot = (step: number) => `generator-${step}`;

/** Trains judge and GAN, and reports. */
export async function runDigitGan(options: RecipeOptions, task: DigitGanTask): Promise<RecipeResult> {
  const run = await RecipeRun.open(task.name, options, task.defaults, task.small);
  const mnist = await loadMnist(run.data(MNIST_SOURCE), { inflate: gunzipSync });
  const judge = new DigitJudge();
  const judged = await run.phase("judge", (phase) => judgePhase(run, phase, judge, mnist));
  if (run.aborted) return run.unfinished(judge, judged.steps);
  await run.loadWeights("judge", judge);
  run.log(`the judge is right on ${percent(judged.accuracy, 2)} of the test digits`);

  const figures = await figuresBeside(judge, digitPictures(mnist.train, REAL_TO_JUDGED * run.config.judged));
  const trained = await run.phase("GAN", (phase) => ganPhase({ run, phase, mnist, figures, task }));
  const gan = task.make(run.config);
  if (run.aborted) return run.unfinished(gan, trained.steps);
  const { judged: n, seed } = run.config;
  const random = new Generator(seed).fork("gaussian");
  const gaussian = gaussianDigits(mnist.train, n, random);
  const classGaussian = classGaussianDigits(mnist.train, n, random);
  const found = {
    ...trained,
    ...(await shown(run, gan, trained.snapshots)),
    config: run.config,
    judgeAccuracy: judged.accuracy,
    gaussian: await figures(gaussian, digitsInTurn(n)),
    classGaussian: await figures(classGaussian, digitsInTurn(n)),
    real: await figures(digitPictures(mnist.test, n), mnist.test.labels),
    gaussianPictures: bytesOf(gaussian.subarray(0, SHOWN * PIXELS)),
    classGaussianPictures: bytesOf(classGaussian.subarray(0, SHOWN * PIXELS)),
  };
  return run.finish(gan.generator, trained.steps, task.finish(found));
}

/** Pictures of one noise by the weights of several steps, and those between two; the generator is the trained one at last. */
async function shown(run: RecipeRun<DigitGanConfig>, gan: DigitGan, snapshots: readonly number[]) {
  const { seed, nz } = run.config;
  const drawn = async (name: string, z: Float32Array, y: Int32Array) => {
    await run.loadWeights(name, gan.generator);
    return bytesOf(await gan.draw(z, y));
  };
  const z = new Generator(seed).fork("shown").normal(SHOWN * nz);
  const pictures: [number, Uint8Array][] = [];
  for (const step of snapshots) pictures.push([step, await drawn(snapshot(step), z, digitsInTurn(SHOWN))]);
  return { pictures, between: await drawn("generator", walks(nz, seed), walkDigits()) };
}

async function judgePhase(run: RecipeRun<DigitGanConfig>, phase: Training, judge: DigitJudge, mnist: Mnist) {
  const { judgeDigits, judged, batch } = run.config;
  const done = await trainJudge(
    phase,
    judge,
    new Subset(digitDataset(mnist.train), range(judgeDigits)),
    batch,
  );
  await run.saveWeights("judge", judge);
  if (done.aborted) return { steps: done.step, accuracy: 0 };
  const seen = await judge.assess(digitPictures(mnist.test, REAL_TO_JUDGED * judged));
  return { steps: done.step, accuracy: askedShare(seen, mnist.test.labels) };
}

interface GanPhase {
  readonly run: RecipeRun<DigitGanConfig>;
  readonly phase: Training;
  readonly mnist: Mnist;
  readonly figures: (pictures: Float32Array, asked: ArrayLike<number>) => Promise<Figures>;
  readonly task: DigitGanTask;
}

async function ganPhase({ run, phase, mnist, figures, task }: GanPhase) {
  const { steps, batch, seed, judged, nz } = run.config;
  const gan = task.make(run.config);
  const z = new Generator(seed).fork("judged").normal(judged * nz);
  const drawn = async (n: number) => {
    const y = digitsInTurn(n);
    return figures(await gan.draw(z.subarray(0, n * nz), y), y);
  };
  const start = await drawn(judged);
  const snapshots = [0];
  await run.saveWeights(snapshot(0), gan.generator);
  const every = Math.ceil(steps / WATCHES);
  const watch = async (step: number): Promise<Record<string, number>> => {
    await run.saveWeights(snapshot(step), gan.generator);
    const { frechet, shares, asked } = await drawn(Math.min(WATCHED, judged));
    const frechetRatio = frechet / start.frechet;
    return gan.asked
      ? { frechetRatio, asAsked: asked }
      : { frechetRatio, leastClassShare: Math.min(...shares) };
  };
  const loader = new DataLoader<"x" | "y">(digitDataset(mnist.train), {
    batchSize: batch,
    shuffle: true,
    seed,
    dropLast: true,
    transform: signedPixels,
  });
  const done = await trainDigitGan({ run, phase, gan, loader, watch: { every, run: watch } });
  await run.saveWeights("generator", gan.generator);
  for (let step = every; step < steps; step += every) snapshots.push(step);
  const end = done.aborted ? start : await drawn(judged);
  return { steps: done.step, start, end, snapshots: [...snapshots, steps] };
}

/** Figures of pictures [n, 1, 28, 28] for the digits asked for, beside those of real ones. */
async function figuresBeside(judge: DigitJudge, real: Float32Array) {
  const reference = await judge.assess(real);
  return async (pictures: Float32Array, asked: ArrayLike<number>): Promise<Figures> => {
    const seen = await judge.assess(pictures);
    const frechet = await distance(reference, seen);
    return { frechet, shares: classShares(seen.guesses), asked: askedShare(seen, asked) };
  };
}

/** The first n digits as the generator draws them, [n, 1, 28, 28] of [-1, 1]. */
function digitPictures({ images }: DigitImages, n: number): Float32Array {
  return Float32Array.from(images.subarray(0, n * PIXELS), (byte) => byte / 127.5 - 1);
}

/** n pictures of a Gaussian over pixels, [n, 1, 28, 28]. */
function gaussianDigits(digits: DigitImages, n: number, generator: Generator): Float32Array {
  return pixelGaussian(digitPictures(digits, GAUSSIAN_FROM), PIXELS, n, { generator, low: -1, high: 1 });
}

/** n pictures of Gaussians over pixels, one for each digit: 0, 1, ... 9, 0, ... [n, 1, 28, 28]. */
function classGaussianDigits(digits: DigitImages, n: number, generator: Generator): Float32Array {
  const out = new Float32Array(n * PIXELS);
  for (let digit = 0; digit < DIGITS; digit++) {
    const own = range(digits.count)
      .filter((i) => digits.labels[i] === digit)
      .subarray(0, CLASS_GAUSSIAN_FROM);
    const images = new Uint8Array(own.length * PIXELS);
    own.forEach((i, k) => {
      images.set(digits.images.subarray(i * PIXELS, (i + 1) * PIXELS), k * PIXELS);
    });
    const of = { images, labels: new Uint8Array(own.length).fill(digit), count: own.length };
    const drawn = digitPictures(of, own.length);
    const count = Math.ceil((n - digit) / DIGITS);
    const pictures = pixelGaussian(drawn, PIXELS, count, { generator, low: -1, high: 1 });
    for (let k = 0; k < count; k++)
      out.set(pictures.subarray(k * PIXELS, (k + 1) * PIXELS), (digit + k * DIGITS) * PIXELS);
  }
  return out;
}

/** Noise along WALKS arcs between two random points each, [WALKS * WALK, nz]: straight lines would leave the shell it lies on. */
function walks(nz: number, seed: number): Float32Array {
  const random = new Generator(seed).fork("walks");
  const out = new Float32Array(WALKS * WALK * nz);
  for (let k = 0; k < WALKS; k++) {
    const [from, to] = [random.normal(nz), random.normal(nz)];
    for (let i = 0; i < WALK; i++) {
      const angle = (Math.PI / 2) * (i / (WALK - 1));
      const at = (k * WALK + i) * nz;
      for (let j = 0; j < nz; j++) out[at + j] = Math.cos(angle) * from[j]! + Math.sin(angle) * to[j]!;
    }
  }
  return out;
}

/** One digit for each arc. */
function walkDigits(): Int32Array {
  return Int32Array.from({ length: WALKS * WALK }, (_, i) => Math.floor(i / WALK) % DIGITS);
}

function range(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}
