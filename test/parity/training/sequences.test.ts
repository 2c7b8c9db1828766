// Recurrent networks, sequence to sequence, hybrids: what sequences.py recorded. What they refuse: test/layers/sequence_models.test.ts.

import { beforeAll, describe, test } from "vitest";
import { mse } from "../../../src/functional/loss.ts";
import { requestDevice } from "../../../src/hosts/node.ts";
import { cat } from "../../../src/kernels/concat.ts";
import { crossEntropy } from "../../../src/kernels/cross_entropy.ts";
import { transpose } from "../../../src/kernels/permute.ts";
import { GRU } from "../../../src/layers/gru.ts";
import { LSTM } from "../../../src/layers/lstm.ts";
import type { Module } from "../../../src/layers/module.ts";
import type { RecurrentCall } from "../../../src/layers/recurrent.ts";
import { RNN } from "../../../src/layers/rnn.ts";
import * as models from "../../../src/models/index.ts";
import type { Cell } from "../../../src/models/recurrent_stack.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { checkCurve, checkNumbers, type Draw, type Inputs, readCases, type Spec } from "./training.ts";

beforeAll(async () => {
  await requestDevice();
});

type AnySpec = Spec<Readonly<Record<string, Module>>>;
const spec = <M extends Module>(s: Spec<{ readonly model: M }>): AnySpec => s as unknown as AnySpec;

const LENGTHS = [5, 7, 3];
const lengths = () => tensor(LENGTHS, { dtype: "i32" });

/** torch.nn's own, 2 layers, 10 -> 20. */
function recurrence(Layer: typeof RNN | typeof LSTM | typeof GRU, bidirectional: boolean): AnySpec {
  return spec({
    nets: () => ({ model: new Layer(10, 20, { numLayers: 2, bidirectional }) as RNN }),
    inputs: (x) => ({ x: x.real("x", 6, 3, 10), y: x.real("y", 6, 3, bidirectional ? 40 : 20) }),
    outputs: ({ model }, { x }) => {
      const [y, state] = model.forward(x) as [Tensor, Tensor | Tensor[]];
      return { y, ...(Array.isArray(state) ? { h: state[0], c: state[1] } : { h: state }) };
    },
    losses: { model: ({ model }, { x, y }) => mse(model.forward(x)[0], y) },
  });
}

function classified<M extends Module & { forward(x: Tensor, call?: RecurrentCall): Tensor }>(
  make: () => M,
  inputs: (x: Draw) => Inputs,
): AnySpec {
  const logits = (model: M, x: Inputs) => model.forward(x.x, x.lengths ? { lengths: x.lengths } : undefined);
  return spec({
    nets: () => ({ model: make() }),
    inputs,
    outputs: ({ model }, x) => ({ logits: logits(model, x) }),
    losses: { model: ({ model }, x) => crossEntropy(logits(model, x), x.label) },
  });
}

function language(cell: Cell): AnySpec {
  const both = (model: models.RecurrentLanguageModel, x: Inputs) => {
    const [first, states] = model.forward(x.ids);
    const [second, ends] = model.forward(x.more, states);
    return { first, second, ends };
  };
  return spec({
    nets: () => ({
      model: new models.RecurrentLanguageModel({ vocab: 17, d: 8, cell, hidden: 12, layers: 2 }),
    }),
    inputs: (x) => ({
      ids: x.ids("ids", 17, 3, 5),
      more: x.ids("more", 17, 3, 5),
      label: x.ids("label", 17, 3, 10),
    }),
    outputs: ({ model }, x) => {
      const { first, second, ends } = both(model, x);
      return { first, second, h: ends[0], ...(ends[1] && { c: ends[1] }) };
    },
    losses: {
      model: ({ model }, x) => {
        const { first, second } = both(model, x);
        return crossEntropy(transpose(cat([first, second], 1), 1, 2), x.label);
      },
    },
  });
}

