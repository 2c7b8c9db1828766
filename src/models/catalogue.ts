// Every architecture under the name it is known by, at the size of its original, with inputs of the usual size.

import { GRU } from "../layers/gru.ts";
import { LSTM } from "../layers/lstm.ts";
import type { Module } from "../layers/module.ts";
import { RNN } from "../layers/rnn.ts";
import { Transformer, TransformerDecoder, TransformerEncoder } from "../layers/transformer.ts";
import { TransformerDecoderLayer } from "../layers/transformer_decoder_layer.ts";
import { TransformerEncoderLayer } from "../layers/transformer_encoder_layer.ts";
import type { HostArray } from "../tensor/call_arguments.ts";
import { alexnet } from "./alexnet.ts";
import { bertBase, bertMedium, bertMini, bertSmall, bertTiny } from "./bert.ts";
import { BertForMaskedLM, BertForSequenceClassification } from "./bert_heads.ts";
import { cnnBigru, cnnBilstm, cnnGru, cnnLstm } from "./cnn_rnn.ts";
import { CnnTransformer } from "./cnn_transformer.ts";
import { ConditionalGenerator, ProjectionDiscriminator } from "./conditional_gan.ts";
import { convnextTiny } from "./convnext.ts";
import { dcganD, dcganG } from "./dcgan.ts";
import { densenet121 } from "./densenet.ts";
import { efficientnetB0 } from "./efficientnet.ts";
import { distilGpt2, gpt2, gpt2Mini } from "./gpt2.ts";
import { LeNet } from "./lenet.ts";
import { Mlp } from "./mlp.ts";
import { mobilenetV2 } from "./mobilenet_v2.ts";
import { mobilenetV3Large, mobilenetV3Small } from "./mobilenet_v3.ts";
import { RecurrentClassifier } from "./recurrent_classifier.ts";
import { RecurrentLanguageModel } from "./recurrent_language_model.ts";
import { resnet18, resnet34, resnet50, resnet101 } from "./resnet.ts";
import { seResnet18, seResnet50 } from "./se_resnet.ts";
import { type AttentionKind, Seq2Seq } from "./seq2seq.ts";
import { squeezenet1_1 } from "./squeezenet.ts";
import { ToyDiscriminator, ToyGenerator } from "./toy_gan.ts";
import { unet } from "./unet.ts";
import { vgg11, vgg16, vgg16Bn, vgg19 } from "./vgg.ts";
import { vitB16, vitS16, vitTi16 } from "./vit.ts";
import { WganCritic } from "./wgan_critic.ts";

