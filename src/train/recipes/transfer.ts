// `transfer`: what features learnt on photographs are worth where only 200 labelled X-rays are at hand. The early layers of a
// pretrained MobileNetV2, first frozen under a linear head, then fine-tuned; beside the same network with random weights, trained
// in the same way on the same images.

import type { Batch } from "../../data/dataset.ts";
import { DataLoader } from "../../data/loader.ts";
import { loadNsfwjs, NSFWJS_SOURCE } from "../../data/sets/nsfwjs.ts";
import { loadPneumonia, PNEUMONIA_SOURCE, type XRays, xrayDataset } from "../../data/sets/pneumonia.ts";
import { standardize } from "../../data/transforms/standardize.ts";
import { broadcastTo } from "../../kernels/broadcast.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { mean } from "../../kernels/reduce.ts";
import { BatchNorm1d } from "../../layers/batch_norm.ts";
import { Linear } from "../../layers/linear.ts";
import { Module } from "../../layers/module.ts";
import { Sequential } from "../../layers/sequential.ts";
import type { StateArray } from "../../layers/state_dict.ts";
import { KERAS_MOBILENET_V2, kerasMobilenetV2 } from "../../models/keras_mobilenet_v2.ts";
import { mobilenetV2 } from "../../models/mobilenet_v2.ts";
import { AdamW } from "../../optim/adam.ts";
import { compile, type HostArray } from "../../tensor/compile.ts";
import { tensor } from "../../tensor/create.ts";
import { noGrad } from "../../tensor/mode.ts";
import { Generator } from "../../tensor/philox.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LossMean } from "../finite.ts";
import { auc } from "../metrics/roc.ts";
import { logitsReader } from "./parts/logits.ts";
import { transferReport } from "./parts/transfer_report.ts";
import { firstXRays, JUDGED_AT_ONCE, pickXRays, pixelRegression, pose, scoresOf } from "./parts/xrays.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";
import type { Training } from "./runner/training.ts";

const DEFAULTS = {
  samples: 200,
  judged: 524,
  seeds: 5,
  headSteps: 100,
  steps: 60,
  batch: 50,
  lr: 1e-3,
  seed: 0,
};
const SMALL = { samples: 100, judged: 100, seeds: 1, headSteps: 30, steps: 2, batch: 25 };
type Config = typeof DEFAULTS;

/** The blocks that are used: up to stride 8, which leaves 4x4 places of 28x28 pixels, and so [b, 32, 4, 4]. */
const BLOCKS = 7;
const CHANNELS = 32;
const HEAD_LR = 0.01;
const WATCHED = "validation AUC";
const WARMUP = 0.1; // of the steps of fine-tuning

export const transfer: Recipe = { title: "pretrained features against random ones on 200 chest X-rays", run };

/** What one training found: plain JSON. */
export interface Found {
  /** Steps done, and the validation AUC then. */
  readonly curve: readonly { readonly step: number; readonly auc: number }[];
  readonly steps: number;
}

/** Both variants on one draw of images. */
export interface Pair {
  readonly pretrained: Found;
  readonly random: Found;
  /** Validation AUC of logistic regression on the pixels of the same images. */
  readonly linear: number;
}

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("transfer", options, DEFAULTS, SMALL);
  const { config } = run;
  const data = await loadPneumonia(run.data(PNEUMONIA_SOURCE));
  const val = firstXRays(data.val, config.judged);
  const weights = featureWeights(kerasMobilenetV2(await loadNsfwjs(run.data(NSFWJS_SOURCE))));
  const model = new TransferNet();
  const pairs: Pair[] = [];
  for (let k = 0; k < config.seeds; k++) {
    const draw = new Generator(config.seed).fork(`draw ${k}`).permutation(data.train.count);
    const train = pickXRays(data.train, draw.subarray(0, config.samples));
    const found = {} as { pretrained: Found; random: Found };
    for (const variant of ["pretrained", "random"] as const) {
      found[variant] = await run.phase(`${variant} ${k + 1}`, async (phase) => {
        const net = new TransferNet();
        if (variant === "pretrained") net.features.loadStateDict(weights, { strict: false });
        const result = await learn(run, phase, net, { train, val });
        await run.saveWeights(variant, net);
        return result;
      });
      if (run.aborted) return run.unfinished(model, found[variant].steps);
    }
    const [scores] = await pixelRegression(train, [val]);
    pairs.push({ ...found, linear: auc(scores!, val.labels) });
    run.log(
      `draw ${k + 1}: validation AUC ${last(found.pretrained)} pretrained, ${last(found.random)} random`,
    );
  }
  await run.loadWeights("pretrained", model);
  const { metrics, baseline, report } = transferReport(pairs, config);
  return run.finish(model, config.headSteps + config.steps, { metrics, baseline, report });
}

/** The keys of the blocks that are used, as their Sequential has them. */
function featureWeights(all: ReadonlyMap<string, StateArray>): Map<string, StateArray> {
  const own = [...all].map(([key, value]) => [key.replace("features.", ""), value] as const);
  return new Map(own.filter(([key]) => Number.parseInt(key, 10) < BLOCKS));
}

/**
 * x [b, 1, 28, 28] on [0, 1] -> logits [b, 2]. Every norm keeps to the statistics of the training images (`calibrate`) and never
 * trains: pictures of another kind than those of the pretraining, or random weights, would not fit the ones it came with.
 */
