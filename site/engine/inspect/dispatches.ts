// Which dispatches made a number: those of a layer's output, of a parameter's gradient, and of the optimizer.

import type { ShaderView } from "../protocol.ts";
import { sizeOf } from "./places.ts";
import type { ParameterStep } from "./retained_step.ts";
import { shaderViews } from "./shader_view.ts";
import type { Tensors } from "./tensors.ts";

export function viewsOf(t: Tensors, places: readonly number[]): ShaderView[] {
  const views = shaderViews(t.step);
  return [...new Set(places)].map((place) => views[place]);
}

/** Batch norm's output comes from three dispatches. */
export function statisticsDispatches(t: Tensors, layer: number): readonly number[] {
  if (t.step.layers[layer]?.kind !== "batchnorm") return [];
  const labels = ["batch_norm_statistics", "batch_norm_fold"];
  return labels.flatMap((label) => t.beside(layer, label)?.madeBy ?? []);
}

/** Kernels that write the weights. */
const OPTIMIZERS: readonly string[] = ["sgd", "adam", "rmsprop"];

/** Those of the layer's backward that made this gradient, last those that put it in its place. */
export function gradientDispatches(t: Tensors, { layer, shape, gradient }: ParameterStep): number[] {
  const made = [...t.step.kept].filter(
    ([name, { values }]) =>
      name.startsWith(`${layer}/`) &&
      values.length === sizeOf(shape) &&
      values.every((v, i) => Object.is(v, gradient[i]) || v === gradient[i]),
  );
  return made.flatMap(([name, { madeBy }]) => [...partialsOf(t, name), ...madeBy]);
}

/** `0/conv2dWeightGradient.sum` adds up what `0/conv2dWeightGradient` made; so do `fold` and a split product. */
function partialsOf(t: Tensors, name: string): readonly number[] {
  const first = name
    .replace(/\.db$|\.dbias$/, "")
    .replace(/(\.|\/)sum$/, "")
    .replace(/_fold$/, "_sums");
  return first === name ? [] : (t.step.kept.get(first)?.madeBy ?? []);
}

/** Those that wrote the weights. */
export const optimizerViews = (t: Tensors): ShaderView[] =>
  shaderViews(t.step).filter((view) => OPTIMIZERS.includes(view.kernel));
