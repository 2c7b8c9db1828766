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
export { AdaptiveAvgPool2d, AdaptiveMaxPool2d } from "./adaptive_pooling.ts";
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from "./batch_norm2d.ts";
export { Conv2d, type Conv2dOptions } from "./conv2d.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export { Flatten, Identity } from "./flatten.ts";
export { GRU, GRUCell, type GRUOptions } from "./gru.ts";
export * as init from "./init.ts";
export { LayerNorm, type LayerNormOptions } from "./layer_norm.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { LSTM, LSTMCell, type LSTMOptions, type LSTMState } from "./lstm.ts";
export { Module } from "./module.ts";
export { AvgPool2d, MaxPool2d } from "./pooling.ts";
export type { RecurrentCall } from "./recurrent.ts";
export type { RecurrentCellOptions } from "./recurrent_cell.ts";
export { RNN, RNNCell, type RNNCellOptions, type RNNOptions } from "./rnn.ts";
export { type Layer, ModuleList, Sequential } from "./sequential.ts";
export type { LoadOptions, LoadReport, StateArray, StateDict, StateValue } from "./state_dict.ts";