const GREEDY_STEPS = 6;

function translation(attention: models.AttentionKind, layers: number, bidirectional: boolean): AnySpec {
  const options = { sourceVocab: 11, targetVocab: 13, d: 6, hidden: 8, layers, bidirectional, attention };
  return spec({
    nets: () => ({ model: new models.Seq2Seq(options) }),
    inputs: (x) => {
      const target = x.numbers("target", 13, 3, 4).map((id, i) => (i % 4 === 0 ? 0 : id));
      return {
        source: x.ids("source", 11, 3, 7),
        target: tensor(target, { shape: [3, 4] }),
        label: x.ids("label", 13, 3, 4),
        lengths: lengths(),
      };
    },
    outputs: ({ model }, x) => ({ ...model.forward(x.source, x.target, { lengths: x.lengths }) }),
    later: async ({ model }, x) => {
      const call = { start: 0, end: -1, maxLength: GREEDY_STEPS, lengths: x.lengths };
      const found = await model.translate(x.source, call);
      return { tokens: Int32Array.from(found.flatMap(({ tokens }) => tokens)) };
    },
    losses: {
      model: ({ model }, x) => {
        const { logits } = model.forward(x.source, x.target, { lengths: x.lengths });
        return crossEntropy(transpose(logits, 1, 2), x.label);
      },
    },
  });
}

const signal = (x: Draw): Inputs => ({ x: x.real("x", 4, 3, 32), label: x.ids("label", 4, 4) });
const SIGNAL = { inChannels: 3, numClasses: 4, widths: [8, 12], hidden: 10 };

const features = (cell: Cell): AnySpec =>
  classified(
    () => new models.RecurrentClassifier({ inputs: 6, numClasses: 3, hidden: 8, cell }),
    (x) => ({ x: x.real("x", 4, 7, 6), label: x.ids("label", 3, 4) }),
  );

const SPECS: Readonly<Record<string, AnySpec>> = {
  rnn: recurrence(RNN, false),
  birnn: recurrence(RNN, true),
  lstm: recurrence(LSTM, false),
  bilstm: recurrence(LSTM, true),
  gru: recurrence(GRU, false),
  bigru: recurrence(GRU, true),
  classifier_lstm: classified(
    () =>
      new models.RecurrentClassifier({
        inputs: 6,
        numClasses: 3,
        vocab: 11,
        hidden: 8,
        layers: 2,
        bidirectional: true,
      }),
    (x) => ({ x: x.ids("x", 11, 3, 7), lengths: lengths(), label: x.ids("label", 3, 3) }),
  ),
  classifier_gru: features("GRU"),
  classifier_rnn: features("RNN"),
  language_lstm: language("LSTM"),
  language_gru: language("GRU"),
  seq2seq_additive: translation("additive", 2, true),
  seq2seq_multiplicative: translation("multiplicative", 1, true),
  seq2seq_plain: translation("multiplicative", 2, false),
  cnn_lstm: classified(() => models.cnnLstm(SIGNAL), signal),
  cnn_bilstm: classified(() => models.cnnBilstm(SIGNAL), signal),
  cnn_gru: classified(() => models.cnnGru(SIGNAL), signal),
  cnn_bigru: classified(() => models.cnnBigru(SIGNAL), signal),
  cnn_transformer: classified(
    () => new models.CnnTransformer({ numClasses: 5, imageSize: 16, d: 16, heads: 2, layers: 2 }),
    (x) => ({ x: x.real("x", 4, 3, 16, 16), label: x.ids("label", 5, 4) }),
  ),
};

describe.each(readCases("sequences.safetensors").map((c) => [c.name, c] as const))("%s", (name, golden) => {
  test("names, outputs, loss, gradients, statistics", () => checkNumbers(golden, SPECS[name]));
  test.each(["sgd", "adamw"] as const)("the steps of %s", (which) => checkCurve(golden, SPECS[name], which));
});
