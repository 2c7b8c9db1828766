// `digits`: a LeNet-style network learns the 60,000 MNIST digits and is judged on the 10,000 test digits.

import { gunzipSync } from "fflate";
import { randomAffine } from "../../data/augment.ts";
import { MNIST_SOURCE } from "../../data/files.ts";
import { DataLoader } from "../../data/loader.ts";
import { digitDataset, loadMnist, MNIST_MEAN, MNIST_STD, type Mnist } from "../../data/mnist.ts";
import { standardize } from "../../data/transforms.ts";
import { OptionError } from "../../gpu/errors.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { LeNet } from "../../models/lenet.ts";
import { AdamW } from "../../optim/adam.ts";
import { WarmupCosineLR } from "../../optim/schedule.ts";
import type { HostArray } from "../../tensor/compile.ts";
import { manualSeed } from "../../tensor/random.ts";
import { loadCheckpoint, type RunParts, readProgress, saveCheckpoint, weightsSha256 } from "../checkpoint.ts";
import { type EpochReport, fit, fitStep, type StepReport } from "../fit.ts";
import { renderReport } from "../report/report.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./index.ts";
import { type Judgement, judge } from "./judge.ts";
import type { TrainingStep } from "./steps.ts";

const DEFAULTS = { epochs: 1, batch: 64, lr: 3e-3, seed: 0 };
type Config = typeof DEFAULTS;

/** Steps of rising learning rate at the start. */
const WARMUP_STEPS = 100;
/** Steps between two checkpoints within an epoch. */
const CHECKPOINT_EVERY = 200;
export const CHECKPOINT = "checkpoint.safetensors";

/** One line of metrics.jsonl. */
type HistoryEntry = ({ kind: "step" } & StepReport) | ({ kind: "epoch" } & EpochReport);

export const digits: Recipe = { title: "a LeNet-style CNN on MNIST's handwritten digits", run };

/** The step of the run with its defaults, on blank digits: what it costs does not depend on them. */
export function digitsStep(): TrainingStep {
  const count = DEFAULTS.batch;
  const blank = { images: new Uint8Array(count * 28 * 28), labels: new Uint8Array(count), count };
  const { loader, ...parts } = build(DEFAULTS, {
    train: blank,
    test: blank,
    mean: MNIST_MEAN,
    std: MNIST_STD,
  });
  const { x, y } = loader.at(0, 0);
  const run = fitStep({ ...parts, loss: crossEntropy, train: loader, epochs: DEFAULTS.epochs });
  return {
    title: `LeNet 1-8-32 with batch norm and dropout, ${count} digits of 28x28, AdamW, metrics`,
    model: parts.model,
    run,
    inputs: [x as HostArray, y as HostArray],
  };
}

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const { files, log, device } = options;
  const started = performance.now();
  const resumed = await files.resume();
  const config = configure(options, resumed);
  manualSeed(config.seed);
  const mnist = await loadMnist(files.data(MNIST_SOURCE), { inflate: gunzipSync });
  const parts = build(config, mnist);
  const saved = resumed ? loadCheckpoint(resumed, parts) : { step: 0, history: [], tuning: null };
  const history = [...saved.history] as HistoryEntry[];
  if (resumed) log(`resumed at step ${saved.step}`);
  if (saved.tuning !== null && saved.tuning !== device.tuning.hash)
    log(
      `the kernels are tuned as ${device.tuning.hash}, before as ${saved.tuning}: not the same run bit by bit`,
    );
  // Begins anew: the folder may hold lines of another run, or of steps after the checkpoint.
  await files.write("metrics.jsonl", history.map((entry) => `${JSON.stringify(entry)}\n`).join(""));

  const done = await train(options, config, parts, history, saved.step);
  const sha256 = await weightsSha256(parts.model);
  const base = { steps: done.step, seed: config.seed, weightsSha256: sha256 };
  const elapsed = () => (performance.now() - started) / 1000;
  if (done.aborted) return { ...base, metrics: {}, seconds: elapsed() };

  const test = new DataLoader(digitDataset(mnist.test), {
    batchSize: 250,
    transform: standardize<"x" | "y">({ ...mnist, field: "x" }),
  });
  const judgement = await judge(parts.model, test, 10);
  const { accuracy, loss } = judgement;
  log(`test accuracy ${accuracy.toFixed(4)}, loss ${loss.toFixed(4)} on ${mnist.test.count} digits`);
  const facts = {
    adapter: device.name,
    tuning: device.tuning.hash,
    ...config,
    steps: done.step,
    seconds: Math.round(elapsed()),
    weights: sha256,
  };
  await files.write("report.html", await report(judgement, mnist, parts.model, history, facts));
  return { ...base, metrics: { accuracy, loss }, seconds: elapsed() };
}

