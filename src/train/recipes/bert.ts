// `bert`: a small BERT first guesses hidden words of e-mails, then learns to tell spam from their text (Spam Assassin). With all
// labels, and with few, where having read before helps: the same network, once pretrained and once not, on the same labels.
// Headers, quotes and tags are gone before anything is read (data/formats/mail.ts).

import { ArrayDataset, type Dataset, Subset } from "../../data/dataset.ts";
import { DataLoader } from "../../data/loader.ts";
import { loadSpamAssassin, type Mail, SPAM_ASSASSIN_SOURCE } from "../../data/sets/spam_assassin.ts";
import { MaskedStretches } from "../../data/text/masked_words.ts";
import { classRows, FIRST_WORD, WordVocabulary } from "../../data/text/word_vocabulary.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { indexSelect } from "../../kernels/gather.ts";
import { reshape } from "../../kernels/reshape.ts";
import { Module } from "../../layers/module.ts";
import { BertForMaskedLM, BertForSequenceClassification } from "../../models/bert_heads.ts";
import { AdamW } from "../../optim/adam.ts";
import { clipGradNorm } from "../../optim/clip.ts";
import { WarmupCosineLR } from "../../optim/schedule.ts";
import { backward } from "../../tensor/autograd.ts";
import { compile } from "../../tensor/compile.ts";
import { tensor } from "../../tensor/create.ts";
import { noGrad } from "../../tensor/mode.ts";
import type { Parameter } from "../../tensor/parameter.ts";
import { Generator } from "../../tensor/philox.ts";
import { copyInto } from "../../tensor/primitives.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LossMean } from "../finite.ts";
import { bertResult, type Judged, mailBaselines } from "./parts/bert_report.ts";
import { logitsReader } from "./parts/logits.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";
import type { Training } from "./runner/training.ts";

const DEFAULTS = {
  /** Of pretraining. Small batches: many steps count for more here than good gradients. */
  steps: 2000,
  batch: 12,
  lr: 8e-3,
  seed: 0,
  vocab: 3000,
  /** Words of a mail that are read, and of a stretch when pretraining. */
  length: 96,
  stretch: 64,
  d: 32,
  layers: 1,
  /** Passes over all labelled mails, and over the few. */
  passes: 4,
  passesFew: 12,
  few: 300,
  /** Draws of the few labels, each learnt from twice. */
  draws: 4,
  /** Every so many mails of the corpus. */
  every: 1,
};
const SMALL = {
  steps: 160,
  batch: 12,
  vocab: 400,
  length: 32,
  stretch: 32,
  passes: 1,
  passesFew: 1,
  few: 32,
  draws: 1,
  every: 16,
};
export type BertConfig = typeof DEFAULTS;

const HEADS = 2;
const DROPOUT = 0.1;
/** Of a stretch, hidden: more than the paper's 0.15, as most of the work is reading. */
const HIDDEN_SHARE = 0.3;
const TUNING_LR = 2e-3;
const TUNING_BATCH = 32;
const TUNING_BATCH_FEW = 16;
const CLIP_NORM = 1;
const JUDGED = 130;
/** Stretches of held-out mails whose hidden words are guessed at the end. */
const HELD_STRETCHES = 128;
const PRETRAINED = "pretrained";

export const bert: Recipe = { title: "a small BERT: masked words of e-mails, then spam", run };

/** Padding is not attended to. */
class SpamClassifier extends Module {
  readonly network: BertForSequenceClassification;

  constructor(config: BertConfig) {
    super();
    this.network = new BertForSequenceClassification(sizesOf(config));
  }

  /** ids i32 [b, length] -> logits [b, 2] */
  forward(ids: Tensor): Tensor {
    return this.network.forward(ids, { attentionMask: ids });
  }
}

function sizesOf({ vocab, length, stretch, d, layers }: BertConfig) {
  const positions = Math.max(length, stretch);
  return {
    vocab,
    length: positions,
    d,
    layers,
    heads: HEADS,
    mlp: 2 * d,
    tokenTypes: 1,
    dropout: DROPOUT,
    attentionDropout: 0,
  };
}

interface Mails {
  readonly vocabulary: WordVocabulary;
  /** Numbers of all words of each mail. */
  readonly train: readonly Int32Array[];
  readonly test: readonly Int32Array[];
  readonly trainSet: Dataset<"x" | "y">;
  readonly testSet: Dataset<"x" | "y">;
  readonly corpus: Awaited<ReturnType<typeof loadSpamAssassin>>;
}

