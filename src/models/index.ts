// The namespace `models`, listed by hand.

export { AlexNet, type AlexNetOptions, alexnet } from "./alexnet.ts";
export {
  BERT_MEDIUM,
  BERT_MINI,
  BERT_SMALL,
  BERT_TINY,
  Bert,
  type BertInputs,
  type BertOptions,
  bertBase,
  bertMedium,
  bertMini,
  bertSmall,
  bertTiny,
} from "./bert.ts";
export { type BertClassifierOptions, BertForMaskedLM, BertForSequenceClassification } from "./bert_heads.ts";
export { CnnRnn, type CnnRnnOptions, cnnBigru, cnnBilstm, cnnGru, cnnLstm } from "./cnn_rnn.ts";
export { CnnTransformer, type CnnTransformerOptions } from "./cnn_transformer.ts";
export {
  ConditionalGenerator,
  type ConditionalGeneratorOptions,
  ProjectionDiscriminator,
  type ProjectionDiscriminatorOptions,
} from "./conditional_gan.ts";
export { ConvNeXt, type ConvNeXtOptions, convnextTiny } from "./convnext.ts";
export {
  DcganDiscriminator,
  type DcganDiscriminatorOptions,
  DcganGenerator,
  type DcganGeneratorOptions,
  dcganD,
  dcganG,
} from "./dcgan.ts";
export { DenseNet, type DenseNetOptions, densenet121 } from "./densenet.ts";
export { EfficientNet, type EfficientNetOptions, efficientnetB0 } from "./efficientnet.ts";
export { distilGpt2, Gpt2, type Gpt2Inputs, type Gpt2Options, gpt2, gpt2Mini } from "./gpt2.ts";
export { huggingFaceKeys } from "./hugging_face.ts";
export { KERAS_MOBILENET_V2, kerasMobilenetV2 } from "./keras_mobilenet_v2.ts";
export { LeNet, type LeNetOptions } from "./lenet.ts";
export { Mlp, type MlpOptions } from "./mlp.ts";
export { MobileNetV2, type MobileNetV2Options, mobilenetV2 } from "./mobilenet_v2.ts";
export {
  MobileNetV3,
  type MobileNetV3Options,
  mobilenetV3Large,
  mobilenetV3Small,
} from "./mobilenet_v3.ts";
export { RecurrentClassifier, type RecurrentClassifierOptions } from "./recurrent_classifier.ts";
export { RecurrentLanguageModel, type RecurrentLanguageModelOptions } from "./recurrent_language_model.ts";
export { ResNet, type ResNetOptions, resnet18, resnet34, resnet50, resnet101 } from "./resnet.ts";
export { type SeResNetOptions, seResnet18, seResnet50 } from "./se_resnet.ts";
export {
  type AttentionKind,
  type GreedyOptions,
  Seq2Seq,
  type Seq2SeqCall,
  type Seq2SeqOptions,
  type Seq2SeqOutput,
  type Translation,
} from "./seq2seq.ts";
export { SqueezeNet, type SqueezeNetOptions, squeezenet1_1 } from "./squeezenet.ts";
export { ToyDiscriminator, type ToyGanOptions, ToyGenerator, type ToyGeneratorOptions } from "./toy_gan.ts";
export { Unet, type UnetDimensions, type UnetOptions, unet } from "./unet.ts";
export { Vgg, type VggOptions, vgg11, vgg16, vgg16Bn, vgg19 } from "./vgg.ts";
export { VisionTransformer, type VisionTransformerOptions, vitB16, vitS16, vitTi16 } from "./vit.ts";
export { WganCritic, type WganCriticOptions } from "./wgan_critic.ts";
