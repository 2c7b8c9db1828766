// `ecg`: a CNN and a BiLSTM learn to tell atrial premature beats from the others of one patient's recording, MIT-BIH 100. They
// see the signal of one lead around the beat, with the beat before in sight, and no intervals. The first 60 % of the time
// teach, the rest judges.
//
// What the figure means: very little. One patient, some thirty such beats, and a rule without any learning does as well: the beats
// that came soonest after the one before.

import { type Beats, cutBeats, type EcgRecord, loadEcg, MITBIH_SOURCE } from "../../data/sets/mitbih.ts";
import { OptionError } from "../../gpu/errors.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { softmax } from "../../kernels/softmax.ts";
import { cnnBilstm } from "../../models/cnn_rnn.ts";
import { AdamW } from "../../optim/adam.ts";
import { backward } from "../../tensor/autograd.ts";
import { compile, type HostArray } from "../../tensor/compile.ts";
import { tensor } from "../../tensor/create.ts";
import { noGrad } from "../../tensor/mode.ts";
import { Generator } from "../../tensor/philox.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LossMean } from "../finite.ts";
import type { Classifier } from "../fit.ts";
import { averagePrecision, precisionRecall } from "../metrics/average_precision.ts";
import { Accuracy } from "../metrics/counting.ts";
import { precisionRecallChart } from "../report/precision_recall.ts";
import { type Strip, stripsSection } from "../report/strips.ts";
import { count, number, percent } from "../report/text.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { type Finish, RecipeRun } from "./runner/run.ts";
import { warmupCosine } from "./runner/schedule.ts";

const DEFAULTS = { steps: 400, batch: 32, lr: 3e-3, seed: 0, hidden: 16 };
const SMALL = { steps: 60, hidden: 8 };

const RECORD = "100";
const ATRIAL = "A";
/** Of the recording, taken to learn from. */
const TRAIN_SHARE = 0.6;
/** Of a batch, premature beats: they are one in a hundred. */
const ATRIAL_SHARE = 0.25;
const WARMUP_STEPS = 20;
/** Beats judged at once. */
const JUDGED = 250;
/** Seconds drawn before and behind a beat. */
const DRAWN = [2.2, 1] as const;
const DRAWN_EVERY = 4;
/** False alarms drawn. */
const ALARMS = 6;

export const ecg: Recipe = { title: "CNN + BiLSTM find atrial premature beats in one patient's ECG", run };

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("ecg", options, DEFAULTS, SMALL);
  const { steps, batch, lr, seed, hidden } = run.config;
  const record = firstLead(await loadEcg(run.data(MITBIH_SOURCE), RECORD));
  const { train, test } = splitInTime(cutBeats(record, ATRIAL), TRAIN_SHARE * record.signals[0]!.length);
  const model = cnnBilstm({ inChannels: 1, numClasses: 2, widths: [16, 32], hidden });
  const optimizer = new AdamW(model.parameters(), { lr });
  const schedule = warmupCosine(optimizer, steps, WARMUP_STEPS);
  const loss = new LossMean(run.device);
  const accuracy = new Accuracy(run.device);
  const step = compile((x: Tensor, y: Tensor) => {
    const logits = model.forward(x); // [b, 2]
    const value = crossEntropy(logits, y); // []
    optimizer.zeroGrad();
    backward(value);
    optimizer.step();
    schedule.step();
    loss.update(value, batch);
    accuracy.update(logits, y);
  });
  const draws = new Generator(seed).fork("batches");
  const done = await run.train({
    parts: { model, optimizer, schedule },
    steps,
    samples: batch,
    means: { loss, accuracy },
    step: (i) => {
      const { x, y } = draw(train, batch, draws.fork(i));
      step(x, y);
    },
  });
  if (done.aborted) return run.unfinished(model, done.step);
  return run.finish(model, done.step, result(record, train, test, await atrialProbabilities(model, test)));
}

