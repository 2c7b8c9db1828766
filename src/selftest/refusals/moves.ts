// What rearranging and indexing ops refuse, beside the error cases of their rows; what a line means: ../refusal.ts.
import { ShapeError } from "../../gpu/errors.ts";
import type { Refusals } from "../refusal.ts";
import { ANY_NUMBER, ANY_SHAPE, MOVES, NO_OPTIONS, NO_TENSORS, SHAPE_OPTION } from "./reasons.ts";

export const moves: Readonly<Record<string, Refusals>> = {
  reshape: {
    dtype: MOVES,
    option: { options: [[2, -3]], type: ShapeError, message: /^reshape: sizes must be/ },
  },
  flatten: {
    dtype: MOVES,
    option: { options: [5], type: ShapeError, message: /^flatten: axis 5 is out of range/ },
  },
  unflatten: {
    dtype: MOVES,
    option: { options: [7, [2, 3]], type: ShapeError, message: /^unflatten: axis 7 is out of range/ },
  },
  squeeze: { shape: "any shape: only axes of size 1 go", dtype: MOVES },
  unsqueeze: {
    shape: { input: 0, shape: [], message: /^unsqueeze: axis 1 is out of range for 1 dimensions$/ },
    dtype: MOVES,
  },
  permute: {
    shape: {
      input: 0,
      shape: [3, 5, 3],
      message: /^permute: axes must name every axis once, axes \[1,0\], x \[3,5,3\]$/,
    },
    dtype: MOVES,
  },
  transpose: {
    shape: { input: 0, shape: [5], message: /^transpose: axis 1 is out of range for 1 dimensions$/ },
    dtype: MOVES,
  },
  movedim: {
    dtype: MOVES,
    option: { options: [0, 9], type: ShapeError, message: /^movedim: axis 9 is out of range/ },
  },
  slice: {
    shape: { input: 0, shape: [7], message: /^slice: axis 1 is out of range for 1 dimensions$/ },
    dtype: MOVES,
  },
  narrow: {
    shape: { input: 0, shape: [7], message: /^narrow: axis 1 is out of range for 1 dimensions$/ },
    dtype: MOVES,
  },
  select: {
    shape: { input: 0, shape: [], message: /^select: a scalar has no axis to take a part of$/ },
    dtype: MOVES,
  },
  split: { dtype: MOVES },
  chunk: { shape: { input: 0, shape: [], message: /^chunk: a scalar has no axis to split$/ }, dtype: MOVES },
  unbind: {
    dtype: MOVES,
    option: { options: [5], type: ShapeError, message: /^unbind: axis 5 is out of range/ },
  },
  flip: {
    shape: { input: 0, shape: [5], message: /^flip: axis 1 is out of range for 1 dimensions$/ },
    dtype: MOVES,
  },
  roll: { shape: "any shape: a named axis must exist", dtype: MOVES },
  pad: { dtype: MOVES },
  expand: { dtype: MOVES, option: SHAPE_OPTION },
  repeat: { dtype: MOVES, option: SHAPE_OPTION },
  tile: { dtype: MOVES, option: SHAPE_OPTION },
  repeatInterleave: { dtype: MOVES },
  cat: { option: { options: { axis: 5 }, type: ShapeError, message: /^cat: axis 5 is out of range/ } },
  stack: { dtype: { input: 0, dtype: "bool", message: /^stack: dtypes must agree, got bool, f32$/ } },
  hstack: {
    dtype: { input: 0, dtype: "bool", message: /^cat: dtypes must agree, got bool, f32$/ },
    option: NO_OPTIONS,
  },
  vstack: {
    dtype: { input: 0, dtype: "bool", message: /^cat: dtypes must agree, got bool, f32$/ },
    option: NO_OPTIONS,
  },
  meshgrid: { dtype: MOVES },
  diagonal: { dtype: MOVES },
  diagEmbed: {
    dtype: MOVES,
    option: { options: [{ axis1: 9 }], type: ShapeError, message: /^diagEmbed: axis 9 is out of range/ },
  },
  diag: { dtype: MOVES, option: { options: [0.5], message: /^diag\w*: / } },
  tril: { dtype: MOVES },
  triu: { dtype: MOVES, option: { options: [0.5], message: /^triu: / } },
  gather: {
    option: {
      options: { axis: Number.NaN },
      type: ShapeError,
      message: /^gather: axis NaN is out of range for 1 dimensions$/,
    },
  },
  indexSelect: {
    dtype: { input: 1, dtype: "bool", message: /^indexSelect: indices must be i32, got bool\[7\]$/ },
    option: {
      options: { axis: Number.NaN },
      type: ShapeError,
      message: /^indexSelect: axis NaN is out of range for 1 dimensions$/,
    },
  },
  scatterAdd: {
    option: {
      options: { axis: Number.NaN },
      type: ShapeError,
      message: /^scatterAdd: axis NaN is out of range for 1 dimensions$/,
    },
  },
  indexAdd: {
    dtype: {
      input: 0,
      dtype: "bool",
      message: /^indexAdd: x and src must have one dtype, not bool, got bool and f32$/,
    },
    option: {
      options: { axis: Number.NaN },
      type: ShapeError,
      message: /^indexAdd: axis NaN is out of range for 1 dimensions$/,
    },
  },
  embedding: {
    dtype: { input: 0, dtype: "bool", message: /^embedding: indices must be i32, got bool\[2,3\]$/ },
  },
  oneHot: { shape: ANY_SHAPE },
  maskedFill: {
    shape: {
      input: 0,
      shape: [3, 5, 3],
      message: /^where: shapes do not broadcast, \[3,5\] and \[\] and \[3,5,3\]$/,
    },
    option: ANY_NUMBER,
  },
  indexPut: { option: NO_OPTIONS },
  takeAlongDim: {
    dtype: { input: 1, dtype: "bool", message: /^takeAlongDim: indices must be i32, got bool\[3,4\]$/ },
    option: {
      options: { axis: Number.NaN },
      type: ShapeError,
      message: /^takeAlongDim: axis NaN is out of range for 2 dimensions$/,
    },
  },
  eye: { shape: NO_TENSORS },
  randint: { shape: NO_TENSORS, dtype: "always i32" },
  bernoulli: { shape: ANY_SHAPE },
  randperm: { shape: NO_TENSORS, dtype: "always i32" },
  dropout: { shape: ANY_SHAPE },
};
