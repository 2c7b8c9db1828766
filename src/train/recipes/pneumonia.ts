// `pneumonia`: a small CNN tells pneumonia from health in chest X-rays of 28x28 pixels, with what a physician would ask for: ROC
// curve, interval, threshold, calibration. Not a medical device.

import { loadPneumonia, PNEUMONIA_SOURCE } from "../../data/sets/pneumonia.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { ReLU } from "../../layers/activation.ts";
import { AdaptiveAvgPool2d } from "../../layers/adaptive_pooling.ts";
import { BatchNorm2d } from "../../layers/batch_norm.ts";
import { Conv2d } from "../../layers/conv2d.ts";
import { Flatten } from "../../layers/flatten.ts";
import { Linear } from "../../layers/linear.ts";
import { MaxPool2d } from "../../layers/pooling.ts";
import { type Layer, Sequential } from "../../layers/sequential.ts";
import { AdamW } from "../../optim/adam.ts";
import { logitsReader } from "./parts/logits.ts";
import { xrayHead, xrayMetrics, xraySections } from "./parts/xray_report.ts";
import { firstXRays, judgeOnXRays, judgingLoader, trainingLoader } from "./parts/xrays.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";
import { warmupCosine } from "./runner/schedule.ts";

const DEFAULTS = { epochs: 16, batch: 64, lr: 5e-3, seed: 0, samples: 4708 };
const SMALL = { epochs: 1, batch: 32, samples: 1280 };

const WARMUP_STEPS = 50;

export const pneumonia: Recipe = { title: "a small CNN on chest X-rays (PneumoniaMNIST)", run };

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("pneumonia", options, DEFAULTS, SMALL);
  const { config } = run;
  const data = await loadPneumonia(run.data(PNEUMONIA_SOURCE));
  const train = firstXRays(data.train, config.samples);
  const loader = trainingLoader(train, config);
  const model = tinyCnn();
  const optimizer = new AdamW(model.parameters(), { lr: config.lr });
  const totalSteps = config.epochs * loader.length;
  const schedule = warmupCosine(optimizer, totalSteps, WARMUP_STEPS);
  const parts = { model, optimizer, schedule, loader };
  const validation = judgingLoader(data.val);
  const done = await run.fit({ parts, loss: crossEntropy, epochs: config.epochs, validation });
  if (done.aborted) return run.unfinished(model, done.step);

  run.log("judging, and fitting the baseline");
  const judged = await judgeOnXRays(logitsReader(model), { ...data, train }, config.seed);
  const { tiles, comparison, summary } = xrayHead(judged);
  return run.finish(model, done.step, {
    ...xrayMetrics(judged),
    report: {
      title: "Pneumonia in chest X-rays",
      summary,
      tiles,
      comparison,
      sections: xraySections(judged),
    },
  });
}

/** x [b, 1, 28, 28] -> logits [b, 2]. 6,010 parameters. */
function tinyCnn(): Sequential {
  const block = (from: number, to: number): Layer[] => [
    new Conv2d(from, to, { kernelSize: 3, padding: 1, bias: false }),
    new BatchNorm2d(to),
    new ReLU(),
  ];
  return new Sequential(
    ...block(1, 8), // [b, 8, 28, 28]
    new MaxPool2d(2),
    ...block(8, 16), // [b, 16, 14, 14]
    new MaxPool2d(2),
    ...block(16, 32), // [b, 32, 7, 7]
    new AdaptiveAvgPool2d(1),
    new Flatten(), // [b, 32]
    new Linear(32, 2),
  );
}
