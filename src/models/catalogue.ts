// Every architecture under the name it is known by, at the size of its original, with an input of the usual size.

import { GRU } from "../layers/gru.ts";
import { LSTM } from "../layers/lstm.ts";
import type { Module } from "../layers/module.ts";
import { RNN } from "../layers/rnn.ts";
import type { HostArray } from "../tensor/call_arguments.ts";
import { alexnet } from "./alexnet.ts";
import { bertBase } from "./bert.ts";
import { convnextTiny } from "./convnext.ts";
import { dcganD, dcganG } from "./dcgan.ts";
import { densenet121 } from "./densenet.ts";
import { efficientnetB0 } from "./efficientnet.ts";
import { gpt2, gpt2Mini } from "./gpt2.ts";
import { LeNet } from "./lenet.ts";
import { Mlp } from "./mlp.ts";
import { mobilenetV2 } from "./mobilenet_v2.ts";
import { mobilenetV3Large, mobilenetV3Small } from "./mobilenet_v3.ts";
import { resnet18, resnet34, resnet50, resnet101 } from "./resnet.ts";
import { seResnet18, seResnet50 } from "./se_resnet.ts";
import { squeezenet1_1 } from "./squeezenet.ts";
import { unet } from "./unet.ts";
import { vgg11, vgg16, vgg16Bn, vgg19 } from "./vgg.ts";
import { vitB16 } from "./vit.ts";

export interface CatalogueEntry {
  /** A fresh model with PyTorch's defaults. */
  readonly make: () => Module;
  /** One sample. */
  readonly input: HostArray;
}

const floats = (...shape: number[]): HostArray => ({
  data: new Float32Array(shape.reduce((n, s) => n * s, 1)),
  shape,
});
const ids = (...shape: number[]): HostArray => ({
  data: new Int32Array(shape.reduce((n, s) => n * s, 1)),
  shape,
});

const IMAGE = floats(1, 3, 224, 224);
const STEPS = floats(10, 1, 10); // [t, b, features]
const SENTENCE = 128;
const RECURRENT = [10, 20, { numLayers: 2 }] as const;
const BOTH_WAYS = [10, 20, { numLayers: 2, bidirectional: true }] as const;

const of = (make: () => Module, input = IMAGE): CatalogueEntry => ({ make, input });

/** By name, families together. */
export const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = {
  mlp: of(() => new Mlp([784, 256, 10]), floats(1, 784)),
  lenet: of(() => new LeNet(), floats(1, 1, 28, 28)),
  alexnet: of(alexnet),
  vgg11: of(vgg11),
  vgg16: of(vgg16),
  vgg16_bn: of(vgg16Bn),
  vgg19: of(vgg19),
  resnet18: of(resnet18),
  resnet34: of(resnet34),
  resnet50: of(resnet50),
  resnet101: of(resnet101),
  se_resnet18: of(seResnet18),
  se_resnet50: of(seResnet50),
  efficientnet_b0: of(efficientnetB0),
  mobilenet_v2: of(mobilenetV2),
  mobilenet_v3_small: of(mobilenetV3Small),
  mobilenet_v3_large: of(mobilenetV3Large),
  densenet121: of(densenet121),
  squeezenet1_1: of(squeezenet1_1),
  convnext_tiny: of(convnextTiny),
  unet: of(unet, floats(1, 1, 256, 256)),
  vit_b_16: of(vitB16),
  rnn: of(() => new RNN(...RECURRENT), STEPS),
  lstm: of(() => new LSTM(...RECURRENT), STEPS),
  gru: of(() => new GRU(...RECURRENT), STEPS),
  bilstm: of(() => new LSTM(...BOTH_WAYS), STEPS),
  bigru: of(() => new GRU(...BOTH_WAYS), STEPS),
  gpt2: of(gpt2, ids(1, SENTENCE)),
  gpt2_mini: of(gpt2Mini, ids(1, SENTENCE)),
  bert_base: of(bertBase, ids(1, SENTENCE)),
  dcgan_g: of(dcganG, floats(1, 100, 1, 1)),
  dcgan_d: of(dcganD, floats(1, 3, 64, 64)),
};