/** The first lead alone: with both, so few beats teach less than they confuse. */
function firstLead(record: EcgRecord): EcgRecord {
  return { ...record, leads: record.leads.slice(0, 1), signals: record.signals.slice(0, 1) };
}

/** Beats before and behind a place; both divided by the standard deviation of the first. Throws OptionError for a part of one class. */
function splitInTime(beats: Beats, place: number): { train: Beats; test: Beats } {
  const at = beats.sample.findIndex((s) => s >= place);
  const cut = at < 0 ? beats.count : at;
  const row = beats.leads * beats.steps;
  const teaching = beats.x.subarray(0, cut * row);
  const std = Math.sqrt(teaching.reduce((sum, v) => sum + v * v, 0) / teaching.length); // windows have mean 0
  const part = (name: string, from: number, to: number): Beats => {
    const y = beats.y.subarray(from, to);
    const positives = y.reduce((sum, v) => sum + v, 0);
    if (positives === 0 || positives === y.length)
      throw new OptionError(
        `ecg: the ${name} part has ${positives} atrial beats of ${y.length}: one class is missing`,
      );
    return {
      ...beats,
      count: to - from,
      x: beats.x.slice(from * row, to * row).map((v) => v / std),
      y,
      interval: beats.interval.subarray(from, to),
      sample: beats.sample.subarray(from, to),
      letter: beats.letter.slice(from, to),
    };
  };
  return { train: part("training", 0, cut), test: part("test", cut, beats.count) };
}

/** A batch with its share of premature beats; beats may stand in it twice. */
function draw(part: Beats, batch: number, generator: Generator): { x: HostArray; y: HostArray } {
  const places = [0, 1].map((label) => [...part.y.keys()].filter((i) => part.y[i] === label));
  const atrial = Math.max(1, Math.round(ATRIAL_SHARE * batch));
  const chosen = [batch - atrial, atrial].flatMap((size, label) =>
    Array.from(generator.integers(size, 0, places[label]!.length), (k) => places[label]![k]!),
  );
  return {
    x: windows(part, chosen),
    y: { data: Int32Array.from(chosen, (i) => part.y[i]!), shape: [batch] },
  };
}

function windows({ x, leads, steps }: Beats, places: readonly number[]): HostArray {
  const row = leads * steps;
  const data = new Float32Array(places.length * row);
  places.forEach((i, k) => {
    data.set(x.subarray(i * row, (i + 1) * row), k * row);
  });
  return { data, shape: [places.length, leads, steps] };
}

/** The probability that a beat is premature, of each: [n]. */
async function atrialProbabilities(model: Classifier, part: Beats): Promise<Float64Array> {
  const found = new Float64Array(part.count);
  model.eval();
  for (let from = 0; from < part.count; from += JUDGED) {
    const places = Array.from({ length: Math.min(JUDGED, part.count - from) }, (_, i) => from + i);
    const { data, shape } = windows(part, places);
    const p = scope(() => noGrad(() => softmax(model.forward(tensor(data, { shape })), 1))); // [b, 2]
    const values = await p.data();
    places.forEach((i, k) => {
      found[i] = values[2 * k + 1]!;
    });
    p.release("ecg");
  }
  return found;
}

