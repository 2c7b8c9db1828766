// `activity`: what is someone doing who wears a smart watch? Two networks learn it from 40 series of BasicMotions, CNN + LSTM and
// CNN + BiGRU, each in five folds: every series is judged once, by networks that did not see it. Channels are standardised by
// the training series of a fold alone.

import { stratifiedFolds } from "../../data/folds.ts";
import type { TsFile } from "../../data/formats/ts_file.ts";
import { BASIC_MOTIONS_SOURCE, loadBasicMotions } from "../../data/sets/basic_motions.ts";
import { argmax } from "../../kernels/arg_reduce.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { type CnnRnn, cnnBigru, cnnLstm } from "../../models/cnn_rnn.ts";
import { AdamW } from "../../optim/adam.ts";
import { WarmupCosineLR } from "../../optim/schedule.ts";
import { backward } from "../../tensor/autograd.ts";
import { compile, type HostArray } from "../../tensor/compile.ts";
import { tensor } from "../../tensor/create.ts";
import { noGrad } from "../../tensor/mode.ts";
import { Generator } from "../../tensor/philox.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { NearestCentroid } from "../baselines/nearest_centroid.ts";
import { LossMean } from "../finite.ts";
import { Accuracy } from "../metrics/counting.ts";
import { wilson } from "../report/confusion.ts";
import { type Strip, stripsSection } from "../report/strips.ts";
import { count, escapeHtml, percent } from "../report/text.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { type Finish, RecipeRun } from "./runner/run.ts";
import type { Training } from "./runner/training.ts";

const DEFAULTS = { steps: 100, batch: 16, lr: 5e-3, seed: 0, hidden: 16, folds: 5 };
const SMALL = { steps: 50, folds: 2 };
type Config = typeof DEFAULTS;

const MODELS = { "CNN + LSTM": cnnLstm, "CNN + BiGRU": cnnBigru };
type ModelName = keyof typeof MODELS;

const WARMUP_STEPS = 10;
const WIDTHS = [16, 32];
const DROPOUT = 0.2;

export const activity: Recipe = { title: "CNN + LSTM and CNN + BiGRU on a smart watch's motions", run };

/** The class that each series was judged to be, by the network of the fold it was held out in: [n]. */
type Guesses = Record<string, number[]>;

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("activity", options, DEFAULTS, SMALL);
  const { config } = run;
  const data = await loadBasicMotions(run.data(BASIC_MOTIONS_SOURCE));
  const folds = stratifiedFolds(data.y, config.folds, config.seed);
  const last = Object.keys(MODELS).map((name) => build(name as ModelName, data, config));
  const guesses: Guesses = {};
  for (const [k, name] of (Object.keys(MODELS) as ModelName[]).entries()) {
    guesses[name] = new Array<number>(data.count).fill(-1);
    for (let fold = 0; fold < config.folds; fold++) {
      const held = places(folds, (f) => f === fold);
      const found = await run.phase(`${name}, fold ${fold + 1}`, async (phase) => {
        const model = build(name, data, config);
        const guessed = await learn(run, phase, model, data, folds, fold);
        if (fold === config.folds - 1) await run.saveWeights(`model-${k + 1}`, model);
        return guessed;
      });
      if (run.aborted) return run.unfinished(last[0]!, 0);
      for (const [j, i] of held.entries()) guesses[name]![i] = found[j]!;
    }
    await run.loadWeights(`model-${k + 1}`, last[k]!);
  }
  const steps = Object.keys(MODELS).length * config.folds * config.steps;
  return run.finish(last[1]!, steps, result(data, folds, guesses));
}

function build(name: ModelName, data: TsFile, { hidden }: Config): CnnRnn {
  const sizes = { inChannels: data.dimensions, numClasses: data.classes.length, widths: WIDTHS, hidden };
  return MODELS[name]({ ...sizes, dropout: DROPOUT });
}

function places(folds: Int32Array, wanted: (fold: number) => boolean): number[] {
  return [...folds.keys()].filter((i) => wanted(folds[i]!));
}

