// `char-lstm`: an LSTM learns to predict the next character of Moby-Dick. Lanes of the text are read side by side, and the state
// behind a stretch is where the next begins; gradients end there (truncated backpropagation through time, Williams & Peng 1990).

import { Lanes } from "../../data/text/stretches.ts";
import { narrow } from "../../kernels/slice.ts";
import { Module } from "../../layers/module.ts";
import { RecurrentLanguageModel } from "../../models/recurrent_language_model.ts";
import { AdamW } from "../../optim/adam.ts";
import { clipGradNorm } from "../../optim/clip.ts";
import { backward } from "../../tensor/autograd.ts";
import { compile } from "../../tensor/compile.ts";
import { noGrad } from "../../tensor/mode.ts";
import { buffer } from "../../tensor/parameter.ts";
import { copyInto, fill } from "../../tensor/primitives.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Writer } from "../sampling.ts";
import { type Book, finishBook, type Judge, loadBook, NatsMean, nats, trainReader } from "./parts/book.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";

const DEFAULTS = { steps: 1400, batch: 32, lr: 1.5e-2, seed: 0, length: 32, d: 32, hidden: 128, layers: 1 };
const SMALL = { steps: 60, batch: 16, hidden: 64 };
type Config = typeof DEFAULTS;

const CLIP_NORM = 1;
/** Characters of the held-out text read at once, by a state carried from one such stretch to the next. */
const EVALUATED = 1024;

export const charLstm: Recipe = { title: "an LSTM on Moby-Dick by character, its state carried on", run };

/** The network and the states of the lanes, which a checkpoint has to hold as well. */
class CarriedLstm extends Module {
  readonly network: RecurrentLanguageModel;
  readonly states: readonly Tensor[]; // [h, c], each [layers, b, hidden]

  constructor({ d, hidden, layers, batch }: Config, vocab: number) {
    super();
    this.network = new RecurrentLanguageModel({ vocab, d, hidden, layers });
    const zeros = () => buffer([layers, batch, hidden], new Float32Array(layers * batch * hidden));
    this.states = ["h", "c"].map((name) => this.registerBuffer(name, zeros()));
  }

  /** ids [b, t] -> logits [b, t, vocab]; keeps the states behind them. */
  forward(ids: Tensor): Tensor {
    const [logits, states] = this.network.forward(ids, this.states);
    noGrad(() => {
      for (const [k, s] of states.entries()) copyInto(this.states[k], s);
    });
    return logits;
  }

  forget(): void {
    for (const s of this.states) fill(s, 0);
  }
}

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("char-lstm", options, DEFAULTS, SMALL);
  const book = await loadBook(run);
  const model = new CarriedLstm(run.config, book.vocabulary.size);
  const { network } = model;
  const judge = reader(network);
  const { done, step } = await train(run, book, model, judge);
  if (done.aborted) return run.unfinished(network, done.step);
  return finishBook(run, network, book, {
    what: `An LSTM of ${run.config.hidden} units`,
    how: "It read that text from its beginning to its end with one state.",
    nats: await judge(book.held),
    steps: done.step,
    writer: () => writer(network),
    step,
  });
}

function train(run: RecipeRun<Config>, book: Book, model: CarriedLstm, judge: Judge) {
  const { batch, lr, length } = run.config;
  const lanes = new Lanes(book.train, { batch, t: length });
  const parameters = model.network.parameters();
  const optimizer = new AdamW(parameters, { lr, betas: [0.9, 0.99], weightDecay: 0 });
  return trainReader(run, book, judge, {
    model,
    optimizer,
    descend: (loss) => {
      optimizer.zeroGrad();
      backward(loss);
      clipGradNorm(parameters, CLIP_NORM);
      optimizer.step();
    },
    batchAt: (i) => {
      if (lanes.starts(i)) model.forget();
      return lanes.at(i);
    },
  });
}

/** Reads a text once, from its beginning, the state carried on: mean nats of all its characters but the first. */
function reader(network: RecurrentLanguageModel): Judge {
  const step = compile((x: Tensor, y: Tensor, h: Tensor, c: Tensor) =>
    noGrad(() => {
      const [logits, [nextH, nextC]] = network.forward(x, [h, c]);
      return { losses: nats(logits, y, "none"), states: [nextH, nextC] };
    }),
  );
  return async (text) => {
    const mean = new NatsMean();
    let states = network.initialStates(1);
    for (let from = 0; from + 1 < text.length; from += EVALUATED) {
      const t = Math.min(EVALUATED, text.length - 1 - from);
      const shape = [1, t];
      const x = { data: text.slice(from, from + t), shape };
      const y = { data: text.slice(from + 1, from + t + 1), shape };
      const next = step(x, y, states[0], states[1]);
      mean.add(await next.losses.data());
      for (const s of [...states, next.losses]) s.release("char-lstm");
      states = next.states;
    }
    for (const s of states) s.release("char-lstm");
    return mean.value;
  };
}

/** Has read nothing; remembers what it read by its states. */
function writer(network: RecurrentLanguageModel): Writer {
  const step = compile((x: Tensor, h: Tensor, c: Tensor) =>
    noGrad(() => {
      const [logits, [nextH, nextC]] = network.forward(x, [h, c]);
      return { logits: narrow(logits, 1, x.size - 1, 1), states: [nextH, nextC] };
    }),
  );
  let states = network.initialStates(1);
  return {
    read: async (tokens) => {
      const next = step({ data: tokens.slice(), shape: [1, tokens.length] }, states[0], states[1]);
      const logits = await next.logits.data();
      for (const s of [...states, next.logits]) s.release("char-lstm");
      states = next.states;
      return logits;
    },
  };
}
