// Every architecture for sequences, for pixels and every network of the GANs trains: small ones of each. What is asked: trained.ts.
// The others: training_cnns.test.ts.
import { beforeAll, expect, test } from "vitest";
import { mse } from "../../src/functional/loss.ts";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { add } from "../../src/kernels/binary.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { transpose } from "../../src/kernels/permute.ts";
import * as nn from "../../src/layers/index.ts";
import { CATALOGUE } from "../../src/models/catalogue.ts";
import * as models from "../../src/models/index.ts";
import { CNN_TASKS, PICTURE_TASKS } from "./image_tasks.ts";
import { checkTrains, classes, numbers, type Task, task, tokens } from "./trained.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

const RECURRENT = [4, 6, { numLayers: 2 }] as const;
const BOTH_WAYS = [4, 6, { numLayers: 2, bidirectional: true }] as const;
const recurrent = (make: () => nn.Module, width = 6) => numbers(make, [5, 3, 4], [5, 3, width]);

const SIGNAL = { inChannels: 2, numClasses: 3, widths: [4, 6], hidden: 5 };
const signal = (make: (o: typeof SIGNAL) => nn.Module) => classes(() => make(SIGNAL), 3, 4, 2, 16);

const translator = (attention: models.AttentionKind): Task =>
  task({
    make: () => new models.Seq2Seq({ sourceVocab: 7, targetVocab: 5, d: 4, hidden: 6, attention }),
    batch: (draw) => [draw.ids(7, 2, 4), draw.ids(5, 2, 3), draw.ids(4, 2, 3)],
    loss: (model, source, target, next) =>
      crossEntropy(transpose(model.forward(source, target).logits, 1, 2), next),
    lr: 1e-2,
  });

const LAYER = { dimFeedforward: 24, dropout: 0 };
const WIDE = [5, 2, 16]; // [t, b, d]

const SIZES = { vocab: 11, length: 8, d: 16, heads: 2, layers: 2, dropout: 0, attentionDropout: 0 };
const GPT = { ...SIZES, embeddingDropout: 0, residualDropout: 0 };
/** What has no part in the loss, or, a key's bias, shifts all scores of a softmax alike. */
const KEY_BIAS = /key\.bias$/;

const bert = (make: () => models.Bert): Task =>
  task({
    make,
    batch: (draw) => [draw.ids(11, 2, 6), draw.ids(2, 2, 6), draw.real(2, 6, 16), draw.real(2, 16)],
    loss: (model, ids, tokenTypeIds, hidden, pooled) => {
      const y = model.forward(ids, { tokenTypeIds });
      return add(mse(y.hidden, hidden), mse(y.pooled!, pooled));
    },
    still: KEY_BIAS,
  });

const SEQUENCE_TASKS: Readonly<Record<string, Task>> = {
  rnn: recurrent(() => new nn.RNN(...RECURRENT)),
  lstm: recurrent(() => new nn.LSTM(...RECURRENT)),
  gru: recurrent(() => new nn.GRU(...RECURRENT)),
  bilstm: recurrent(() => new nn.LSTM(...BOTH_WAYS), 12),
  bigru: recurrent(() => new nn.GRU(...BOTH_WAYS), 12),
  lstm_classifier: task({
    make: () => new models.RecurrentClassifier({ inputs: 4, vocab: 7, numClasses: 3, hidden: 5 }),
    batch: (draw) => [draw.ids(7, 3, 5), draw.ids(3, 3)],
    loss: (model, x, y) => crossEntropy(model.forward(x), y),
  }),
  lstm_language_model: task({
    make: () => new models.RecurrentLanguageModel({ vocab: 7, d: 4, hidden: 6 }),
    batch: (draw) => [draw.ids(7, 2, 5), draw.ids(7, 2, 5)],
    loss: (model, x, y) => crossEntropy(transpose(model.forward(x)[0], 1, 2), y),
  }),
  seq2seq_additive: translator("additive"),
  seq2seq_multiplicative: translator("multiplicative"),
  transformer_encoder: numbers(
    () => new nn.TransformerEncoder(() => new nn.TransformerEncoderLayer(16, 2, LAYER), 2),
    WIDE,
    WIDE,
  ),
  transformer_decoder: numbers(
    () =>
      new nn.TransformerDecoder(
        () => new nn.TransformerDecoderLayer(16, 2, { ...LAYER, normFirst: true }),
        2,
      ),
    WIDE,
    WIDE,
    WIDE,
  ),
  transformer: numbers(
    () => new nn.Transformer({ ...LAYER, dModel: 16, numHeads: 2, numEncoderLayers: 1, numDecoderLayers: 1 }),
    WIDE,
    WIDE,
    WIDE,
  ),
  gpt2: tokens(() => models.gpt2(GPT), 11),
  distilgpt2: tokens(() => models.distilGpt2(GPT), 11),
  gpt2_mini: tokens(() => models.gpt2Mini(GPT), 11),
  bert_base: bert(() => models.bertBase(SIZES)),
  bert_medium: bert(() => models.bertMedium(SIZES)),
  bert_small: bert(() => models.bertSmall(SIZES)),
  bert_mini: bert(() => models.bertMini(SIZES)),
  bert_tiny: bert(() => models.bertTiny(SIZES)),
  bert_masked_lm: { ...tokens(() => new models.BertForMaskedLM(SIZES), 11), still: KEY_BIAS },
  bert_classifier: {
    ...task({
      make: () => new models.BertForSequenceClassification({ ...SIZES, numClasses: 3 }),
      batch: (draw) => [draw.ids(11, 3, 6), draw.ids(3, 3)],
      loss: (model, x, y) => crossEntropy(model.forward(x), y),
    }),
    still: KEY_BIAS,
  },
  cnn_lstm: signal(models.cnnLstm),
  cnn_bilstm: signal(models.cnnBilstm),
  cnn_gru: signal(models.cnnGru),
  cnn_bigru: signal(models.cnnBigru),
};

const TASKS = { ...PICTURE_TASKS, ...SEQUENCE_TASKS };

test("with the other file, every architecture of the catalogue", () => {
  const trained = Object.keys({ ...CNN_TASKS, ...TASKS });
  expect(trained.sort()).toEqual(Object.keys(CATALOGUE).sort());
});

test.each(Object.entries(TASKS))("%s", (_, t) => checkTrains(t, device));