type Run = RecipeRun<BertConfig>;

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("bert", options, DEFAULTS, SMALL);
  const { config } = run;
  const mails = await loadMails(run);
  const pretraining = await run.phase("masked words", (phase) => pretrain(run, phase, mails));
  if (run.aborted) return run.unfinished(new BertForMaskedLM(sizesOf(config)), 0);

  let steps = config.steps;
  const tune = async (name: string, pretrained: boolean, labelled: Dataset<"x" | "y">, few: boolean) => {
    const found = await run.phase(name, async (phase) => {
      const model = new SpamClassifier(config);
      if (pretrained) await takePretrained(run, model);
      const judged = await classify(run, phase, model, mails, labelled, few);
      if (!few) await run.saveWeights("spam", model);
      return judged;
    });
    steps += found.steps;
    return found;
  };
  const full = await tune("all labels", true, mails.trainSet, false);
  const drawn: { pretrained: Judged; scratch: Judged; places: Int32Array }[] = [];
  for (let k = 0; k < config.draws && !run.aborted; k++) {
    const places = fewLabels(mails, config, k);
    const labelled = new Subset(mails.trainSet, places);
    const pretrained = await tune(`${config.few} labels, draw ${k + 1}`, true, labelled, true);
    if (run.aborted) break;
    const scratch = await tune(`${config.few} labels, draw ${k + 1}, from scratch`, false, labelled, true);
    drawn.push({ pretrained, scratch, places });
  }
  const model = new SpamClassifier(config);
  if (run.aborted) return run.unfinished(model, steps);
  await run.loadWeights("spam", model);
  run.log("counting words for the baselines");
  const draws = drawn.map((d) => d.places);
  const baselines = await mailBaselines(mails, config.vocab, config.length - 1, draws);
  return run.finish(
    model,
    steps,
    bertResult({ config, ...mails.corpus, pretraining, full, drawn, baselines }),
  );
}

async function loadMails(run: Run): Promise<Mails> {
  const { vocab, length, every } = run.config;
  const only = (_: string, i: number) => i % every === 0;
  const corpus = await loadSpamAssassin(run.data(SPAM_ASSASSIN_SOURCE), { words: length - 1, only });
  const { train, test, duplicates, empty } = corpus;
  run.log(
    `${train.length} mails to learn from, ${test.length} held out; left out: ${duplicates} duplicates, ${empty} without words`,
  );
  const vocabulary = new WordVocabulary(
    train.map((m) => m.words),
    vocab,
  );
  const encode = (mails: readonly Mail[]) => mails.map((m) => vocabulary.encode(m.words));
  const set = (mails: readonly Mail[], ids: readonly Int32Array[]) =>
    new ArrayDataset({
      x: { data: classRows(ids, length), shape: [ids.length, length] },
      y: { data: Int32Array.from(mails, (m) => Number(m.spam)), shape: [ids.length] },
    });
  const ids = { train: encode(train), test: encode(test) };
  return { vocabulary, ...ids, trainSet: set(train, ids.train), testSet: set(test, ids.test), corpus };
}

/** Nats a hidden word of held-out mails costs: by the network, and by how frequent words are. */
interface Reading {
  readonly nats: number;
  readonly unigramNats: number;
}

