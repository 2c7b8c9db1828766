// What convolutions, poolings, norms, attention and recurrent ops refuse, beside the error cases of their rows; what a line means: ../refusal.ts.
import { ShapeError } from "../../gpu/errors.ts";
import type { Refusals } from "../refusal.ts";
import { ANY_AXES, INTERNAL, MOVES, NO_OPTIONS } from "./reasons.ts";

export const layers: Readonly<Record<string, Refusals>> = {
  conv2dDataGradient: {
    dtype: { input: 0, dtype: "bool", message: /^conv2dDataGradient: takes f32 tensors, dy is bool$/ },
    option: {
      options: { padding: -1 },
      message: /^conv2dDataGradient: padding must be an integer of at least 0, got -1$/,
    },
  },
  conv2dWeightGradient: {
    dtype: { input: 0, dtype: "bool", message: /^conv2dWeightGradient: takes f32 tensors, x is bool$/ },
    option: {
      options: { padding: -1 },
      message: /^conv2dWeightGradient: padding must be an integer of at least 0, got -1$/,
    },
  },
  adaptiveMaxPool2d: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveMaxPool2d: takes f32 tensors, x is bool\[2,3,5,7\]$/,
    },
  },
  adaptiveAvgPool2d: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveAvgPool2d: takes f32 tensors, x is bool\[2,3,5,7\]$/,
    },
  },
  globalAvgPool: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveAvgPool2d: takes f32 tensors, x is bool\[2,3,4,5\]$/,
    },
    option: NO_OPTIONS,
  },
  globalMaxPool: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveMaxPool2d: takes f32 tensors, x is bool\[2,3,4,5\]$/,
    },
    option: NO_OPTIONS,
  },
  adaptiveAvgPool1d: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveAvgPool1d: takes f32 tensors, x is bool\[2,3,7,1\]$/,
    },
  },
  adaptiveAvgPool3d: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveAvgPool3d: takes f32 tensors, x is bool\[10,1,4,3\]$/,
    },
  },
  adaptiveMaxPool1d: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveMaxPool1d: takes f32 tensors, x is bool\[2,3,7,1\]$/,
    },
  },
  adaptiveMaxPool3d: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^adaptiveMaxPool3d: takes f32 tensors, x is bool\[10,1,4,3\]$/,
    },
  },
  lpPool1d: {
    shape: {
      input: 0,
      shape: [2, 2, 5, 3],
      message: /^avgPool1d: x must have 3 dimensions \[n,c,l\] or 2 \[c,l\], x \[2,2,5,3\]$/,
    },
    dtype: { input: 0, dtype: "bool", message: /^avgPool1d: takes f32 tensors, x is i32\[2,2,5,1\]$/ },
  },
  lpPool2d: {
    shape: {
      input: 0,
      shape: [2, 2, 5, 5, 3],
      message: /^avgPool2d: x must have 4 dimensions \[n,c,h,w\] or 3 \[c,h,w\], /,
    },
    dtype: { input: 0, dtype: "bool", message: /^avgPool2d: takes f32 tensors, x is i32\[2,2,5,5\]$/ },
  },
  lpPool3d: {
    shape: {
      input: 0,
      shape: [2, 2, 5],
      message: /^avgPool3d: x must have 5 dimensions/,
    },
    dtype: { input: 0, dtype: "bool", message: /^avgPool3d: takes f32 tensors, x is i32/ },
  },
  maxUnpool1d: { option: { options: { kernelSize: 0 }, message: /^maxUnpool1d: kernelSize must be/ } },
  maxUnpool2d: { option: { options: { kernelSize: 0 }, message: /^maxUnpool2d: kernelSize must be/ } },
  maxUnpool3d: { option: { options: { kernelSize: 0 }, message: /^maxUnpool3d: kernelSize must be/ } },
  pixelShuffle: { dtype: MOVES },
  pixelUnshuffle: { dtype: MOVES },
  channelShuffle: { dtype: MOVES },
  softmax: { shape: ANY_AXES },
  logSoftmax: { shape: ANY_AXES },
  softmaxBackward: { shape: INTERNAL, dtype: INTERNAL, option: INTERNAL },
  logSoftmaxBackward: { shape: INTERNAL, dtype: INTERNAL, option: INTERNAL },
  projectedAttention: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^scaledDotProductAttention: needs f32 or f16, got bool\[5,2,24\]$/,
    },
    option: {
      options: { heads: -1 },
      type: ShapeError,
      message: /^scaledDotProductAttention: d must be at least 1/,
    },
  },
};
