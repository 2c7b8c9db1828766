// The judge of generated digits: a small LeNet trained on real ones in the same run. It says which digit a picture shows, and its
// last layer but one gives the features whose Frechet distance to those of real digits is measured.

import type { Subset } from "../../../data/dataset.ts";
import { DataLoader } from "../../../data/loader.ts";
import { standardize } from "../../../data/transforms/standardize.ts";
import { argmax } from "../../../kernels/arg_reduce.ts";
import { crossEntropy } from "../../../kernels/cross_entropy.ts";
import { ReLU } from "../../../layers/activation.ts";
import { BatchNorm2d } from "../../../layers/batch_norm.ts";
import { Conv2d } from "../../../layers/conv2d.ts";
import { Flatten } from "../../../layers/flatten.ts";
import { Linear } from "../../../layers/linear.ts";
import { Module } from "../../../layers/module.ts";
import { Sequential } from "../../../layers/sequential.ts";
import { Adam } from "../../../optim/adam.ts";
import { WarmupCosineLR } from "../../../optim/schedule.ts";
import { compile } from "../../../tensor/compile.ts";
import { noGrad } from "../../../tensor/mode.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { frechetDistance, type Moments, moments } from "../../metrics/frechet.ts";
import type { Training } from "../runner/training.ts";

export const DIGIT_SIZE = 28;
export const DIGITS = 10;
export const PIXELS = DIGIT_SIZE * DIGIT_SIZE;
/** Bytes to [-1, 1], as a generator's tanh gives them. */
export const signedPixels = standardize<"x" | "y">({ mean: 0.5, std: 0.5, field: "x" });

const FEATURES = 64;
/** Pictures judged at a time. */
const BATCH = 250;
const LR = 3e-3;

/** x [b, 1, 28, 28] in [-1, 1] -> logits [b, 10]. 54,658 parameters. */
export class DigitJudge extends Module {
  readonly features = new Sequential(
    new Conv2d(1, 8, { kernelSize: 5, stride: 2, padding: 2 }), // [b, 8, 14, 14]
    new BatchNorm2d(8),
    new ReLU(),
    new Conv2d(8, 16, { kernelSize: 5, stride: 2, padding: 2 }), // [b, 16, 7, 7]
    new BatchNorm2d(16),
    new ReLU(),
    new Flatten(),
    new Linear(16 * 7 * 7, FEATURES),
    new ReLU(), // [b, 64]
  );
  readonly head = new Linear(FEATURES, DIGITS);

  readonly #look = compile((x: Tensor) =>
    noGrad(() => {
      const features = this.features.forward(x); // [b, 64]
      return { features, guess: argmax(this.head.forward(features), 1) };
    }),
  );

  forward(x: Tensor): Tensor {
    return this.head.forward(this.features.forward(x)); // [b, 10]
  }

  /** What it sees in pictures [n, 1, 28, 28] of [-1, 1]. In evaluation mode from then on. */
  async assess(pictures: Float32Array): Promise<Assessment> {
    const n = pictures.length / PIXELS;
    const features = new Float32Array(n * FEATURES);
    const guesses = new Uint8Array(n);
    this.eval();
    for (let at = 0; at < n; at += BATCH) {
      const b = Math.min(BATCH, n - at);
      const data = pictures.subarray(at * PIXELS, (at + b) * PIXELS);
      const seen = this.#look({ data, shape: [b, 1, DIGIT_SIZE, DIGIT_SIZE] });
      features.set((await seen.features.data()) as Float32Array, at * FEATURES);
      guesses.set(Array.from(await seen.guess.data()), at);
      for (const t of Object.values(seen)) t.release("assess");
    }
    return { guesses, moments: moments(features, FEATURES) };
  }
}

export interface Assessment {
  /** The digit of each picture. */
  readonly guesses: Uint8Array;
  readonly moments: Moments;
}

/** Share of the rarest of the ten digits. */
export function leastClassShare({ guesses }: Assessment): number {
  return Math.min(...classShares(guesses));
}

/** Share of each digit. */
export function classShares(guesses: Uint8Array): number[] {
  const counts = new Array<number>(DIGITS).fill(0);
  for (const digit of guesses) counts[digit]!++;
  return counts.map((c) => c / guesses.length);
}

/** Share of pictures that show what was asked for. */
export function askedShare({ guesses }: Assessment, asked: ArrayLike<number>): number {
  return guesses.reduce((hits, digit, i) => hits + Number(digit === asked[i]), 0) / guesses.length;
}

export function distance(a: Assessment, b: Assessment): Promise<number> {
  return frechetDistance(a.moments, b.moments);
}

/** Trains the judge: one epoch over the digits given. */
export function trainJudge(phase: Training, judge: DigitJudge, digits: Subset<"x" | "y">, batch: number) {
  const loader = new DataLoader<"x" | "y">(digits, {
    batchSize: batch,
    shuffle: true,
    dropLast: true,
    transform: signedPixels,
  });
  const optimizer = new Adam(judge.parameters(), { lr: LR });
  const schedule = new WarmupCosineLR(optimizer, {
    warmupSteps: Math.ceil(loader.length / 20),
    totalSteps: loader.length,
  });
  const parts = { model: judge, optimizer, schedule, loader };
  judge.train();
  return phase.fit({ parts, loss: crossEntropy, epochs: 1 });
}