/** Trains on all folds but one, and gives the classes of that one's series. */
async function learn(
  run: RecipeRun<Config>,
  phase: Training,
  model: CnnRnn,
  data: TsFile,
  folds: Int32Array,
  fold: number,
): Promise<number[]> {
  const { steps, lr, batch, seed } = run.config;
  const train = places(folds, (f) => f !== fold);
  const size = Math.min(batch, train.length);
  const x = standardised(data, train);
  const optimizer = new AdamW(model.parameters(), { lr });
  const schedule = new WarmupCosineLR(optimizer, { warmupSteps: WARMUP_STEPS, totalSteps: steps });
  const loss = new LossMean(run.device);
  const accuracy = new Accuracy(run.device);
  const step = compile((x: Tensor, y: Tensor) => {
    const logits = model.forward(x); // [b, classes]
    const value = crossEntropy(logits, y); // []
    optimizer.zeroGrad();
    backward(value);
    optimizer.step();
    schedule.step();
    loss.update(value, size);
    accuracy.update(logits, y);
  });
  const draws = new Generator(seed).fork(phase.name);
  await phase.train({
    parts: { model, optimizer, schedule },
    steps,
    samples: size,
    means: { loss, accuracy },
    step: (i) => {
      const chosen = Array.from(draws.fork(i).permutation(train.length).subarray(0, size), (k) => train[k]!);
      const y = { data: Int32Array.from(chosen, (k) => data.y[k]!), shape: [size] };
      step(gather(x, data, chosen), y);
    },
  });
  model.eval();
  const held = gather(
    x,
    data,
    places(folds, (f) => f === fold),
  );
  const guessed = scope(() =>
    noGrad(() => argmax(model.forward(tensor(held.data, { shape: held.shape })), 1)),
  ); // [n]
  const classes = Array.from(await guessed.data());
  guessed.release("activity");
  return classes;
}

/** All series, each channel less the mean of the training series and divided by their standard deviation. */
function standardised({ x, dimensions, length }: TsFile, train: readonly number[]): Float32Array {
  const out = new Float32Array(x.length);
  const n = train.length * length;
  for (let d = 0; d < dimensions; d++) {
    const each = (visit: (v: number) => void) => {
      for (const i of train) for (let t = 0; t < length; t++) visit(x[(i * dimensions + d) * length + t]!);
    };
    let mean = 0;
    let variance = 0;
    each((v) => {
      mean += v / n;
    });
    each((v) => {
      variance += (v - mean) ** 2 / n;
    });
    const std = Math.sqrt(variance) || 1;
    for (let at = d * length; at < x.length; at += dimensions * length)
      for (let t = at; t < at + length; t++) out[t] = (x[t]! - mean) / std;
  }
  return out;
}

function gather(
  x: Float32Array,
  { dimensions, length }: TsFile,
  chosen: readonly number[],
): HostArray & { data: Float32Array } {
  const row = dimensions * length;
  const data = new Float32Array(chosen.length * row);
  chosen.forEach((i, k) => {
    data.set(x.subarray(i * row, (i + 1) * row), k * row);
  });
  return { data, shape: [chosen.length, dimensions, length] };
}

/** Mean and standard deviation of each channel: what a series is without its order. */
function momentsOf(
  { x, dimensions, length }: TsFile,
  chosen: readonly number[],
): { x: Float64Array; d: number } {
  const d = 2 * dimensions;
  const out = new Float64Array(chosen.length * d);
  chosen.forEach((i, k) => {
    for (let c = 0; c < dimensions; c++) {
      const values = x.subarray((i * dimensions + c) * length, (i * dimensions + c + 1) * length);
      const mean = values.reduce((sum, v) => sum + v, 0) / length;
      out[k * d + c] = mean;
      out[k * d + dimensions + c] = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / length);
    }
  });
  return { x: out, d };
}

function centroidGuesses(data: TsFile, folds: Int32Array): number[] {
  const guesses = new Array<number>(data.count).fill(-1);
  for (const fold of new Set(folds)) {
    const train = places(folds, (f) => f !== fold);
    const held = places(folds, (f) => f === fold);
    const labels = train.map((i) => data.y[i]!);
    const nearest = NearestCentroid.fit(momentsOf(data, train), labels, { standardize: true });
    const found = nearest.classes(momentsOf(data, held));
    for (const [j, i] of held.entries()) guesses[i] = found[j]!;
  }
  return guesses;
}

function accuracyOf(data: TsFile, guesses: readonly number[], among = (_i: number) => true): number {
  const judged = [...guesses.keys()].filter(among);
  return judged.filter((i) => guesses[i] === data.y[i]).length / judged.length;
}