/** Guesses hidden words; the weights are kept for the phases to come. */
async function pretrain(run: Run, phase: Training, mails: Mails): Promise<Reading> {
  const { steps, batch, lr, seed, stretch: length, vocab, d } = run.config;
  const hidden = Math.round(HIDDEN_SHARE * length);
  const options = { batch, length, hidden, vocab, seed };
  const stretches = new MaskedStretches(mails.train, options);
  const model = new BertForMaskedLM({ ...sizesOf(run.config), dropout: 0 }); // it reads everything about once
  const shares = wordShares(mails.train, vocab);
  // From the start a word is as likely as it is frequent: learning that would take the first hundreds of steps.
  startAt(model.head.bias, shares.map(Math.log));
  const optimizer = new AdamW(model.parameters(), { lr, betas: [0.9, 0.99] });
  const schedule = new WarmupCosineLR(optimizer, { warmupSteps: Math.ceil(steps / 20), totalSteps: steps });
  const loss = new LossMean(run.device);
  // Words are guessed at the hidden places only: the table of words is most of the work.
  const guess = (ids: Tensor, places: Tensor, labels: Tensor): Tensor => {
    const all = reshape(model.bert.forward(ids).hidden, [ids.size, d]); // [b length, d]
    return crossEntropy(model.head.forward(indexSelect(all, 0, places)), labels); // []
  };
  const step = compile((ids: Tensor, places: Tensor, labels: Tensor) => {
    const value = guess(ids, places, labels);
    optimizer.zeroGrad();
    backward(value);
    clipGradNorm(model.parameters(), CLIP_NORM);
    optimizer.step();
    schedule.step();
    loss.update(value, batch);
  });
  await phase.train({
    parts: { model, optimizer, schedule },
    steps,
    samples: batch,
    means: { loss },
    step: (i) => {
      const { ids, places, labels } = stretches.at(i);
      step(ids, places, labels);
    },
  });
  await run.saveWeights(PRETRAINED, model);
  model.eval();
  const held = new MaskedStretches(mails.test, { ...options, batch: HELD_STRETCHES });
  const { ids, places, labels } = held.at(0);
  const [x, at, y] = [ids, places, labels].map(({ data, shape }) => tensor(data, { shape })) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const value = scope(() => noGrad(() => guess(x, at, y)));
  const nats = await value.item();
  for (const t of [x, at, y, value]) t.release("bert");
  const known = Array.from(labels.data as Int32Array).filter((id) => id >= FIRST_WORD);
  return { nats, unigramNats: known.reduce((sum, id) => sum - Math.log(shares[id]!), 0) / known.length };
}

/** The share of each word in the training text, counts begun at 1: f64 [vocab]. */
function wordShares(train: readonly Int32Array[], vocab: number): Float64Array {
  const counts = new Float64Array(vocab).fill(1);
  for (const text of train) for (const id of text) if (id >= FIRST_WORD) counts[id]!++;
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((n) => n / total);
}

function startAt(parameter: Parameter, values: Float64Array): void {
  const start = tensor(Float32Array.from(values), { shape: [values.length] });
  noGrad(() => copyInto(parameter, start));
  start.release("bert");
}

async function takePretrained(run: Run, model: SpamClassifier): Promise<void> {
  const reader = new BertForMaskedLM(sizesOf(run.config));
  await run.loadWeights(PRETRAINED, reader);
  // What has no counterpart is the layer in front of the classes, which pretraining does not know.
  model.network.bert.loadStateDict(reader.bert.stateDict(), { strict: false });
}

/** Learns from labelled mails, and judges the held-out ones. */
async function classify(
  run: Run,
  phase: Training,
  model: SpamClassifier,
  mails: Mails,
  labelled: Dataset<"x" | "y">,
  few: boolean,
): Promise<Judged> {
  const { passes, passesFew, seed } = run.config;
  const epochs = few ? passesFew : passes;
  const batchSize = Math.min(few ? TUNING_BATCH_FEW : TUNING_BATCH, labelled.length);
  const generator = new Generator(seed).fork(phase.name);
  const loader = new DataLoader(labelled, { batchSize, shuffle: true, generator, dropLast: true });
  const optimizer = new AdamW(model.parameters(), { lr: TUNING_LR });
  const totalSteps = epochs * loader.length;
  const schedule = new WarmupCosineLR(optimizer, { warmupSteps: Math.ceil(totalSteps / 10), totalSteps });
  const parts = { model, optimizer, schedule, loader };
  const { step } = await phase.fit({ parts, loss: crossEntropy, epochs, clipNorm: CLIP_NORM });
  const logits = await logitsReader(model)(new DataLoader(mails.testSet, { batchSize: JUDGED }));
  const margins = mails.test.map((_, i) => logits[2 * i + 1]! - logits[2 * i]!);
  const labels = mails.corpus.test.map((m) => Number(m.spam));
  const accuracy = margins.filter((m, i) => Number(m > 0) === labels[i]).length / labels.length;
  run.log(`${phase.name}: accuracy ${accuracy.toFixed(4)} on ${labels.length} held-out mails`);
  return { accuracy, margins, steps: step };
}

/** Places of `few` mails to learn from; each draw other ones. */
function fewLabels(mails: Mails, { few, seed }: BertConfig, draw: number): Int32Array {
  const generator = new Generator(seed).fork(`few ${draw}`);
  return generator.permutation(mails.train.length).slice(0, few);
}
