// The namespace `nn`, listed by hand.

export {
  ELU,
  GELU,
  LeakyReLU,
  LogSoftmax,
  ReLU,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Tanh,
} from "./activation.ts";
export {
  CELU,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LogSigmoid,
  Mish,
  PReLU,
  type PReLUOptions,
  ReLU6,
  SELU,
  Softsign,
} from "./activation_hard.ts";
export { AdaptiveAvgPool2d, AdaptiveMaxPool2d } from "./adaptive_pooling.ts";
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from "./batch_norm.ts";
export { Conv1d, Conv3d, type ConvNdOptions } from "./conv_nd.ts";
export type { PaddingMode } from "./conv_padding.ts";
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
} from "./conv_transpose.ts";
export { Conv2d, type Conv2dOptions } from "./conv2d.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export { FeatureExtractor } from "./feature_extractor.ts";
export { Flatten, Identity } from "./flatten.ts";
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormLayerOptions,
} from "./group_norm.ts";
export { GRU, GRUCell, type GRUOptions } from "./gru.ts";
export * as init from "./init.ts";
export { LayerNorm, type LayerNormOptions } from "./layer_norm.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { LSTM, LSTMCell, type LSTMOptions, type LSTMState } from "./lstm.ts";
export { Module } from "./module.ts";
export type { ForwardHook, HookHandle } from "./module_path.ts";
export {
  MultiheadAttention,
  type MultiheadAttentionOptions,
  type MultiheadForwardOptions,
} from "./multihead_attention.ts";
export {
  CircularPad2d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  type Pads,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad2d,
} from "./padding.ts";
export { AvgPool2d, MaxPool2d } from "./pooling.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool3d,
  AvgPool1d,
  AvgPool3d,
  LPPool1d,
  LPPool2d,
  LPPool3d,
  MaxPool1d,
  MaxPool3d,
} from "./pooling_nd.ts";
export type { RecurrentCall } from "./recurrent.ts";
export type { RecurrentCellOptions } from "./recurrent_cell.ts";
export { ChannelShuffle, Fold, PixelShuffle, PixelUnshuffle, Unfold, Upsample } from "./resizing.ts";
export { LocalResponseNorm, RMSNorm, type RMSNormOptions } from "./rms_norm.ts";
export { RNN, RNNCell, type RNNCellOptions, type RNNOptions } from "./rnn.ts";
export { type Layer, ModuleList, Sequential } from "./sequential.ts";
export { removeSpectralNorm, type SpectralNormLayerOptions, spectralNorm } from "./spectral_norm.ts";
export { SqueezeExcitation, type SqueezeExcitationOptions } from "./squeeze_excitation.ts";
export type { LoadOptions, LoadReport, StateArray, StateDict, StateValue } from "./state_dict.ts";
export { StochasticDepth } from "./stochastic_depth.ts";
export {
  Transformer,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerMasks,
  type TransformerOptions,
  type TransformerStackOptions,
} from "./transformer.ts";
export { type DecoderMasks, TransformerDecoderLayer } from "./transformer_decoder_layer.ts";
export { type EncoderMasks, TransformerEncoderLayer } from "./transformer_encoder_layer.ts";
export type { TransformerLayerOptions } from "./transformer_layer.ts";
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d } from "./unpooling.ts";
export { removeWeightNorm, type WeightNormOptions, weightNorm } from "./weight_norm.ts";
