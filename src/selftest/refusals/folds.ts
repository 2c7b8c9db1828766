// What reductions, running folds, sorting and products refuse, beside the error cases of their rows; what a line means: ../refusal.ts.
import { ShapeError } from "../../gpu/errors.ts";
import type { Refusals } from "../refusal.ts";
import {
  ANY_AXES,
  ANY_SHAPE,
  COUNTED,
  INTERNAL,
  MOVES,
  NO_OPTIONS,
  ORDERED,
  SHAPE_OPTION,
} from "./reasons.ts";

export const folds: Readonly<Record<string, Refusals>> = {
  sum: { shape: ANY_AXES, dtype: COUNTED },
  mean: { shape: ANY_AXES },
  logsumexp: { shape: ANY_AXES },
  max: { dtype: ORDERED },
  amax: { dtype: ORDERED },
  min: { dtype: ORDERED },
  amin: { dtype: ORDERED },
  any: { shape: ANY_AXES, dtype: COUNTED },
  all: { shape: ANY_AXES, dtype: COUNTED },
  variance: {
    shape: ANY_AXES,
    option: {
      options: { axes: Number.NaN },
      type: ShapeError,
      message: /^variance: axis NaN is out of range for 1 dimensions$/,
    },
  },
  std: {
    shape: ANY_AXES,
    option: {
      options: { axes: Number.NaN },
      type: ShapeError,
      message: /^std: axis NaN is out of range for 1 dimensions$/,
    },
  },
  argmax: { dtype: ORDERED },
  argmin: { dtype: ORDERED },
  maxWithIndices: { dtype: ORDERED },
  minWithIndices: { dtype: ORDERED },
  sumTo: { dtype: COUNTED, option: SHAPE_OPTION },
  broadcastTo: { dtype: MOVES, option: SHAPE_OPTION },
  sumOver: { shape: INTERNAL, dtype: INTERNAL, option: INTERNAL },
  spread: { shape: INTERNAL, dtype: INTERNAL, option: INTERNAL },
  prod: { shape: ANY_AXES, dtype: COUNTED },
  countNonzero: { shape: ANY_AXES, dtype: COUNTED },
  norm: { shape: ANY_AXES },
  cumsum: { shape: ANY_AXES, dtype: COUNTED },
  cumprod: { shape: ANY_AXES, dtype: COUNTED },
  logcumsumexp: { shape: ANY_AXES },
  linearScan: { shape: INTERNAL, dtype: INTERNAL, option: INTERNAL },
  cummax: { shape: ANY_AXES, dtype: ORDERED },
  cummin: { shape: ANY_AXES, dtype: ORDERED },
  sort: { shape: ANY_AXES, dtype: ORDERED },
  argsort: { shape: ANY_AXES, dtype: ORDERED },
  topk: { shape: "any shape: a scalar counts as one value", dtype: ORDERED },
  median: { dtype: ORDERED, option: NO_OPTIONS },
  medianWithIndices: { dtype: ORDERED },
  histc: { shape: ANY_SHAPE },
  matmul: { option: NO_OPTIONS },
  batchedMatmul: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^matmul: needs two f32 or two i32, a bool\[4,3\], b f32\[4,2\]$/,
    },
    option: NO_OPTIONS,
  },
  linear: { option: NO_OPTIONS },
  bmm: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^matmul: needs two f32 or two i32, a bool\[2,3,4\], b f32\[2,4,5\]$/,
    },
    option: NO_OPTIONS,
  },
  mv: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^matmul: needs two f32 or two i32, a bool\[3,4\], b f32\[4,1\]$/,
    },
    option: NO_OPTIONS,
  },
  dot: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^matmul: needs two f32 or two i32, a bool\[1,5\], b f32\[5,1\]$/,
    },
    option: NO_OPTIONS,
  },
  outer: {
    dtype: {
      input: 0,
      dtype: "u32",
      message: /^mul: u32 mixes only with u32 and bool, a u32\[5,1\], b f32\[4\]$/,
    },
    option: NO_OPTIONS,
  },
  addmm: {
    dtype: {
      input: 0,
      dtype: "u32",
      message: /^add: u32 mixes only with u32 and bool, a u32\[3,5\], b f32\[3,5\]$/,
    },
    option: {
      options: { alpha: Number.NaN },
      message: /^addmm: alpha and beta must be numbers, got NaN and /,
    },
  },
  baddbmm: {
    dtype: {
      input: 0,
      dtype: "u32",
      message: /^add: u32 mixes only with u32 and bool, a u32\[2,3,5\], b f32\[2,3,5\]$/,
    },
    option: {
      options: { alpha: Number.NaN },
      message: /^baddbmm: alpha and beta must be numbers, got NaN and /,
    },
  },
};