class TransferNet extends Module {
  readonly features: Sequential;
  readonly norm = new BatchNorm1d(CHANNELS, { affine: false, momentum: 1 });
  readonly head = new Linear(CHANNELS, 2);

  constructor() {
    super();
    const { features } = mobilenetV2({
      ...KERAS_MOBILENET_V2,
      norm: { ...KERAS_MOBILENET_V2.norm, momentum: 1 },
    });
    this.features = new Sequential(...[...features].slice(0, BLOCKS));
    this.eval();
  }

  /** Grey is a colour: three equal channels. -> [b, 32] */
  pooled(x: Tensor): Tensor {
    const [b, , h, w] = x.shape as [number, number, number, number];
    return mean(this.features.forward(broadcastTo(x, [b, 3, h, w])), [2, 3]);
  }

  forward(x: Tensor): Tensor {
    return this.judge(this.pooled(x)); // [b, 2]
  }

  /** features [b, 32] -> logits [b, 2] */
  judge(features: Tensor): Tensor {
    return this.head.forward(this.norm.forward(features));
  }

  /** Takes the running statistics of all norms from these images alone. */
  calibrate(x: Tensor): void {
    this.train();
    noGrad(() => this.forward(x));
    this.eval();
  }
}

const toUnit = standardize<"x" | "y">({ mean: 0, std: 1, field: "x" });

/** The head on frozen features, then all weights, `config.headSteps` and `config.steps` long. */
async function learn(
  run: RecipeRun<Config>,
  phase: Training,
  model: TransferNet,
  { train, val }: { train: XRays; val: XRays },
): Promise<Found> {
  const { headSteps, steps, batch, lr, samples, seed } = run.config;
  const loader = new DataLoader<"x" | "y">(xrayDataset(train), {
    batchSize: batch,
    shuffle: true,
    seed,
    dropLast: true,
    transform: [pose, toUnit],
  });
  const whole = new DataLoader<"x" | "y">(xrayDataset(train), { batchSize: samples, transform: toUnit });
  const held = new DataLoader<"x" | "y">(xrayDataset(val), { batchSize: JUDGED_AT_ONCE, transform: toUnit });
  const { x, y } = whole.at(0, 0) as Batch<"x" | "y"> & { x: HostArray; y: HostArray };
  model.calibrate(tensor(x.data, { shape: x.shape }));
  const features = await pooledOf(model, whole);
  const heldFeatures = await pooledOf(model, held); // as long as they are frozen
  const optimizers = {
    head: new AdamW(model.head.parameters(), { lr: HEAD_LR }),
    all: new AdamW(model.parameters(), { lr }),
  };
  const loss = new LossMean(run.device);
  const headStep = compile((f: Tensor, y: Tensor) => {
    const value = crossEntropy(model.judge(f), y); // []
    optimizers.head.minimize(value);
    loss.update(value, samples);
  });
  const step = compile((x: Tensor, y: Tensor) => {
    const value = crossEntropy(model.forward(x), y); // []
    optimizers.all.minimize(value);
    loss.update(value, batch);
  });
  const read = logitsReader(model);
  const readHead = async () => {
    const logits = noGrad(() => model.judge(tensor(heldFeatures.data, { shape: heldFeatures.shape }))); // [n, 2]
    return Float64Array.from(await logits.data());
  };
  let now = 0;
  const done = await phase.train({
    parts: { model, optimizers },
    steps: headSteps + steps,
    samples: batch,
    means: { loss },
    lr: () => (now < headSteps ? HEAD_LR : optimizers.all.groups[0]!.lr),
    reportEvery: 20,
    step: (i) => {
      now = i;
      if (i < headSteps) return headStep(features, y);
      const k = i - headSteps;
      optimizers.all.groups[0]!.lr = lr * rate(k / steps);
      const { x, y: labels } = loader.at(Math.floor(k / loader.length), k % loader.length);
      step(x as HostArray, labels as HostArray);
    },
    watch: {
      every: 20,
      run: async (at) => {
        const logits = at <= headSteps ? await readHead() : await read(held);
        return { [WATCHED]: auc(scoresOf(logits), val.labels) };
      },
    },
  });
  const curve = phase.judged.map(({ step, values }) => ({ step, auc: values[WATCHED]! }));
  return { curve, steps: done.step };
}

/** The features of all images in order as the network is now, on the host: [n, 32]. */
async function pooledOf(model: TransferNet, data: DataLoader<"x" | "y">): Promise<HostArray> {
  const all: number[] = [];
  for (let i = 0; i < data.length; i++) {
    const { x } = data.at(0, i);
    const pooled = noGrad(() => model.pooled(tensor(x.data as Float32Array, { shape: x.shape }))); // [b, 32]
    for (const value of await pooled.data()) all.push(value);
  }
  return { data: Float32Array.from(all), shape: [all.length / CHANNELS, CHANNELS] };
}

/** Linear warm-up, then a cosine to 0. */
function rate(done: number): number {
  return done < WARMUP ? done / WARMUP : (1 + Math.cos((Math.PI * (done - WARMUP)) / (1 - WARMUP))) / 2;
}

function last({ curve }: Found): string {
  return curve[curve.length - 1]!.auc.toFixed(4);
}
