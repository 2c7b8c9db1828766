// What `char-lstm` and `gpt` share: Moby-Dick by character, its last tenth held out, counts of pairs as the baseline, the pages.
// Steps of both read equally many characters, so that their curves can be laid over each other (--compare).

import { loadMobyDick, MOBY_DICK_SOURCE } from "../../../data/sets/moby_dick.ts";
import { CharacterVocabulary, holdOutEnd } from "../../../data/text/characters.ts";
import { crossEntropy } from "../../../kernels/cross_entropy.ts";
import { reshape } from "../../../kernels/reshape.ts";
import type { Module } from "../../../layers/module.ts";
import type { AnyOptimizer } from "../../../optim/optimizer.ts";
import { type Compiled, compile, type HostArray } from "../../../tensor/compile.ts";
import { Generator } from "../../../tensor/philox.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type NgramNats, ngramNats } from "../../baselines/ngram.ts";
import { LossMean } from "../../finite.ts";
import { type Sample, samplesSection } from "../../report/samples.ts";
import { count, number } from "../../report/text.ts";
import { type Writer, write } from "../../sampling.ts";
import type { RecipeResult } from "../runner/recipe.ts";
import type { RecipeRun } from "../runner/run.ts";
import { warmupCosine } from "../runner/schedule.ts";
import type { TrainOptions } from "../runner/training.ts";

const HELD_SHARE = 0.1;
const WARMUP_STEPS = 50;
/** Characters of the held-out text that are judged while a run goes on, and at the end of its small form: the last is a target. */
const WATCHED = 8193;
/** Characters that a sample begins with, and that are written, in the small form fewer. */
const PROMPT = 64;
const WRITTEN = 400;
const WRITTEN_SMALL = 20;
const TEMPERATURES = [0.5, 0.8, 1];

export interface Book {
  readonly vocabulary: CharacterVocabulary;
  readonly train: Int32Array;
  /** Cut short in the small form. */
  readonly held: Int32Array;
  readonly baseline: NgramNats;
}

type AnyRun = Pick<RecipeRun<{ seed: number }>, "data" | "small" | "config" | "finish">;

export async function loadBook(run: AnyRun): Promise<Book> {
  const text = holdOutEnd(await loadMobyDick(run.data(MOBY_DICK_SOURCE)), HELD_SHARE);
  const vocabulary = new CharacterVocabulary(text.train);
  const train = vocabulary.encode(text.train);
  const all = vocabulary.encode(text.held);
  const held = run.small ? all.subarray(0, WATCHED) : all;
  return { vocabulary, train, held, baseline: ngramNats(train, held, vocabulary.size) };
}

/** Mean nats of the characters of a text but the first. */
export type Judge = (text: Int32Array) => Promise<number>;

export interface Reading {
  /** x [b, t] -> logits [b, t, vocabulary]; what a checkpoint holds. */
  readonly model: Module & { forward(x: Tensor): Tensor };
  readonly optimizer: AnyOptimizer;
  /** One step down this loss. */
  readonly descend: (loss: Tensor) => void;
  /** The batch of step i, a function of i alone. */
  readonly batchAt: (i: number) => { readonly x: HostArray; readonly y: HostArray };
}

/** Trains with nats a character as the loss, and a rate that rises and falls. */
export async function trainReader(
  run: RecipeRun<{ seed: number; steps: number; batch: number; length: number }>,
  book: Book,
  judge: Judge,
  { model, optimizer, descend, batchAt }: Reading,
) {
  const { steps, batch, length } = run.config;
  const schedule = warmupCosine(optimizer, steps, WARMUP_STEPS);
  const loss = new LossMean(run.device);
  const step = compile((x: Tensor, y: Tensor) => {
    const value = nats(model.forward(x), y, "mean"); // []
    descend(value);
    schedule.step();
    loss.update(value, x.size);
  });
  const done = await run.train({
    parts: { model, optimizer, schedule },
    steps,
    samples: batch * length,
    means: { loss },
    step: (i) => {
      const { x, y } = batchAt(i);
      step(x, y);
    },
    watch: watched(run, book, judge),
  });
  return { done, step };
}