function result(data: TsFile, folds: Int32Array, guesses: Guesses): Finish {
  const centroid = accuracyOf(data, centroidGuesses(data, folds));
  const counts = data.classes.map((_, c) => data.y.filter((y) => y === c).length);
  const majority = Math.max(...counts) / data.count;
  const means = Object.values(guesses).map((g) => accuracyOf(data, g));
  const least = Math.min(...means);
  const [low, high] = wilson(Math.round(least * data.count), data.count);
  const names = Object.keys(guesses);
  const numbers = [...new Set(folds)].sort();
  const row = (name: string, guessed: readonly number[]) => ({
    name,
    values: {
      "mean accuracy": accuracyOf(data, guessed),
      ...Object.fromEntries(
        numbers.map((f) => [`fold ${f + 1}`, accuracyOf(data, guessed, (i) => folds[i] === f)]),
      ),
    },
  });
  return {
    metrics: { accuracy: least, accuracyLstm: means[0]!, accuracyBigru: means[1]! },
    baseline: { accuracy: centroid, majority },
    report: {
      title: "Activities from a smart watch",
      summary: `${names.map((n, k) => `${n} ${percent(means[k]!)}`).join(", ")} of ${count(data.count)} series right, each judged by networks that did not see it. The mean and the standard deviation of each channel alone, by the nearest class mean, give ${percent(centroid)}: four people's ${count(data.count)} series are an easy set.`,
      tiles: [
        {
          label: `mean accuracy of the worse (95 % interval ${percent(low)} to ${percent(high)})`,
          value: percent(least),
          main: true,
        },
        ...names.map((n, k) => ({ label: n, value: percent(means[k]!) })),
      ],
      comparison: [
        ...names.map((n) => row(n, guesses[n]!)),
        row("nearest class mean of means and deviations", centroidGuesses(data, folds)),
        { name: "the most frequent class", values: { "mean accuracy": majority } },
      ],
      sections: [confusions(data, guesses), mistakes(data, folds, guesses)],
    },
  };
}

/** Section "Who was taken for whom", a small table for each network. */
function confusions({ classes, y }: TsFile, guesses: Guesses): string {
  const table = (name: string) => {
    const rows = classes.map((c, truth) => {
      const cells = classes.map(
        (_, guess) => guesses[name]!.filter((g, i) => g === guess && y[i] === truth).length,
      );
      return `<tr><th scope="row">${escapeHtml(c)}</th>${cells.map((n) => `<td>${n || "·"}</td>`).join("")}</tr>`;
    });
    const heads = classes.map((c) => `<th scope="col">${escapeHtml(c)}</th>`).join("");
    return `<div class="card scroll" role="region" aria-label="${escapeHtml(name)}" tabindex="0"><h3>${escapeHtml(name)}</h3><table class="numbers">
<thead><tr><th scope="col">truth, taken for</th>${heads}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
  };
  return `<section aria-labelledby="confusion"><h2 id="confusion">What was taken for what</h2>
<div class="columns">${Object.keys(guesses).map(table).join("\n")}</div></section>`;
}

/** One series of each class, and those that a network took for another: the first channel, ten seconds. */
function mistakes(data: TsFile, folds: Int32Array, guesses: Guesses): string {
  const strip = (i: number, note: string, right: boolean): Strip => {
    const from = i * data.dimensions * data.length;
    const values = data.x.subarray(from, from + data.length);
    return { title: data.classes[data.y[i]!]!, note, right, values, seen: [0, 1], beat: null };
  };
  const wrong = Object.entries(guesses).flatMap(([name, own]) =>
    [...own.keys()]
      .filter((i) => own[i] !== data.y[i])
      .map((i) => strip(i, `${name} took it for ${data.classes[own[i]!]} (fold ${folds[i]! + 1})`, false)),
  );
  const first = data.classes.map((_, c) => strip(data.y.indexOf(c), "the first series", true));
  return stripsSection("series", "Ten seconds of acceleration", [
    {
      title: "One of each class",
      note: "The first of the six channels, each drawn to its own scale.",
      strips: first,
    },
    { title: `Taken for another: ${wrong.length}`, note: "By a network that did not see it.", strips: wrong },
  ]);
}
