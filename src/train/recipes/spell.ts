// `spell`: a GRU reads the letters of an English word, another writes its phonemes and looks back at the letters at every step
// (Bahdanau et al. 2015). Judged by the phoneme error rate on words that it never saw.

import { CMUDICT_SOURCE, loadCmudict, type Pronunciation } from "../../data/sets/cmudict.ts";
import {
  END,
  holdOutWords,
  LETTERS,
  lettersOf,
  phonemesOf,
  SpellingBatches,
  START,
  TARGETS,
} from "../../data/text/spelling.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { reshape } from "../../kernels/reshape.ts";
import { type AttentionKind, Seq2Seq } from "../../models/seq2seq.ts";
import { AdamW } from "../../optim/adam.ts";
import { clipGradNorm } from "../../optim/clip.ts";
import { backward } from "../../tensor/autograd.ts";
import { compile } from "../../tensor/compile.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { letterPhonemes } from "../baselines/letter_phonemes.ts";
import { LossMean } from "../finite.ts";
import { type ErrorRates, errorRates } from "../metrics/edit_distance.ts";
import { type ReadWord, spellReport } from "./parts/spell_report.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";
import { warmupCosine } from "./runner/schedule.ts";
import type { TrainDone } from "./runner/training.ts";

const DEFAULTS = {
  steps: 1000,
  batch: 64,
  lr: 5e-3,
  seed: 0,
  d: 32,
  hidden: 96,
  attention: "additive",
  longest: 16,
  held: 1000,
};
const SMALL = { steps: 60, batch: 32, hidden: 48, longest: 6, held: 50 };
type Config = typeof DEFAULTS;

const WARMUP_STEPS = 50;
const CLIP_NORM = 1;
/** Phonemes at which writing is stopped: the longest word has 32. */
const LONGEST = 36;
/** Words translated at once, and those judged while a run goes on. */
const TRANSLATED = 250;
const WATCHED = 250;
/** Words that the table of letters is learnt from. */
const COUNTED = 20_000;

export const spell: Recipe = { title: "seq2seq with attention from spelling to phonemes", run };

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("spell", options, DEFAULTS, SMALL);
  const words = await loadCmudict(run.data(CMUDICT_SOURCE));
  const { train, held } = holdOutWords(words, run.config.held, run.config.seed);
  const model = build(run.config);
  const done = await fit(run, model, train, held);
  if (done.aborted) return run.unfinished(model, done.step);
  const found = await read(model, held);
  const own = rates(found);
  const table = letterPhonemes(train.slice(0, COUNTED));
  const trivial = errorRates(held.map((w) => ({ written: table.read(w.word), reference: w.phonemes })));
  return run.finish(model, done.step, {
    metrics: { phonemeErrorRate: own.tokens, wordErrorRate: own.sequences },
    baseline: { phonemeErrorRate: trivial.tokens, wordErrorRate: trivial.sequences },
    report: spellReport(own, trivial, found),
  });
}

type Words = readonly Pronunciation[];

function fit(run: RecipeRun<Config>, model: Seq2Seq, train: Words, held: Words): Promise<TrainDone> {
  const { config, device, small } = run;
  const batches = new SpellingBatches(train, config);
  const optimizer = new AdamW(model.parameters(), { lr: config.lr, betas: [0.9, 0.99], weightDecay: 0 });
  const schedule = warmupCosine(optimizer, config.steps, WARMUP_STEPS);
  const loss = new LossMean(device);
  const step = compile((letters: Tensor, lengths: Tensor, given: Tensor, labels: Tensor) => {
    const { logits } = model.forward(letters, given, { lengths }); // [b, t, targets]
    const value = crossEntropy(reshape(logits, [labels.size, TARGETS]), reshape(labels, [labels.size])); // []
    optimizer.zeroGrad();
    backward(value);
    clipGradNorm(model.parameters(), CLIP_NORM);
    optimizer.step();
    schedule.step();
    loss.update(value, given.shape[0]);
  });
  const watch = async () => ({ phonemeErrorRate: rates(await read(model, held.slice(0, WATCHED))).tokens });
  return run.train({
    parts: { model, optimizer, schedule },
    steps: config.steps,
    samples: config.batch,
    means: { loss },
    step: (i) => {
      const { letters, lengths, given, labels } = batches.at(i);
      step(letters, lengths, given, labels);
    },
    watch: small ? undefined : { every: Math.ceil(config.steps / 6), run: watch },
  });
}

function build({ d, hidden, attention }: Config): Seq2Seq {
  const sizes = { sourceVocab: LETTERS, targetVocab: TARGETS, d, hidden };
  return new Seq2Seq({ ...sizes, attention: attention as AttentionKind });
}

/** Writes the phonemes of words, always the likeliest next one. */
async function read(model: Seq2Seq, words: Words): Promise<ReadWord[]> {
  model.eval();
  const found: ReadWord[] = [];
  for (let from = 0; from < words.length; from += TRANSLATED) {
    const own = words.slice(from, from + TRANSLATED);
    const { letters, lengths } = lettersOf(own);
    const [source, sizes] = [letters, lengths].map(({ data, shape }) => tensor(data, { shape }));
    const options = { start: START, end: END, maxLength: LONGEST, lengths: sizes };
    const translations = await model.translate(source, options);
    for (const [k, { tokens, weights }] of translations.entries())
      found.push({ ...own[k], written: phonemesOf(tokens), weights });
    for (const t of [source, sizes]) t.release("spell");
  }
  model.train();
  return found;
}

function rates(found: readonly ReadWord[]): ErrorRates {
  return errorRates(found.map(({ written, phonemes }) => ({ written, reference: phonemes })));
}