/** Judges the beginning of the held-out text now and then, not in the small form. */
function watched(
  { small, config: { steps } }: RecipeRun<{ seed: number; steps: number }>,
  { held }: Book,
  judge: Judge,
): TrainOptions["watch"] {
  if (small) return undefined;
  return { every: Math.ceil(steps / 8), run: async () => ({ loss: await judge(held.subarray(0, WATCHED)) }) };
}

/** Cross-entropy of logits [b, t, vocab] against ids [b, t]. */
export function nats(logits: Tensor, y: Tensor, reduction: "mean" | "none"): Tensor {
  return crossEntropy(reshape(logits, [y.size, logits.shape[2]]), reshape(y, [y.size]), { reduction });
}

export interface ReadBook {
  /** "An LSTM of 128 units". */
  readonly what: string;
  /** How the held-out text was read, a sentence. */
  readonly how: string;
  readonly nats: number;
  readonly steps: number;
  /** One that has read nothing. */
  readonly writer: () => Writer;
  /** The compiled step of training. */
  readonly step: Pick<Compiled<never, unknown>, "programs">;
}

/** The result and the page of a model that has learnt the book. */
export async function finishBook(
  run: AnyRun,
  model: Module,
  book: Book,
  read: ReadBook,
): Promise<RecipeResult> {
  const { nats, steps } = read;
  const { unigram, bigram } = book.baseline;
  const part = run.small ? "the beginning of the last tenth" : "the last tenth";
  const tera = (steps * flopsOf(read.step)) / 1e12;
  const row = (value: number) => ({ "nats a character": value, "bits a character": value / Math.LN2 });
  return run.finish(model, steps, {
    metrics: { nats, teraflop: tera },
    baseline: { nats: bigram, unigramNats: unigram },
    report: {
      title: `${read.what} reads Moby-Dick`,
      summary: `${number(nats, 4)} nats a character on ${part} of the book, which it never read (${count(book.held.length - 1)} characters). ${read.how}`,
      tiles: [
        { label: "nats a character, held out", value: nats.toFixed(3), main: true },
        { label: "characters to choose from, as if equally likely", value: Math.exp(nats).toFixed(2) },
        { label: "TFLOP of training", value: number(tera, 3) },
      ],
      comparison: [
        { name: "this run", values: row(nats) },
        { name: "pairs of characters counted (bigram)", values: row(bigram) },
        { name: "characters counted (unigram)", values: row(unigram) },
        { name: `all ${book.vocabulary.size} equally likely`, values: row(Math.log(book.vocabulary.size)) },
      ],
      sections: [samplesSection(await samples(run, book, read.writer), SAMPLES_NOTE)],
    },
  });
}

const SAMPLES_NOTE = `Each goes on from the first ${PROMPT} characters of the held-out text (grey). The temperature divides the logits: below 1 likely characters become likelier.`;

/** Operations of a step, a multiply-add as two. */
function flopsOf({ programs }: ReadBook["step"]): number {
  return programs[0].dispatches.reduce((sum, d) => sum + d.flops, 0);
}

async function samples(run: AnyRun, { vocabulary, held }: Book, writer: () => Writer): Promise<Sample[]> {
  const prompt = held.subarray(0, PROMPT);
  const generator = new Generator(run.config.seed).fork("samples");
  const found: Sample[] = [];
  for (const temperature of TEMPERATURES) {
    const size = run.small ? WRITTEN_SMALL : WRITTEN;
    const ids = await write(writer(), { prompt, count: size, temperature, generator });
    found.push({
      title: `temperature ${temperature}`,
      prompt: vocabulary.decode(prompt),
      text: vocabulary.decode(ids),
    });
  }
  return found;
}

/** The mean of losses, read back as they come. */
export class NatsMean {
  private sum = 0;
  private characters = 0;

  add(losses: ArrayLike<number>): void {
    for (let i = 0; i < losses.length; i++) this.sum += losses[i];
    this.characters += losses.length;
  }

  get value(): number {
    return this.sum / this.characters;
  }
}
