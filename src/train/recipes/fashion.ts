// `fashion`: a small CNN learns the 60,000 clothes of Fashion-MNIST and is judged on the 10,000 test pictures.

import { gunzipSync } from "fflate";
import { DataLoader } from "../../data/loader.ts";
import { FASHION_CLASSES, FASHION_SOURCE, loadFashion } from "../../data/sets/fashion.ts";
import { type DigitImages, digitDataset, type Mnist } from "../../data/sets/mnist.ts";
import { standardize } from "../../data/transforms/standardize.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { ReLU } from "../../layers/activation.ts";
import { BatchNorm2d } from "../../layers/batch_norm.ts";
import { Conv2d } from "../../layers/conv2d.ts";
import { Dropout } from "../../layers/dropout.ts";
import { Flatten } from "../../layers/flatten.ts";
import { Linear } from "../../layers/linear.ts";
import { MaxPool2d } from "../../layers/pooling.ts";
import { type Layer, Sequential } from "../../layers/sequential.ts";
import { AdamW } from "../../optim/adam.ts";
import { NearestCentroid } from "../baselines/nearest_centroid.ts";
import { accuracyTiles, classifierSections } from "../report/classifier.ts";
import { judge } from "./parts/judge.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";
import { warmupCosine } from "./runner/schedule.ts";

const DEFAULTS = { epochs: 3, batch: 64, lr: 4e-3, seed: 0, samples: 60_000, judged: 10_000 };
const SMALL = { epochs: 1, samples: 3200, judged: 1000 };
type Config = typeof DEFAULTS;

/** Steps of rising learning rate at the start. */
const WARMUP_STEPS = 100;
const SIZE = 28;
const MISTAKES_SHOWN = 40;

export const fashion: Recipe = { title: "a small CNN on the clothes of Fashion-MNIST", run };

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("fashion", options, DEFAULTS, SMALL);
  const all = await loadFashion(run.data(FASHION_SOURCE), { inflate: gunzipSync });
  const data = {
    ...all,
    train: first(all.train, run.config.samples),
    test: first(all.test, run.config.judged),
  };
  const parts = build(run.config, data);
  const done = await run.fit({ parts, loss: crossEntropy, epochs: run.config.epochs });
  if (done.aborted) return run.unfinished(parts.model, done.step);

  const test = new DataLoader(digitDataset(data.test), {
    batchSize: 250,
    transform: standardize<"x" | "y">({ ...data, field: "x" }),
  });
  const { accuracy, loss, confusion, mistakes } = await judge(parts.model, test, FASHION_CLASSES.length);
  const pixels = ({ images }: DigitImages) => ({ x: images, d: SIZE * SIZE });
  const nearest = NearestCentroid.fit(pixels(data.train), data.train.labels);
  const trivial = nearest.accuracy(pixels(data.test), data.test.labels);
  const filters = parts.model.stateDict().get("0.weight")!;
  return run.finish(parts.model, done.step, {
    metrics: { accuracy, loss },
    baseline: { accuracy: trivial },
    report: {
      title: "Fashion-MNIST",
      summary: `Test accuracy ${(100 * accuracy).toFixed(2)} % on ${data.test.count.toLocaleString("en")} pictures of clothes that were not trained on.`,
      tiles: accuracyTiles(confusion),
      comparison: [
        { name: "this run", values: { accuracy, "cross entropy": loss } },
        { name: "the class whose mean picture is nearest", values: { accuracy: trivial } },
        { name: "chance", values: { accuracy: 0.1, "cross entropy": Math.log(10) } },
      ],
      sections: classifierSections({
        classes: FASHION_CLASSES,
        confusion,
        filters: { data: (await filters.data()) as Float32Array, shape: filters.shape },
        mistakes: mistakes
          .slice(0, MISTAKES_SHOWN)
          .map((m) => ({ ...m, width: SIZE, height: SIZE, pixels: pixelsOf(data.test, m.index) })),
      }),
    },
  });
}

function build(config: Config, data: Mnist) {
  const loader = new DataLoader<"x" | "y">(digitDataset(data.train), {
    batchSize: config.batch,
    shuffle: true,
    seed: config.seed,
    dropLast: true,
    transform: standardize<"x" | "y">({ ...data, field: "x" }),
  });
  const model = network();
  const optimizer = new AdamW(model.parameters(), { lr: config.lr });
  const totalSteps = config.epochs * loader.length;
  const schedule = warmupCosine(optimizer, totalSteps, WARMUP_STEPS);
  return { model, optimizer, schedule, loader };
}

/** x [b, 1, 28, 28] -> logits [b, 10]. 35,938 parameters. */
function network(): Sequential {
  const block = (from: number, to: number): Layer[] => [
    new Conv2d(from, to, { kernelSize: 3, padding: 1 }),
    new BatchNorm2d(to),
    new ReLU(),
  ];
  return new Sequential(
    ...block(1, 8), // [b, 8, 28, 28]
    new MaxPool2d(2),
    ...block(8, 24), // [b, 24, 14, 14]
    new MaxPool2d(2),
    ...block(24, 48), // [b, 48, 7, 7]
    new Flatten(), // [b, 2352]
    new Dropout(0.1),
    new Linear(2352, FASHION_CLASSES.length),
  );
}

function first({ images, labels, count }: Mnist["train"], samples: number): Mnist["train"] {
  const n = Math.min(samples, count);
  return { images: images.subarray(0, n * SIZE * SIZE), labels: labels.subarray(0, n), count: n };
}

function pixelsOf({ images }: Mnist["test"], i: number): Uint8Array {
  return images.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE);
}
