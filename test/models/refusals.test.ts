// Every numeric option of every architecture refuses what it cannot be, at construction, by its own name or that of the layer it makes.
import { beforeAll, describe, expect, test } from "vitest";
import { OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { Transformer } from "../../src/layers/index.ts";
import * as models from "../../src/models/index.ts";
import { skipInit } from "../../src/tensor/parameter.ts";

beforeAll(async () => {
  await requestDevice();
});

type Options = Record<string, unknown>;
/** Sizes are positive integers, rates lie in [0, 1], factors are positive. */
interface Kinds {
  readonly sizes?: readonly string[];
  readonly rates?: readonly string[];
  readonly factors?: readonly string[];
}
type Row = readonly [make: (options: never) => unknown, kinds: Kinds, base?: Options];

const IMAGE = ["numClasses", "inChannels"];
const TOKENS = ["vocab", "length", "d", "layers", "heads", "mlp"];
const GAN = ["inChannels", "imageSize"];

const ROWS: Readonly<Record<string, Row>> = {
  Mlp: [(o: models.MlpOptions) => new models.Mlp([4, 3, 2], o), { rates: ["dropout"] }],
  "Mlp of a size": [({ n }: { n: number }) => new models.Mlp([4, n, 2]), { sizes: ["n"] }],
  LeNet: [(o: models.LeNetOptions) => new models.LeNet(o), { sizes: ["classes"], rates: ["dropout"] }],
  "LeNet of a width": [({ n }: { n: number }) => new models.LeNet({ channels: [n, 3] }), { sizes: ["n"] }],
  AlexNet: [models.alexnet, { sizes: [...IMAGE, "hidden"], rates: ["dropout"] }],
  Vgg: [models.vgg11, { sizes: [...IMAGE, "width", "hidden"], rates: ["dropout"] }],
  ResNet: [models.resnet50, { sizes: [...IMAGE, "width"] }],
  "SE-ResNet": [models.seResnet18, { sizes: [...IMAGE, "width", "reduction", "divisor"] }],
  EfficientNet: [
    models.efficientnetB0,
    { sizes: IMAGE, factors: ["width", "depth"], rates: ["dropout", "stochasticDepth"] },
  ],
  MobileNetV2: [models.mobilenetV2, { sizes: IMAGE, factors: ["width"], rates: ["dropout"] }],
  MobileNetV3: [models.mobilenetV3Large, { sizes: IMAGE, factors: ["width"], rates: ["dropout"] }],
  DenseNet: [
    models.densenet121,
    { sizes: [...IMAGE, "growthRate", "width", "bottleneck"], rates: ["dropout"] },
  ],
  "DenseNet of a depth": [({ n }: { n: number }) => models.densenet121({ layers: [2, n] }), { sizes: ["n"] }],
  SqueezeNet: [models.squeezenet1_1, { sizes: IMAGE, rates: ["dropout"] }],
  ConvNeXt: [models.convnextTiny, { sizes: IMAGE, rates: ["stochasticDepth"] }],
  "ConvNeXt of a width": [
    ({ n }: { n: number }) => models.convnextTiny({ widths: [8, n], depths: [1, 1] }),
    { sizes: ["n"] },
  ],
  "ConvNeXt of a depth": [
    ({ n }: { n: number }) => models.convnextTiny({ widths: [8, 8], depths: [1, n] }),
    { sizes: ["n"] },
  ],
  Unet: [models.unet, { sizes: [...IMAGE, "width", "depth", "dimensions"] }],
  VisionTransformer: [
    models.vitB16,
    {
      sizes: [...IMAGE, "imageSize", "patchSize", "layers", "heads", "d", "mlp"],
      rates: ["dropout", "attentionDropout"],
    },
  ],
  Gpt2: [models.gpt2, { sizes: TOKENS, rates: ["embeddingDropout", "attentionDropout", "residualDropout"] }],
  Bert: [models.bertBase, { sizes: [...TOKENS, "tokenTypes"], rates: ["dropout", "attentionDropout"] }],
  BertForMaskedLM: [(o: models.BertOptions) => new models.BertForMaskedLM(o), { sizes: TOKENS }],
  BertForSequenceClassification: [
    (o: models.BertClassifierOptions) => new models.BertForSequenceClassification(o),
    { sizes: [...TOKENS, "numClasses"], rates: ["dropout", "classifierDropout"] },
  ],
  Transformer: [
    (o: object) => new Transformer(o),
    {
      sizes: ["dModel", "numHeads", "numEncoderLayers", "numDecoderLayers", "dimFeedforward"],
      rates: ["dropout"],
    },
  ],
  RecurrentClassifier: [
    (o: models.RecurrentClassifierOptions) => new models.RecurrentClassifier(o),
    { sizes: ["inputs", "numClasses", "vocab", "hidden", "layers"], rates: ["dropout"] },
    { inputs: 3, numClasses: 2 },
  ],
  RecurrentLanguageModel: [
    (o: models.RecurrentLanguageModelOptions) => new models.RecurrentLanguageModel(o),
    { sizes: ["vocab", "d", "hidden", "layers"], rates: ["dropout"] },
    { vocab: 5 },
  ],
  Seq2Seq: [
    (o: models.Seq2SeqOptions) => new models.Seq2Seq(o),
    { sizes: ["sourceVocab", "targetVocab", "d", "hidden", "layers"], rates: ["dropout"] },
    { sourceVocab: 5, targetVocab: 5 },
  ],
  CnnRnn: [
    (o: models.CnnRnnOptions) => new models.CnnRnn(o),
    { sizes: ["inChannels", "numClasses", "kernelSize", "hidden", "layers"], rates: ["dropout"] },
    { inChannels: 2, numClasses: 2 },
  ],
  CnnTransformer: [
    (o: models.CnnTransformerOptions) => new models.CnnTransformer(o),
    { sizes: [...IMAGE, "imageSize", "convolutions", "d", "heads", "layers", "mlp"], rates: ["dropout"] },
  ],
  DcganGenerator: [models.dcganG, { sizes: [...GAN, "nz", "ngf"] }],
  DcganDiscriminator: [models.dcganD, { sizes: [...GAN, "ndf"] }],
  ConditionalGenerator: [
    (o: models.ConditionalGeneratorOptions) => new models.ConditionalGenerator(o),
    { sizes: [...GAN, "nz", "ngf", "numClasses", "classDim"] },
  ],
  ProjectionDiscriminator: [
    (o: models.ProjectionDiscriminatorOptions) => new models.ProjectionDiscriminator(o),
    { sizes: [...GAN, "ndf", "numClasses"] },
  ],
  WganCritic: [(o: models.WganCriticOptions) => new models.WganCritic(o), { sizes: [...GAN, "ndf"] }],
  ToyGenerator: [
    (o: models.ToyGeneratorOptions) => new models.ToyGenerator(o),
    { sizes: ["nz", "dimensions", "hidden", "layers"] },
  ],
  ToyDiscriminator: [
    (o: models.ToyGanOptions) => new models.ToyDiscriminator(o),
    { sizes: ["dimensions", "hidden", "layers"] },
  ],
};

const WRONG = {
  sizes: [-1, 0, 1.5, Number.NaN, "3"],
  rates: [-0.1, 1.5, Number.NaN, "0.5"],
  factors: [-1, 0, Number.NaN, "1"],
} as const;

describe.each(Object.entries(ROWS))("%s", (_, [make, kinds, base = {}]) => {
  const cases = Object.entries(kinds).flatMap(([kind, keys]: [string, readonly string[]]) =>
    keys.map((key) => [key, WRONG[kind as keyof Kinds]] as const),
  );
  test.each(cases)("%s", (key, values) => {
    for (const value of values) {
      const build = () => skipInit(() => make({ ...base, [key]: value } as never));
      expect(build, String(value)).toThrow(OptionError);
    }
  });
});
