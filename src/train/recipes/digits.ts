// `digits`: a LeNet-style network learns the 60,000 MNIST digits and is judged on the 10,000 test digits.

import { gunzipSync } from "fflate";
import { DataLoader } from "../../data/loader.ts";
import { MNIST_SOURCE } from "../../data/sets/files.ts";
import {
  type DigitImages,
  digitDataset,
  loadMnist,
  MNIST_MEAN,
  MNIST_STD,
  type Mnist,
} from "../../data/sets/mnist.ts";
import { randomAffine } from "../../data/transforms/augment.ts";
import { standardize } from "../../data/transforms/standardize.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { LeNet } from "../../models/lenet.ts";
import { AdamW } from "../../optim/adam.ts";
import type { HostArray } from "../../tensor/compile.ts";
import { fitStep } from "../fit.ts";
import { accuracyTiles, classifierSections } from "../report/classifier.ts";
import { judge } from "./parts/judge.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";
import { warmupCosine } from "./runner/schedule.ts";
import type { TrainingStep } from "./steps.ts";

const DEFAULTS = { epochs: 1, batch: 64, lr: 3e-3, seed: 0, samples: 60_000 };
const SMALL = { samples: 3000 };
type Config = typeof DEFAULTS;

/** Steps of rising learning rate at the start. */
const WARMUP_STEPS = 100;
const SIZE = 28;
const MISTAKES_SHOWN = 40;

export const digits: Recipe = { title: "a LeNet-style CNN on MNIST's handwritten digits", run };

/** The step of the run with its defaults, on blank digits: what it costs does not depend on them. */
export function digitsStep(): TrainingStep {
  const count = DEFAULTS.batch;
  const blank = { images: new Uint8Array(count * SIZE * SIZE), labels: new Uint8Array(count), count };
  const parts = build(DEFAULTS, { train: blank, test: blank, mean: MNIST_MEAN, std: MNIST_STD });
  const { loader, ...others } = parts;
  const { x, y } = loader.at(0, 0);
  return {
    title: `LeNet 1-8-32 with batch norm and dropout, ${count} digits of 28x28, AdamW, metrics`,
    model: parts.model,
    run: fitStep({ ...others, loss: crossEntropy, train: loader, epochs: DEFAULTS.epochs }),
    inputs: [x as HostArray, y as HostArray],
  };
}

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("digits", options, DEFAULTS, SMALL);
  const mnist = await loadMnist(run.data(MNIST_SOURCE), { inflate: gunzipSync });
  const parts = build(run.config, mnist);
  const done = await run.fit({ parts, loss: crossEntropy, epochs: run.config.epochs });
  if (done.aborted) return run.unfinished(parts.model, done.step);

  const test = new DataLoader(digitDataset(mnist.test), {
    batchSize: 250,
    transform: standardize<"x" | "y">({ ...mnist, field: "x" }),
  });
  const { accuracy, loss, confusion, mistakes } = await judge(parts.model, test, 10);
  const trivial = mostFrequent(mnist);
  const filters = parts.model.stateDict().get("features.0.weight")!;
  return run.finish(parts.model, done.step, {
    metrics: { accuracy, loss },
    baseline: { accuracy: trivial },
    report: {
      title: "MNIST digits",
      summary: `Test accuracy ${(100 * accuracy).toFixed(2)} % on ${mnist.test.count.toLocaleString("en")} digits.`,
      tiles: accuracyTiles(confusion),
      comparison: [
        { name: "this run", values: { accuracy, "cross entropy": loss } },
        { name: "always the most frequent digit", values: { accuracy: trivial } },
      ],
      sections: classifierSections({
        classes: Array.from({ length: 10 }, (_, i) => String(i)),
        confusion,
        filters: { data: (await filters.data()) as Float32Array, shape: filters.shape },
        mistakes: mistakes
          .slice(0, MISTAKES_SHOWN)
          .map((m) => ({ ...m, width: SIZE, height: SIZE, pixels: pixelsOf(mnist.test, m.index) })),
      }),
    },
  });
}

function build(config: Config, mnist: Mnist) {
  const transform = [
    randomAffine<"x" | "y">({ rotation: 8, scale: [0.95, 1.05], shift: 1 }, "x"),
    standardize<"x" | "y">({ ...mnist, field: "x" }),
  ];
  const loader = new DataLoader<"x" | "y">(digitDataset(first(mnist.train, config.samples)), {
    batchSize: config.batch,
    shuffle: true,
    seed: config.seed,
    dropLast: true,
    transform,
  });
  const model = new LeNet({ batchNorm: true, dropout: 0.25 });
  const optimizer = new AdamW(model.parameters(), { lr: config.lr });
  const totalSteps = config.epochs * loader.length;
  const schedule = warmupCosine(optimizer, totalSteps, WARMUP_STEPS);
  return { model, optimizer, schedule, loader };
}

function first({ images, labels, count }: DigitImages, samples: number): DigitImages {
  const n = Math.min(samples, count);
  return { images: images.subarray(0, n * SIZE * SIZE), labels: labels.subarray(0, n), count: n };
}

function pixelsOf({ images }: DigitImages, i: number): Uint8Array {
  return images.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE);
}

/** Accuracy of the digit that is most frequent in training, on the test digits. */
function mostFrequent({ train, test }: Mnist): number {
  const counts = new Array<number>(10).fill(0);
  for (const label of train.labels) counts[label]++;
  const guess = counts.indexOf(Math.max(...counts));
  return test.labels.filter((label) => label === guess).length / test.count;
}
