// Opens one number of a retained step: its arithmetic in float64 beside the GPU's value, the gradient by it, what the optimizer
// made of it, and the dispatches that computed them. No GPU is asked.

import { type LayerKind, layerText } from "../layers.ts";
import type { Arithmetic, ElementRef, Inspection } from "../protocol.ts";
import { fieldOn } from "../receptive_field.ts";
import { activationRule } from "./activation.ts";
import { batchNormRule } from "./batch_norm.ts";
import { convRule } from "./conv.ts";
import { gradientDispatches, optimizerViews, statisticsDispatches, viewsOf } from "./dispatches.ts";
import { linearRule } from "./linear.ts";
import { lossBack, lossWhy, sampleWhy } from "./loss.ts";
import { dropoutRule, flattenRule } from "./pass.ts";
import { checkIndex, indexOf, placeOf } from "./places.ts";
import { avgPoolRule, maxPoolRule } from "./pool.ts";
import type { Numbers, RetainedStep } from "./retained_step.ts";
import type { Rule } from "./rule.ts";
import { passesOn, Tensors } from "./tensors.ts";
import { updateOf } from "./update.ts";

const RULES = {
  conv: convRule,
  linear: linearRule,
  batchnorm: batchNormRule,
  relu: activationRule,
  gelu: activationRule,
  tanh: activationRule,
  sigmoid: activationRule,
  maxpool: maxPoolRule,
  avgpool: avgPoolRule,
  dropout: dropoutRule,
  flatten: flattenRule,
} as const satisfies Record<LayerKind, Rule>;

type Opened = Omit<Inspection, "ref" | "step" | "variant" | "value" | "statistics"> & {
  readonly values: Numbers;
};

/**
 * Layer -1 is the input, layer `layers.length` the loss: [] the mean, [n] the log-sum of a sample.
 *
 * @throws RangeError for a layer, a tensor or an element that the step does not have
 */
export function inspect(step: RetainedStep, ref: ElementRef): Inspection {
  const t = new Tensors(step);
  const count = step.layers.length;
  if (!Number.isInteger(ref.layer) || ref.layer < -1 || ref.layer > count)
    throw new RangeError(
      `inspect: there is no layer ${ref.layer}, the model has ${count}, from 0, and -1 is its input`,
    );
  const { values, ...opened } =
    ref.tensor !== "output" ? parameter(t, ref) : ref.layer === count ? loss(t, ref) : output(t, ref);
  const value = values[placeOf(opened.shape, ref.index)];
  return { ref, step: step.step, variant: "retained", value, statistics: statisticsOf(values), ...opened };
}

function output(t: Tensors, { layer, index }: ElementRef): Opened {
  const { layers } = t.step;
  const shape = t.shape(layer);
  const text = layer < 0 ? "input" : `layer ${layer + 1}, ${layerText(layers[layer])}`;
  checkIndex(`the output of ${text}`, shape, index);
  const kept = t.output(layer);
  const gradient = t.gradient(layer);
  return {
    ...{ label: layer < 0 ? `input[${index}]` : `${text}: output[${index}]`, shape, values: kept.values },
    why: layer < 0 ? null : RULES[layers[layer].kind].why(t, layer, index),
    field: fieldOn(layers, t.shapes, layer, index.slice(1)),
    picture: pictureOf(t, index[0]),
    back: gradient && outputGradient(t, layer, index),
    ...{ update: null, after: null },
    forward: viewsOf(t, [...statisticsDispatches(t, layer), ...kept.madeBy]),
    backward: viewsOf(t, gradient?.madeBy ?? []),
  };
}

/** By the next layer's rule: the gradient by its input. */
function outputGradient(t: Tensors, layer: number, index: readonly number[]): Arithmetic {
  const { layers } = t.step;
  if (layer === layers.length - 1) return lossBack(t, index);
  const next = layers[layer + 1];
  // Behind a layer that passes on, the arithmetic is that of the one after it.
  if (!passesOn(next)) return RULES[next.kind].back(t, layer + 1, index);
  return outputGradient(t, layer + 1, indexOf(t.shape(layer + 1), placeOf(t.shape(layer), index)));
}

function parameter(t: Tensors, { layer, tensor, index }: ElementRef): Opened {
  const { layers, optimizer } = t.step;
  const found = t.parameter(layer, tensor as "weight" | "bias");
  if (!found)
    throw new RangeError(
      `inspect: ${layers[layer] ? `${layerText(layers[layer])} (layer ${layer})` : `layer ${layer}`} has no ${tensor}`,
    );
  const { shape, values } = found;
  const text = `layer ${layer + 1}, ${layerText(layers[layer])}`;
  checkIndex(`the ${tensor} of ${text}`, shape, index);
  const rule: Rule = RULES[layers[layer].kind];
  return {
    ...{ label: `${text}: ${tensor}[${index}]`, shape, values },
    ...{ why: null, field: null, picture: null },
    back: rule[tensor as "weight" | "bias"]!(t, layer, index),
    ...updateOf(found, placeOf(shape, index), optimizer),
    forward: optimizerViews(t),
    backward: viewsOf(t, gradientDispatches(t, found)),
  };
}

function loss(t: Tensors, { index }: ElementRef): Opened {
  const shape = index.length === 0 ? [] : [t.batch];
  checkIndex("the loss", shape, index);
  const kept = t.loss();
  const stats = t.step.kept.get("crossEntropy.stats")!;
  return {
    label: index.length === 0 ? "loss: mean cross entropy" : `loss: log-sum of sample ${index[0]}`,
    ...{ shape, values: index.length === 0 ? kept.values : stats.values.subarray(t.batch) },
    why: index.length === 0 ? lossWhy(t) : sampleWhy(t, index[0]),
    picture: index.length === 0 ? null : pictureOf(t, index[0]),
    ...{ field: null, back: null, update: null, after: null, backward: [] },
    forward: viewsOf(t, kept.madeBy),
  };
}

function pictureOf(t: Tensors, n: number): Uint8Array | null {
  const { pictures } = t.step;
  const each = pictures ? pictures.length / t.batch : 0;
  return pictures?.slice(n * each, (n + 1) * each) ?? null;
}

function statisticsOf(values: Numbers): Inspection["statistics"] {
  let [min, max, sum, squares, zeros] = [Infinity, -Infinity, 0, 0, 0];
  for (const v of values) {
    if (v < min) min = v;
    if (v > max) max = v;
    if (v === 0) zeros++;
    sum += v;
  }
  const mean = sum / values.length;
  for (const v of values) squares += (v - mean) ** 2;
  return { min, max, mean, std: Math.sqrt(squares / values.length), zeros };
}
