// The models that make_transformers.py measures, by its names, and what they are called with.

import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { reshape } from "../../src/kernels/reshape.ts";
import { LayerNorm } from "../../src/layers/layer_norm.ts";
import type { Module } from "../../src/layers/module.ts";
import { Transformer, TransformerEncoder } from "../../src/layers/transformer.ts";
import { TransformerEncoderLayer } from "../../src/layers/transformer_encoder_layer.ts";
import * as models from "../../src/models/index.ts";
import { tensor } from "../../src/tensor/create.ts";
import { skipInit } from "../../src/tensor/parameter.ts";
import { numel } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { goldenFile } from "../golden/load.ts";
import { labels, picture, words } from "./formula.ts";
import type { GoldenRun } from "./run.ts";

type Options = Readonly<Record<string, number | boolean | string>>;
type Shape = readonly number[];

interface Inputs {
  readonly picture?: Shape;
  /** [b, t] */
  readonly ids?: Shape;
  readonly below?: number;
  /** [s, t, b, d]; t = 0: no second one. */
  readonly sequences?: Shape;
}

interface Described {
  readonly case: string;
  readonly model: string;
  readonly options: Options;
  readonly inputs: Inputs;
  readonly classes: number;
}

/** A model without dropout, and its result for the inputs of a case. */
export interface Built {
  readonly model: Module;
  readonly forward: (...inputs: Tensor[]) => Tensor;
}

const OFF = { dropout: 0, attentionDropout: 0, embeddingDropout: 0, residualDropout: 0 };

function built<M extends Module>(
  model: M,
  forward: (model: M, x: Tensor, ...more: Tensor[]) => Tensor,
): Built {
  return { model, forward: (...inputs) => forward(model, ...(inputs as [Tensor, ...Tensor[]])) };
}

const bertInputs = (attentionMask: Tensor, tokenTypeIds: Tensor) => ({ attentionMask, tokenTypeIds });

/** By the name in make_transformers.py. */
export const MODELS: Record<string, (options: Options) => Built> = {
  vit: (o) => built(models.vitB16({ ...o, ...OFF }), (net, x) => net.forward(x)),
  gpt2: (o) =>
    built(models.gpt2({ ...o, ...OFF }), (net, ids, attentionMask) => net.forward(ids, { attentionMask })),
  bert: (o) =>
    built(
      models.bertBase({ ...o, ...OFF }),
      (net, ids, m, types) => net.forward(ids, bertInputs(m, types)).pooled!,
    ),
  bert_mlm: (o) =>
    built(new models.BertForMaskedLM({ ...o, ...OFF }), (net, ids, m, types) =>
      net.forward(ids, bertInputs(m, types)),
    ),
  bert_classifier: (o) =>
    built(new models.BertForSequenceClassification({ ...o, ...OFF }), (net, ids, m, types) =>
      net.forward(ids, bertInputs(m, types)),
    ),
  transformer: (o) =>
    built(
      new Transformer({
        ...o,
        ...OFF,
        numEncoderLayers: o.layers as number,
        numDecoderLayers: o.layers as number,
      }),
      (net, src, tgt, padding) =>
        net.forward(src, tgt, {
          tgtIsCausal: true,
          srcKeyPaddingMask: padding,
          memoryKeyPaddingMask: padding,
        }),
    ),
  encoder: (o) =>
    built(
      new TransformerEncoder(
        () => new TransformerEncoderLayer(o.dModel as number, o.numHeads as number, { ...o, ...OFF }),
        o.layers as number,
        { norm: o.normFirst ? new LayerNorm(o.dModel as number) : null },
      ),
      (net, src, srcKeyPaddingMask) => net.forward(src, { srcKeyPaddingMask }),
    ),
};

/** PyTorch's names of options that wgrad names otherwise. */
const NAMES: Record<string, string> = {
  image_size: "imageSize",
  patch_size: "patchSize",
  num_classes: "numClasses",
  norm_first: "normFirst",
  batch_first: "batchFirst",
  ff: "dimFeedforward",
};
const TORCH_NAMES: Record<string, string> = { ...NAMES, d: "dModel", heads: "numHeads" };

export function readRun(file: string): GoldenRun {
  const { tensors, metadata } = goldenFile(`../parity/transformers/${file}`);
  const described = JSON.parse(metadata.case!) as Described;
  const { case: name, model, options, classes } = described;
  const names = ["transformer", "encoder"].includes(model) ? TORCH_NAMES : NAMES;
  const mine = Object.fromEntries(Object.entries(options).map(([k, v]) => [names[k] ?? k, v]));
  return {
    name,
    ...skipInit(() => MODELS[model]!(mine)),
    inputs: inputsOf(described),
    targets: (logits) => targets(described, numel(logits) / classes),
    loss: (logits, y) => crossEntropy(reshape(logits, [-1, classes]), y),
    training: true,
    rates: { sgd: 0.02, adamw: 1e-3 },
    part: (part) => tensors.get(`${name}/${part}`),
  };
}

/** bool [b, t]: row i ends in 2 i tokens of padding; true there, or, of `readable`, elsewhere. */
function padding([b, t]: Shape, readable: boolean): Tensor {
  const at = (i: number) => i % t < t - 2 * Math.floor(i / t) === readable;
  return tensor(
    Array.from({ length: b * t }, (_, i) => at(i)),
    { shape: [b, t], dtype: "bool" },
  );
}

function noise(name: string, shape: Shape): Tensor {
  const count = shape.reduce((n, s) => n * s, 1);
  const values = Float32Array.from(words(name, count), (w) => Math.sqrt(3) * ((w >>> 8) * 2 ** -23 - 1));
  return tensor(values, { shape });
}

function inputsOf({ case: name, model, options, inputs }: Described): Tensor[] {
  if (inputs.picture) return [tensor(picture(`${name} x`, inputs.picture).data, { shape: inputs.picture })];
  if (inputs.ids) {
    const shape = inputs.ids;
    const drawn = (what: string, below: number) =>
      tensor(labels(`${name} ${what}`, shape[0] * shape[1], below), { shape });
    const types = model === "gpt2" ? [] : [drawn("types", 2)];
    return [drawn("x", inputs.below!), padding(shape, true), ...types];
  }
  const [s, t, b, d] = inputs.sequences!;
  const src = noise(`${name} src`, options.batch_first ? [b, s, d] : [s, b, d]);
  return [src, ...(t ? [noise(`${name} tgt`, [t, b, d])] : []), padding([b, s], false)];
}

function targets({ case: name, model, classes }: Described, rows: number): Tensor {
  const y = labels(`${name} y`, rows, classes);
  return tensor(model === "bert_mlm" ? y.map((label, i) => (i % 4 === 0 ? label : -100)) : y);
}