interface DigitParts extends RunParts {
  readonly model: LeNet;
  readonly optimizer: AdamW;
  readonly schedule: WarmupCosineLR;
  readonly loader: DataLoader<"x" | "y">;
}

function build(config: Config, mnist: Mnist): DigitParts {
  const transform = [
    randomAffine<"x" | "y">({ rotation: 8, scale: [0.95, 1.05], shift: 1 }, "x"),
    standardize<"x" | "y">({ ...mnist, field: "x" }),
  ];
  const loader = new DataLoader<"x" | "y">(digitDataset(mnist.train), {
    batchSize: config.batch,
    shuffle: true,
    seed: config.seed,
    dropLast: true,
    transform,
  });
  const model = new LeNet({ batchNorm: true, dropout: 0.25 });
  const optimizer = new AdamW(model.parameters(), { lr: config.lr });
  const totalSteps = config.epochs * loader.length;
  const warmupSteps = Math.min(WARMUP_STEPS, Math.ceil(totalSteps / 10));
  const schedule = new WarmupCosineLR(optimizer, { warmupSteps, totalSteps });
  return { model, optimizer, schedule, loader };
}

async function train(
  options: RecipeOptions,
  config: Config,
  parts: DigitParts,
  history: HistoryEntry[],
  step: number,
) {
  const { files, signal, progress, log } = options;
  const { model, optimizer, schedule, loader } = parts;
  const steps = config.epochs * loader.length;
  const save = async (at: number) =>
    files.write(CHECKPOINT, await saveCheckpoint(parts, { step: at, config, history }));
  const note = async (entry: HistoryEntry) => {
    history.push(entry);
    await files.append("metrics.jsonl", `${JSON.stringify(entry)}\n`);
  };
  const onStep = async (r: StepReport) => {
    await note({ kind: "step", ...r });
    const secondsLeft = ((steps - r.step) * config.batch) / r.samplesPerSecond;
    progress({ ...r, steps, epoch: r.epoch + 1, epochs: config.epochs, secondsLeft });
    if (r.step % CHECKPOINT_EVERY === 0) await save(r.step);
  };
  const onEpoch = async (r: EpochReport) => {
    await note({ kind: "epoch", ...r });
    log(
      `epoch ${r.epoch}/${config.epochs}: loss ${r.trainLoss.toFixed(4)}, accuracy ${r.trainAccuracy.toFixed(4)}`,
    );
    await save(r.step);
  };
  const { epochs } = config;
  const callbacks = [{ onStep, onEpoch }];
  const done = await fit({
    model,
    optimizer,
    schedule,
    loss: crossEntropy,
    train: loader,
    epochs,
    callbacks,
    step,
    signal,
  });
  if (done.aborted) await save(done.step);
  return done;
}

/** A resumed run keeps its configuration: another one would not be the same run. */
function configure(options: RecipeOptions, resumed: Uint8Array | null): Config {
  const given = { epochs: options.epochs, batch: options.batch, lr: options.lr, seed: options.seed };
  const saved = resumed ? (readProgress(resumed).config as Config) : null;
  const config = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS) as (keyof Config)[]) {
    config[key] = saved?.[key] ?? given[key] ?? DEFAULTS[key];
    if (saved && given[key] !== undefined && given[key] !== saved[key]) {
      throw new OptionError(
        `--${key}: the run to resume has ${saved[key]}; it cannot go on with ${given[key]}`,
      );
    }
  }
  return config;
}

async function report(
  judgement: Judgement,
  mnist: Mnist,
  model: LeNet,
  history: readonly HistoryEntry[],
  facts: Record<string, string | number>,
): Promise<string> {
  const steps = history.filter((h) => h.kind === "step");
  const size = 28;
  const pixels = (i: number) => mnist.test.images.subarray(i * size * size, (i + 1) * size * size);
  const filters = model.stateDict().get("features.0.weight")!;
  return renderReport({
    title: "MNIST digits",
    summary: `Test accuracy ${(100 * judgement.accuracy).toFixed(2)} % on ${mnist.test.count.toLocaleString("en")} digits.`,
    facts,
    curves: {
      step: steps.map((s) => s.step),
      loss: steps.map((s) => s.loss),
      accuracy: steps.map((s) => s.accuracy),
      lr: steps.map((s) => s.lr),
    },
    epochs: history.filter((h) => h.kind === "epoch"),
    classes: Array.from({ length: 10 }, (_, i) => String(i)),
    confusion: judgement.confusion,
    filters: { data: (await filters.data()) as Float32Array, shape: filters.shape },
    mistakes: judgement.mistakes
      .slice(0, 40)
      .map((m) => ({ ...m, width: size, height: size, pixels: pixels(m.index) })),
  });
}
