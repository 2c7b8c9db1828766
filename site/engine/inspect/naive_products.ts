// The naive rungs of convolution and linear layer for one element: one thread, a plain sum.

import { biasGradientNaive } from "../../../src/gpu/shaders.gen/biasGradientNaive.ts";
import { conv2dDataGradientNaive } from "../../../src/gpu/shaders.gen/conv2dDataGradientNaive.ts";
import { conv2dNaive } from "../../../src/gpu/shaders.gen/conv2dNaive.ts";
import { conv2dWeightGradientNaive } from "../../../src/gpu/shaders.gen/conv2dWeightGradientNaive.ts";
import { matmulNaive } from "../../../src/gpu/shaders.gen/matmulNaive.ts";
import type { LayerSpec } from "../layers.ts";
import type { ElementRef } from "../protocol.ts";
import { channelSizes, indexOf, placeOf, sizeOf } from "./places.ts";
import type { Values } from "./retained_step.ts";
import type { Rung } from "./rung.ts";
import { passesOn, type Tensors } from "./tensors.ts";

/** Null where the element is not made by a convolution or a linear layer. */
export function productRung(t: Tensors, ref: ElementRef, side: "forward" | "backward"): Rung | null {
  if (ref.tensor !== "output") return weightGradient(t, ref);
  return side === "forward" ? forward(t, ref) : gradient(t, ref);
}

export function biasGradient(t: Tensors, { layer, index }: ElementRef): Rung {
  const dy = t.gradient(layer)!;
  const { shape, gradient: values } = t.parameter(layer, "bias")!;
  return {
    shader: biasGradientNaive,
    ...{ inputs: { dy }, results: { db: { shape, values } }, params: channelSizes(dy.shape) },
    ...{ output: "db", element: index[0], each: "a channel" },
  };
}

function forward(t: Tensors, { layer, index }: ElementRef): Rung | null {
  const spec = t.step.layers[layer];
  if (spec && passesOn(spec)) {
    const same = indexOf(t.shape(layer - 1), placeOf(t.shape(layer), index));
    return forward(t, { layer: layer - 1, tensor: "output", index: same });
  }
  if (spec?.kind !== "conv" && spec?.kind !== "linear") return null;
  const [x, weight, bias] = [t.input(layer), t.parameter(layer, "weight")!, t.parameter(layer, "bias")!];
  const result = t.output(layer);
  const end = { ...looked("y", result, index), constants: { HAS_BIAS: true } };
  if (spec.kind === "conv")
    return {
      ...end,
      shader: conv2dNaive,
      inputs: { x, weight, bias },
      params: sizes(t, layer, spec, result),
    };
  const [m, k, n] = [t.batch, x.shape[1], spec.features];
  const constants = { HAS_BIAS: true, TRANS_B: true };
  return {
    ...end,
    constants,
    shader: matmulNaive,
    inputs: { a: x, b: weight, bias },
    params: product(m, n, k),
  };
}

/** Of an output: by the next layer. */
function gradient(t: Tensors, { layer, index }: ElementRef): Rung | null {
  const spec = t.step.layers[layer + 1];
  if (!spec) return null;
  if (passesOn(spec)) {
    const same = indexOf(t.shape(layer + 1), placeOf(t.shape(layer), index));
    return gradient(t, { layer: layer + 1, tensor: "output", index: same });
  }
  if (spec.kind !== "conv" && spec.kind !== "linear") return null;
  const [dy, weight, result] = [t.gradient(layer + 1)!, t.parameter(layer + 1, "weight")!, t.gradient(layer)];
  if (!result) return null;
  if (spec.kind === "conv") {
    const params = sizes(t, layer + 1, spec, result);
    const shader = conv2dDataGradientNaive;
    return { ...looked("dx", result, index), shader, inputs: { dy, weight }, params };
  }
  const params = product(t.batch, result.shape[1], spec.features);
  return {
    ...looked("y", result, index),
    shader: matmulNaive,
    inputs: { a: dy, b: weight, bias: null },
    params,
  };
}

function weightGradient(t: Tensors, { layer, index }: ElementRef): Rung | null {
  const spec = t.step.layers[layer];
  if (spec.kind !== "conv" && spec.kind !== "linear") return null;
  const [x, dy] = [t.input(layer), t.gradient(layer)!];
  const { shape, gradient: values } = t.parameter(layer, "weight")!;
  const result = { shape, values };
  if (spec.kind === "conv") {
    const params = sizes(t, layer, spec, result);
    return { ...looked("dw", result, index), shader: conv2dWeightGradientNaive, inputs: { x, dy }, params };
  }
  return {
    ...looked("y", result, index),
    constants: { TRANS_A: true },
    shader: matmulNaive,
    inputs: { a: dy, b: x, bias: null },
    params: product(spec.features, x.shape[1], t.batch),
  };
}

const looked = (output: string, result: Values, index: readonly number[]) => ({
  ...{ output, results: { [output]: result }, element: placeOf(result.shape, index), each: "an element" },
});

/** Of conv2d_naive_params.wgsl. */
function sizes(
  t: Tensors,
  layer: number,
  spec: Extract<LayerSpec, { kind: "conv" }>,
  result: Values,
): Record<string, number> {
  const [n, c, h, w] = t.shape(layer - 1);
  const [, o, oh, ow] = t.shape(layer);
  const { kernel, stride, padding } = spec;
  return {
    ...{ size: sizeOf(result.shape), n, c, h, w, o, oh, ow, cg: c, og: o, kh: kernel, kw: kernel },
    ...{ stride_y: stride, stride_x: stride, dilation_y: 1, dilation_x: 1, pad_y: padding, pad_x: padding },
  };
}

const product = (m: number, n: number, k: number): Record<string, number> => ({
  ...{ m, n, k, count: m * n, d1: 1, d2: 1, a0: 0, a1: 0, a2: 0, b0: 0, b1: 0, b2: 0 },
});