export interface CatalogueEntry {
  /** A fresh model with PyTorch's defaults. */
  readonly make: () => Module;
  /** What its forward takes of one sample. */
  readonly inputs: readonly HostArray[];
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
const SENTENCE = ids(1, 128);
const WIDE = floats(128, 1, 512); // [t, b, d]
const MOTION = { inChannels: 6, numClasses: 4 }; // of a sensor at a wrist
const SENSORS = floats(1, 6, 100);
const GAN = [floats(1, 100), ids(1)]; // z, class
const PICTURE = floats(1, 3, 64, 64);
const RECURRENT = [10, 20, { numLayers: 2 }] as const;
const BOTH_WAYS = [10, 20, { numLayers: 2, bidirectional: true }] as const;
const TRANSFORMER = [512, 8] as const; // torch.nn.Transformer's defaults, six layers
const VOCAB = 10_000; // of models whose original had no one vocabulary

const of = (make: () => Module, ...inputs: HostArray[]): CatalogueEntry => ({ make, inputs });
const image = (make: () => Module): CatalogueEntry => of(make, IMAGE);
const signal = (make: (options: typeof MOTION) => Module) => of(() => make(MOTION), SENSORS);
const translator = (attention: AttentionKind) =>
  of(() => new Seq2Seq({ sourceVocab: VOCAB, targetVocab: VOCAB, attention }), ids(1, 16), ids(1, 16));

/** By name, families together. */
export const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = {
  mlp: of(() => new Mlp([784, 256, 10]), floats(1, 784)),
  lenet: of(() => new LeNet(), floats(1, 1, 28, 28)),
  alexnet: image(alexnet),
  vgg11: image(vgg11),
  vgg16: image(vgg16),
  vgg16_bn: image(vgg16Bn),
  vgg19: image(vgg19),
  resnet18: image(resnet18),
  resnet34: image(resnet34),
  resnet50: image(resnet50),
  resnet101: image(resnet101),
  se_resnet18: image(seResnet18),
  se_resnet50: image(seResnet50),
  efficientnet_b0: image(efficientnetB0),
  mobilenet_v2: image(mobilenetV2),
  mobilenet_v3_small: image(mobilenetV3Small),
  mobilenet_v3_large: image(mobilenetV3Large),
  densenet121: image(densenet121),
  squeezenet1_1: image(squeezenet1_1),
  convnext_tiny: image(convnextTiny),
  unet: of(unet, floats(1, 1, 256, 256)),
  unet_1d: of(() => unet({ dimensions: 1 }), floats(1, 1, 1024)),
  unet_3d: of(() => unet({ dimensions: 3, width: 16, depth: 3 }), floats(1, 1, 32, 32, 32)),
  vit_b_16: image(vitB16),
  vit_s_16: image(vitS16),
  vit_ti_16: image(vitTi16),
  rnn: of(() => new RNN(...RECURRENT), STEPS),
  lstm: of(() => new LSTM(...RECURRENT), STEPS),
  gru: of(() => new GRU(...RECURRENT), STEPS),
  bilstm: of(() => new LSTM(...BOTH_WAYS), STEPS),
  bigru: of(() => new GRU(...BOTH_WAYS), STEPS),
  lstm_classifier: of(() => new RecurrentClassifier({ inputs: 64, vocab: VOCAB, numClasses: 2 }), SENTENCE),
  lstm_language_model: of(() => new RecurrentLanguageModel({ vocab: VOCAB }), SENTENCE),
  seq2seq_additive: translator("additive"),
  seq2seq_multiplicative: translator("multiplicative"),
  transformer_encoder: of(
    () => new TransformerEncoder(() => new TransformerEncoderLayer(...TRANSFORMER), 6),
    WIDE,
  ),
  transformer_decoder: of(
    () => new TransformerDecoder(() => new TransformerDecoderLayer(...TRANSFORMER), 6),
    WIDE,
    WIDE,
  ),
  transformer: of(() => new Transformer(), WIDE, WIDE),
  gpt2: of(gpt2, SENTENCE),
  distilgpt2: of(distilGpt2, SENTENCE),
  gpt2_mini: of(gpt2Mini, SENTENCE),
  bert_base: of(bertBase, SENTENCE),
  bert_medium: of(bertMedium, SENTENCE),
  bert_small: of(bertSmall, SENTENCE),
  bert_mini: of(bertMini, SENTENCE),
  bert_tiny: of(bertTiny, SENTENCE),
  bert_masked_lm: of(() => new BertForMaskedLM(), SENTENCE),
  bert_classifier: of(() => new BertForSequenceClassification(), SENTENCE),
  cnn_lstm: signal(cnnLstm),
  cnn_bilstm: signal(cnnBilstm),
  cnn_gru: signal(cnnGru),
  cnn_bigru: signal(cnnBigru),
  cnn_transformer: of(() => new CnnTransformer(), floats(1, 3, 32, 32)),
  dcgan_g: of(dcganG, floats(1, 100, 1, 1)),
  dcgan_d: of(dcganD, PICTURE),
  conditional_g: of(() => new ConditionalGenerator(), ...GAN),
  conditional_d: of(() => new ProjectionDiscriminator(), PICTURE, ids(1)),
  wgan_critic: of(() => new WganCritic(), PICTURE),
  toy_g: of(() => new ToyGenerator(), floats(1, 2)),
  toy_d: of(() => new ToyDiscriminator(), floats(1, 2)),
};
