// `gpt`: a small transformer learns to predict the next character of Moby-Dick from at most `length` before it. Stretches are
// drawn anywhere in the text.

import { windowsAt } from "../../data/text/stretches.ts";
import { narrow } from "../../kernels/slice.ts";
import { Gpt } from "../../models/gpt.ts";
import { scaleTable } from "../../models/tokens.ts";
import { Muon } from "../../optim/muon.ts";
import { compile } from "../../tensor/compile.ts";
import { noGrad } from "../../tensor/mode.ts";
import { Generator } from "../../tensor/philox.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Writer } from "../sampling.ts";
import { type Book, finishBook, type Judge, loadBook, NatsMean, nats, trainReader } from "./parts/book.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";

const DEFAULTS = {
  steps: 950,
  batch: 16,
  lr: 0.02,
  otherLr: 6e-3,
  seed: 0,
  length: 64,
  d: 64,
  heads: 4,
  layers: 2,
};
const SMALL = { steps: 40, batch: 8, d: 32, layers: 1 };
type Config = typeof DEFAULTS;

/** Standard deviation of the first embeddings (Radford et al. 2019). */
const EMBEDDING_STD = 0.02;

export const gpt: Recipe = { title: "a transformer on Moby-Dick by character", run };

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("gpt", options, DEFAULTS, SMALL);
  const { length, d, layers } = run.config;
  const book = await loadBook(run);
  const model = build(run.config, book.vocabulary.size);
  const judge = reader(model, run.config);
  const { done, step } = await train(run, book, model, judge);
  if (done.aborted) return run.unfinished(model, done.step);
  return finishBook(run, model, book, {
    what: `A GPT of ${layers} ${layers === 1 ? "layer" : "layers"}, ${d} wide,`,
    how: `Every character was predicted from the ${length / 2} to ${length} before it, those at the beginning of the text from all.`,
    nats: await judge(book.held),
    steps: done.step,
    writer: () => writer(model, length),
    step,
  });
}

function train(run: RecipeRun<Config>, book: Book, model: Gpt, judge: Judge) {
  const { batch, length, seed } = run.config;
  const optimizer = optimizerOf(model, run.config);
  const places = new Generator(seed).fork("stretches");
  return trainReader(run, book, judge, {
    model,
    optimizer,
    descend: (loss) => optimizer.minimize(loss),
    batchAt: (i) => {
      const starts = places.fork(i).integers(batch, 0, book.train.length - length);
      return windowsAt(book.train, starts, length);
    },
  });
}

function build({ length, d, heads, layers }: Config, vocab: number): Gpt {
  const model = new Gpt({ vocab, length, d, heads, layers });
  for (const table of [model.wte, model.wpe]) scaleTable(table, EMBEDDING_STD);
  return model;
}

/** Muon for the matrices of the blocks, AdamW for embeddings, head, norms and biases (Jordan 2024): half the steps of AdamW alone. */
function optimizerOf(model: Gpt, { lr, otherLr }: Config): Muon {
  const matrices = model.blocks.flatMap((b) => b.parameters().filter((p) => p.rank === 2));
  const others = model.parameters().filter((p) => !matrices.includes(p));
  return new Muon(
    [{ params: matrices }, { params: others, lr: otherLr, orthogonal: false, betas: [0.9, 0.99] }],
    { lr, weightDecay: 0 },
  );
}

/**
 * Mean nats of all characters of a text but the first: windows of `length` half over each other, of which the later half counts,
 * of the first one all.
 */
function reader(model: Gpt, { batch, length }: Config): Judge {
  const step = compile((x: Tensor, y: Tensor) => noGrad(() => nats(model.forward(x), y, "none"))); // [b t]
  return async (text) => {
    const mean = new NatsMean();
    const windows = slidingWindows(text.length - 1, length);
    for (let from = 0; from < windows.length; from += batch) {
      const own = windows.slice(from, from + batch);
      const { x, y } = windowsAt(
        text,
        Array.from({ length: batch }, (_, k) => (own[k] ?? own[0]).start), // all batches of one shape
        length,
      );
      const losses = step(x, y);
      const values = await losses.data();
      own.forEach(({ counted }, k) => {
        mean.add(values.subarray((k + 1) * length - counted, (k + 1) * length));
      });
      losses.release("gpt");
    }
    return mean.value;
  };
}

/** Where windows over `count` targets begin, and how many of their last targets no window before has had. */
export function slidingWindows(count: number, length: number): { start: number; counted: number }[] {
  const found = [{ start: 0, counted: length }];
  for (let done = length; done < count; ) {
    const end = Math.min(done + length / 2, count);
    found.push({ start: end - length, counted: end - done });
    done = end;
  }
  return found;
}

/** Has read nothing; remembers the last `length` characters. The prompt must be as long. */
function writer(model: Gpt, length: number): Writer {
  const step = compile((x: Tensor) => noGrad(() => narrow(model.forward(x), 1, length - 1, 1))); // [1, 1, vocab]
  let window = new Int32Array(0);
  return {
    read: async (tokens) => {
      window = Int32Array.from([...window, ...tokens]).slice(-length);
      const next = step({ data: window, shape: [1, length] });
      const logits = await next.data();
      next.release("gpt");
      return logits;
    },
  };
}
