// `vit`: a small transformer behind a stem of convolutions on the chest X-rays of `pneumonia`, and where its attention goes.

import type { DataLoader } from "../../data/loader.ts";
import { loadPneumonia, PNEUMONIA_CLASSES, PNEUMONIA_SOURCE, type XRays } from "../../data/sets/pneumonia.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { CnnTransformer } from "../../models/cnn_transformer.ts";
import { AdamW } from "../../optim/adam.ts";
import { compile, type HostArray } from "../../tensor/compile.ts";
import { noGrad } from "../../tensor/mode.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type RolloutPicture, rolloutSection } from "../report/rollout.ts";
import { count, percent } from "../report/text.ts";
import { attentionWeights, meanRollout } from "../rollout.ts";
import { logitsReader } from "./parts/logits.ts";
import { xrayHead, xrayMetrics, xraySections } from "./parts/xray_report.ts";
import { firstXRays, judgeOnXRays, judgingLoader, SIDE, trainingLoader } from "./parts/xrays.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";
import { warmupCosine } from "./runner/schedule.ts";

const DEFAULTS = { epochs: 14, batch: 64, lr: 2e-3, seed: 0, samples: 4708 };
const SMALL = { epochs: 1, batch: 16, samples: 320 };

const WARMUP_STEPS = 50;
const CLIP = 1;
/** Single images shown of each kind. */
const SHOWN = 3;

export const vit: Recipe = {
  title: "a CNN stem and two transformer blocks on chest X-rays, with attention rollout",
  run,
};

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("vit", options, DEFAULTS, SMALL);
  const { config } = run;
  const data = await loadPneumonia(run.data(PNEUMONIA_SOURCE));
  const train = firstXRays(data.train, config.samples);
  const loader = trainingLoader(train, config);
  const model = network();
  const optimizer = new AdamW(model.parameters(), { lr: config.lr });
  const totalSteps = config.epochs * loader.length;
  const schedule = warmupCosine(optimizer, totalSteps, WARMUP_STEPS);
  const parts = { model, optimizer, schedule, loader };
  const validation = judgingLoader(data.val);
  const { epochs } = config;
  const done = await run.fit({ parts, loss: crossEntropy, epochs, validation, clipNorm: CLIP });
  if (done.aborted) return run.unfinished(model, done.step);

  run.log("judging, and fitting the baseline");
  const judged = await judgeOnXRays(logitsReader(model), { ...data, train }, config.seed);
  const shares = await rolloutOf(model, validation);
  const { tiles, comparison, summary } = xrayHead(judged);
  const { scores, chosen } = judged.judgement;
  const pictures = picturesOf(data.val, scores, chosen.threshold, shares);
  const note =
    "What attention alone would carry from each place of the image to the decision, through both blocks and their skip connections (Abnar & Zuidema 2020): a picture of where the network looks, not of why it decides. Behind the convolutions every place sees some pixels around it, too.";
  const sections = [...xraySections(judged), rolloutSection(pictures, note)];
  return run.finish(model, done.step, {
    ...xrayMetrics(judged),
    report: { title: "A transformer on chest X-rays", summary, tiles, comparison, sections },
  });
}

/** x [b, 1, 28, 28] -> logits [b, 2], over 49 tokens. 23,634 parameters. */
function network(): CnnTransformer {
  return new CnnTransformer({
    numClasses: 2,
    inChannels: 1,
    imageSize: SIDE,
    convolutions: 2,
    d: 32,
    heads: 4,
    layers: 2,
    mlp: 64,
  });
}

/** The share of every token in the decision on every image: [n][tokens]. */
async function rolloutOf(model: CnnTransformer, data: DataLoader<"x" | "y">): Promise<Float64Array[]> {
  const weigh = compile((x: Tensor) => noGrad(() => attentionWeights(model, x)));
  const before = model.training;
  model.eval();
  const all: Float64Array[] = [];
  for (let i = 0; i < data.length; i++) {
    const layers = weigh(data.at(0, i).x as HostArray);
    const [b, t] = layers[0]!.shape as [number, number];
    const values = await Promise.all(layers.map((layer) => layer.data()));
    for (const layer of layers) layer.release("rolloutOf");
    for (let k = 0; k < b; k++) {
      const own = values.map((v) => v.subarray(k * t * t, (k + 1) * t * t));
      all.push(meanRollout(own, t));
    }
  }
  model.train(before);
  return all;
}

/** The mean image of each class, those judged most surely right, and the worst mistakes. */
function picturesOf(
  xrays: XRays,
  scores: Float64Array,
  threshold: number,
  shares: readonly Float64Array[],
): RolloutPicture[] {
  const size = SIDE * SIDE;
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const one = (title: string) => (i: number) => ({
    title: `${title}: ${PNEUMONIA_CLASSES[xrays.labels[i]!]}`,
    caption: `Validation image ${i}, P(pneumonia) ${percent(1 / (1 + Math.exp(-scores[i]!)))}.`,
    pixels: xrays.images.subarray(i * size, (i + 1) * size),
    side: SIDE,
    shares: shares[i]!,
  });
  const healthy = order.filter((i) => xrays.labels[i] === 0);
  const ill = order.filter((i) => xrays.labels[i] === 1).reverse(); // the surest first, as above
  const mistakes = [
    ...healthy.filter((i) => scores[i]! >= threshold).slice(-SHOWN),
    ...ill.filter((i) => scores[i]! < threshold).slice(-SHOWN),
  ];
  return [
    ...[healthy, ill].map((indices) => meanPicture(xrays, indices, shares)),
    ...[...healthy.slice(0, SHOWN), ...ill.slice(0, SHOWN)].map(one("surest")),
    ...mistakes.map(one("mistaken")),
  ];
}

function meanPicture(
  xrays: XRays,
  indices: readonly number[],
  shares: readonly Float64Array[],
): RolloutPicture {
  const size = SIDE * SIDE;
  const mean = (length: number, of: (i: number, k: number) => number) =>
    Float64Array.from({ length }, (_, k) => indices.reduce((sum, i) => sum + of(i, k), 0) / indices.length);
  const name = PNEUMONIA_CLASSES[xrays.labels[indices[0]!]!]!;
  return {
    title: `mean: ${name}`,
    caption: `All ${count(indices.length)} validation images of this class.`,
    pixels: Uint8Array.from(
      mean(size, (i, k) => xrays.images[i * size + k]!),
      Math.round,
    ),
    side: SIDE,
    shares: mean(shares[0]!.length, (i, k) => shares[i]![k]!),
  };
}
