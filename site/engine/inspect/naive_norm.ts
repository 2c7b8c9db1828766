// The naive rungs of batch norm for one channel: its statistics, and the gradients of its weight and bias.

import { batchNormGradientNaive } from "../../../src/gpu/shaders.gen/batchNormGradientNaive.ts";
import { batchNormStatisticsNaive } from "../../../src/gpu/shaders.gen/batchNormStatisticsNaive.ts";
import type { ElementRef } from "../protocol.ts";
import { BATCH_NORM_EPS } from "./batch_norm.ts";
import { channelSizes } from "./places.ts";
import type { Rung } from "./rung.ts";
import type { Tensors } from "./tensors.ts";

/** 1 / sqrt(variance + eps) of the element's channel: the GPU keeps the mean in two parts. */
export function batchNormStatistics(t: Tensors, { layer, index }: ElementRef): Rung | null {
  const rstd = t.beside(layer, "batch_norm_fold.rstd");
  if (!rstd) return null;
  const x = t.input(layer);
  return {
    shader: batchNormStatisticsNaive,
    inputs: { x },
    results: { mean: { shape: rstd.shape, values: null }, rstd },
    params: { ...channelSizes(x.shape), eps: BATCH_NORM_EPS },
    ...{ output: "rstd", element: index[1], each: "a channel" },
  };
}

export function batchNormGradient(t: Tensors, { layer, tensor, index }: ElementRef): Rung | null {
  const [mean, rstd] = [t.beside(layer, "batch_norm_fold"), t.beside(layer, "batch_norm_fold.rstd")];
  const [weight, bias] = [t.parameter(layer, "weight")!, t.parameter(layer, "bias")!];
  if (!mean || !rstd) return null;
  const x = t.input(layer);
  return {
    shader: batchNormGradientNaive,
    inputs: { dy: t.gradient(layer)!, x, mean, rstd },
    results: {
      dweight: { shape: weight.shape, values: weight.gradient },
      dbias: { shape: bias.shape, values: bias.gradient },
    },
    params: channelSizes(x.shape),
    ...{ output: `d${tensor}`, element: index[0], each: "a channel" },
  };
}
