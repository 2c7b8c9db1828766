// The naive rung of convolution and linear layer for one element: one thread, a plain sum, no barrier. Its text is what the engine
// would compile; its bindings are the retained tensors.

import type { Shader } from "../../../src/gpu/shader.ts";
import { conv2dDataGradientNaive } from "../../../src/gpu/shaders.gen/conv2dDataGradientNaive.ts";
import { conv2dNaive } from "../../../src/gpu/shaders.gen/conv2dNaive.ts";
import { conv2dWeightGradientNaive } from "../../../src/gpu/shaders.gen/conv2dWeightGradientNaive.ts";
import { matmulNaive } from "../../../src/gpu/shaders.gen/matmulNaive.ts";
import { specialise } from "../../../src/gpu/specialise.ts";
import type { LayerSpec } from "../layers.ts";
import type { BindingData, ElementRef, ShaderView, SteppedInvocation } from "../protocol.ts";
import { indexOf, placeOf, sizeOf } from "./places.ts";
import type { Values } from "./retained_step.ts";
import { passesOn, type Tensors } from "./tensors.ts";

const WG = 64;

interface Rung {
  readonly shader: Shader;
  readonly constants: Readonly<Record<string, number | boolean>>;
  /** By binding; null where it is not given. */
  readonly operands: Readonly<Record<string, Values | null>>;
  readonly params: Readonly<Record<string, number>>;
  readonly output: string;
  readonly result: Values;
  readonly element: number;
}

/** Null where the element is not made by a convolution or a linear layer. */
export function naiveRung(
  t: Tensors,
  ref: ElementRef,
  side: "forward" | "backward",
): SteppedInvocation | null {
  const rung =
    ref.tensor !== "output" ? parameter(t, ref) : side === "forward" ? forward(t, ref) : gradient(t, ref);
  return rung && steppedOf(rung);
}

function forward(t: Tensors, { layer, index }: ElementRef): Rung | null {
  const spec = t.step.layers[layer];
  if (spec?.kind !== "conv" && spec?.kind !== "linear") return null;
  const [x, weight, bias] = [t.input(layer), t.parameter(layer, "weight")!, t.parameter(layer, "bias")!];
  const result = t.output(layer);
  const end = { output: "y", result, element: placeOf(result.shape, index), constants: { HAS_BIAS: true } };
  if (spec.kind === "conv")
    return {
      ...end,
      shader: conv2dNaive,
      operands: { x, weight, bias },
      params: sizes(t, layer, spec, result),
    };
  const [m, k, n] = [t.batch, x.shape[1], spec.features];
  const constants = { HAS_BIAS: true, TRANS_B: true };
  return {
    ...end,
    constants,
    shader: matmulNaive,
    operands: { a: x, b: weight, bias },
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
  const [dy, weight, result] = [
    t.gradient(layer + 1)!,
    t.parameter(layer + 1, "weight")!,
    t.gradient(layer)!,
  ];
  const end = { result, element: placeOf(result.shape, index), constants: {} };
  if (spec.kind === "conv") {
    const params = sizes(t, layer + 1, spec, result);
    return { ...end, shader: conv2dDataGradientNaive, operands: { dy, weight }, output: "dx", params };
  }
  const params = product(t.batch, result.shape[1], spec.features);
  return { ...end, shader: matmulNaive, operands: { a: dy, b: weight, bias: null }, output: "y", params };
}

/** Of a weight; the sums of biases have no rung. */
function parameter(t: Tensors, { layer, tensor, index }: ElementRef): Rung | null {
  const spec = t.step.layers[layer];
  if (tensor !== "weight" || (spec.kind !== "conv" && spec.kind !== "linear")) return null;
  const [x, dy] = [t.input(layer), t.gradient(layer)!];
  const { shape, gradient: values } = t.parameter(layer, "weight")!;
  const end = { result: { shape, values }, element: placeOf(shape, index), constants: {} };
  if (spec.kind === "conv")
    return {
      ...end,
      shader: conv2dWeightGradientNaive,
      operands: { x, dy },
      output: "dw",
      params: sizes(t, layer, spec, end.result),
    };
  const params = product(spec.features, x.shape[1], t.batch);
  const constants = { TRANS_A: true };
  return {
    ...end,
    constants,
    shader: matmulNaive,
    operands: { a: dy, b: x, bias: null },
    output: "y",
    params,
  };
}

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

function steppedOf({
  shader,
  constants,
  operands,
  params,
  output,
  result,
  element,
}: Rung): SteppedInvocation {
  const { code, overrides } = specialise(shader, { constants: { ...constants, WG } });
  const kernel = shader.file.replace(".wgsl", "");
  const bindings = Object.entries(shader.bindings).map(([name, { binding, access }]): BindingData => {
    const held = name === output ? result : (operands[name] ?? null);
    const before = name === output ? null : (held?.values ?? null);
    return {
      name,
      binding,
      access,
      type: held && "f32",
      shape: held?.shape ?? null,
      before,
      after: held?.values ?? null,
    };
  });
  const bytes = bindings.reduce((sum, b) => sum + (b.after?.byteLength ?? 0), 0);
  const groups = Math.ceil(sizeOf(result.shape) / WG);
  const view: ShaderView = {
    ...{
      at: -1,
      file: shader.file,
      label: `naive rung of the ladder`,
      kernel,
      wgsl: code,
      overrides,
      params,
    },
    bindings: bindings
      .map((b) => ({ ...b, bytes: b.after?.byteLength ?? 0 }))
      .map(({ name, access, shape, bytes }) => ({ name, access, shape, bytes })),
    ...{ grid: [groups, 1, 1], flops: 0, bytes, us: null, gflops: null, gbs: null },
  };
  const given = Object.entries(shader.params).map(([name, { type, offset }]) => ({
    name,
    type,
    offset,
    value: params[name],
  }));
  return {
    view,
    data: { at: -1, bindings, params: given, paramsBytes: shader.paramsBytes },
    ...{ invocation: [element, 0, 0], output, element, value: result.values[element] },
    note: `Threads of the kernel that ran share the work, so this is the naive rung of its ladder, ${shader.file}: the same sum, one thread an element.`,
  };
}