function result(record: EcgRecord, train: Beats, test: Beats, p: Float64Array): Finish {
  const soon = Float64Array.from(test.interval, (seconds) => -seconds);
  const reached = averagePrecision(p, test.y);
  const rule = averagePrecision(soon, test.y);
  // A ventricular beat is early too, and there is but one: it alone decides how far the rule falls.
  const kept = [...test.y.keys()].filter((i) => test.letter[i] !== "V");
  const without = (scores: Float64Array) =>
    averagePrecision(
      kept.map((i) => scores[i]!),
      kept.map((i) => test.y[i]!),
    );
  const positives = test.y.reduce((sum, v) => sum + v, 0);
  const share = positives / test.count;
  const all = "average precision, all beats";
  const fewer = "without the ventricular beat";
  const lines = [
    { name: "CNN + BiLSTM", points: precisionRecall(p, test.y), averagePrecision: reached },
    { name: "shortest interval", points: precisionRecall(soon, test.y), averagePrecision: rule },
  ];
  return {
    metrics: { averagePrecision: reached, averagePrecisionWithoutV: without(p) },
    baseline: { averagePrecision: rule, averagePrecisionWithoutV: without(soon), positives: share },
    report: {
      title: "Atrial premature beats in an ECG",
      summary: `Average precision ${number(reached, 3)} on the last 40 % of one recording: ${count(positives)} atrial premature beats among ${count(test.count)}. This is one patient (MIT-BIH record ${record.name}); it says nothing about any other. The rule "the shorter the interval since the beat before, the likelier", which learns nothing, reaches ${number(without(soon), 3)} among normal and atrial beats; the network, which is not told the interval, has to find it in the signal.`,
      tiles: [
        { label: "average precision", value: number(reached, 3), main: true },
        { label: "share of atrial beats", value: percent(share) },
        { label: "such beats to learn from", value: count(train.y.reduce((sum, v) => sum + v, 0)) },
      ],
      comparison: [
        { name: "this run", values: { [all]: reached, [fewer]: without(p) } },
        {
          name: "rule: shortest interval since the beat before",
          values: { [all]: rule, [fewer]: without(soon) },
        },
        { name: "guessing", values: { [all]: share, [fewer]: positives / kept.length } },
      ],
      charts: [precisionRecallChart(lines, share)],
      sections: [strips(record, test, p)],
    },
  };
}

function strips(record: EcgRecord, test: Beats, p: Float64Array): string {
  const of = (i: number): Strip => {
    const right = p[i]! >= 0.5 === (test.y[i] === 1);
    const letter = test.letter[i]!;
    const after = `${number(test.interval[i]!, 2)} s after the beat before`;
    const note = `${after}; probability ${percent(p[i]!)}`;
    return {
      title: `${NAMES[letter] ?? letter} at ${clock(test.sample[i]! / record.frequency)}`,
      note,
      right,
      ...piece(record, test, i),
    };
  };
  const places = [...test.y.keys()].sort((a, b) => p[a]! - p[b]!);
  const atrial = places.filter((i) => test.y[i] === 1);
  const [missed, found] = [atrial.filter((i) => p[i]! < 0.5), atrial.filter((i) => p[i]! >= 0.5)];
  const others = places.filter((i) => test.y[i] === 0).reverse();
  const alarms = others.filter((i) => p[i]! >= 0.5).length;
  return stripsSection("strips", `Beats of lead ${record.leads[0]}`, [
    {
      title: `Missed: ${missed.length}`,
      note: "Atrial beats with a probability below one half.",
      strips: missed.map(of),
    },
    {
      title: `Found: ${found.length}`,
      note: "The least certain first. Grey: what the network sees; dashed: the beat.",
      strips: found.map(of),
    },
    {
      title: `False alarms: ${alarms}`,
      note: `Of the other ${count(others.length)} beats, the ${ALARMS} of highest probability.`,
      strips: others.slice(0, ALARMS).map(of),
    },
  ]);
}

const NAMES: Readonly<Record<string, string>> = { A: "Atrial", N: "Normal", V: "Ventricular" };

/** The signal around a beat, thinned, and where in it the network looked. */
function piece(
  record: EcgRecord,
  { sample, reach }: Beats,
  i: number,
): Pick<Strip, "values" | "seen" | "beat"> {
  const at = sample[i]!;
  const from = Math.max(0, at - Math.round(DRAWN[0] * record.frequency));
  const to = Math.min(record.signals[0]!.length, at + Math.round(DRAWN[1] * record.frequency));
  const values = record.signals[0]!.subarray(from, to).filter((_, k) => k % DRAWN_EVERY === 0);
  const share = (place: number) => Math.min(1, Math.max(0, (place - from) / (to - from)));
  return { values, seen: [share(at - reach[0]), share(at + reach[1])], beat: share(at) };
}

/** Seconds as minutes and seconds. */
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
