// What losses refuse, beside the error cases of their rows; what a line means: ../refusal.ts.
import type { Refusals } from "../refusal.ts";
import { NO_OPTIONS } from "./reasons.ts";

export const losses: Readonly<Record<string, Refusals>> = {
  mse: { dtype: { input: 0, dtype: "i32", message: /^mse: needs f32 or f16, x i32\[/ } },
  l1: { dtype: { input: 0, dtype: "i32", message: /^l1: needs f32 or f16, x i32\[/ } },
  smoothL1: { dtype: { input: 0, dtype: "i32", message: /^smoothL1: needs f32 or f16, x i32\[/ } },
  huber: { dtype: { input: 0, dtype: "i32", message: /^huber: needs f32 or f16, x i32\[/ } },
  bce: { dtype: { input: 0, dtype: "i32", message: /^bce: needs f32 or f16, x i32\[/ } },
  bceWithLogits: { dtype: { input: 0, dtype: "i32", message: /^bceWithLogits: needs f32 or f16, x i32\[/ } },
  nll: {
    option: {
      options: { reduction: "nope" },
      message: /^nll: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  klDiv: { dtype: { input: 0, dtype: "i32", message: /^klDiv: needs f32 or f16, x i32\[/ } },
  poissonNll: {
    dtype: { input: 0, dtype: "i32", message: /^poissonNll: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^poissonNll: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  gaussianNll: { dtype: { input: 0, dtype: "i32", message: /^gaussianNll: needs f32 or f16, x i32\[/ } },
  hinge: {
    dtype: { input: 0, dtype: "i32", message: /^hinge: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^hinge: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  hingeEmbedding: {
    dtype: { input: 0, dtype: "i32", message: /^hingeEmbedding: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^hingeEmbedding: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  marginRanking: {
    dtype: { input: 0, dtype: "i32", message: /^marginRanking: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^marginRanking: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  cosineEmbedding: {
    dtype: { input: 0, dtype: "i32", message: /^cosineEmbedding: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^cosineEmbedding: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  tripletMargin: {
    dtype: { input: 0, dtype: "i32", message: /^tripletMargin: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^tripletMargin: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  normalize: {
    shape: { input: 0, shape: [3], message: /^norm: axis 1 is out of range for 1 dimensions$/ },
    dtype: { input: 0, dtype: "i32", message: /^normalize: needs f32 or f16, x i32\[/ },
  },
  pairwiseDistance: {
    dtype: { input: 0, dtype: "i32", message: /^pairwiseDistance: needs f32 or f16, x i32\[/ },
    option: { options: { p: Number.NaN }, message: /^norm: p must be a number, got NaN$/ },
  },
  cosineSimilarity: {
    shape: { input: 0, shape: [5, 3, 3], message: /^mul: shapes do not broadcast, \[5,3,3\] and \[5,3\]$/ },
    dtype: { input: 0, dtype: "i32", message: /^cosineSimilarity: needs f32 or f16, x i32\[/ },
  },
  ntXent: { dtype: { input: 0, dtype: "i32", message: /^ntXent: needs f32 or f16, x i32\[/ } },
  infoNce: { dtype: { input: 0, dtype: "i32", message: /^infoNce: needs f32 or f16, x i32\[/ } },
  dice: {
    dtype: { input: 0, dtype: "i32", message: /^dice: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^dice: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  tversky: {
    dtype: { input: 0, dtype: "i32", message: /^tversky: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^tversky: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  generalizedDice: {
    dtype: { input: 0, dtype: "i32", message: /^generalizedDice: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^generalizedDice: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  focal: { dtype: { input: 0, dtype: "i32", message: /^focal: needs f32 or f16, x i32\[/ } },
  softmaxFocal: {
    shape: {
      input: 0,
      shape: [5, 4, 3],
      message: /^nll: i32 labels must have shape \[5,3\], log-probabilities \[5,/,
    },
    dtype: { input: 0, dtype: "bool", message: /^logSoftmax: needs f32 or f16, x bool\[5,4\]$/ },
  },
  iou: {
    dtype: { input: 0, dtype: "i32", message: /^iou: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^iou: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  giou: {
    dtype: { input: 0, dtype: "i32", message: /^giou: needs f32 or f16, x i32\[/ },
    option: {
      options: { reduction: "nope" },
      message: /^giou: reduction must be "mean", "sum" or "none", got nope$/,
    },
  },
  boxIou: {
    dtype: { input: 0, dtype: "i32", message: /^boxIou: needs f32 or f16, x i32\[/ },
    option: NO_OPTIONS,
  },
  ssim: { dtype: { input: 0, dtype: "i32", message: /^ssim: needs f32 or f16, x i32\[/ } },
};
