// The tensors of a retained step by their place in the layer list: what goes into a layer, what comes out, and the gradients of
// both. Labels are those that the engine gives (`0/conv2d`); layers that only pass numbers on have no dispatch of their own.

import { checkLayers, type LayerKind, type LayerSpec, layerText, type SampleShape } from "../layers.ts";
import { sizeOf } from "./places.ts";
import type { Kept, ParameterStep, RetainedStep } from "./retained_step.ts";

/** Label of the output's dispatches, and of those of the gradient by the input. Winograd and splits end in `/output`, `/sum`. */
const LABELS = {
  conv: ["conv2d", "conv2dDataGradient"],
  linear: ["linear", "matmul"],
  batchnorm: ["batch_norm", "batch_norm_backward"],
  relu: ["relu", "reluGradient"],
  gelu: ["gelu", "geluGradient"],
  tanh: ["tanh", "tanhGradient"],
  sigmoid: ["sigmoid", "sigmoidGradient"],
  maxpool: ["maxPool2d", "maxPool2dBackward"],
  avgpool: ["avgPool2d", "avgPool2dBackward"],
  dropout: ["dropout", "dropoutBackward"],
  flatten: null,
} as const satisfies Record<LayerKind, readonly [string, string] | null>;

/** The same numbers in another shape, or in the same one. */
export const passesOn = (layer: LayerSpec): boolean =>
  layer.kind === "flatten" || (layer.kind === "dropout" && layer.p === 0);

export class Tensors {
  readonly batch: number;
  /** Of one sample: of the input, then behind each layer. */
  readonly shapes: readonly SampleShape[];

  constructor(readonly step: RetainedStep) {
    const { x, layers } = step;
    this.batch = x.shape[0];
    const sample = x.shape.slice(1);
    const { layers: checked } = checkLayers(layers, sample, 0);
    this.shapes = [sample, ...checked.map((c) => c.output ?? [])];
  }

  /** With the batch in front; layer -1 is the input. */
  shape(layer: number): readonly number[] {
    return [this.batch, ...this.shapes[layer + 1]];
  }

  /** A layer's output; layer -1 is the input. */
  output(layer: number): Kept {
    if (layer < 0) return { ...this.step.x, madeBy: [] };
    const spec = this.step.layers[layer];
    const shape = this.shape(layer);
    if (passesOn(spec)) return { ...this.output(layer - 1), shape };
    return this.find(layer, LABELS[spec.kind]![0], shape);
  }

  input(layer: number): Kept {
    return this.output(layer - 1);
  }

  /** Of the loss by a layer's output; null where training needs none: no parameter lies in front of it. */
  gradient(layer: number): Kept | null {
    const { layers } = this.step;
    const shape = this.shape(layer);
    if (!layers.some((l, i) => i <= layer && "conv linear batchnorm".includes(l.kind))) return null;
    if (layer === layers.length - 1) return { ...this.step.kept.get("crossEntropyBackward")!, shape };
    const next = layers[layer + 1];
    if (passesOn(next)) return { ...this.gradient(layer + 1)!, shape };
    return this.find(layer + 1, LABELS[next.kind]![1], shape);
  }

  /** The mean of the batch: of many rows a second dispatch adds up what the first has made. */
  loss(): Kept {
    const [rows, total] = ["crossEntropy", "crossEntropy/total"].map((label) => this.step.kept.get(label));
    return total ? { ...total, madeBy: [...rows!.madeBy, ...total.madeBy] } : rows!;
  }

  parameter(layer: number, tensor: "weight" | "bias"): ParameterStep | null {
    return this.step.parameters.find((p) => p.layer === layer && p.tensor === tensor) ?? null;
  }

  /** A tensor by its whole label below a layer's path. */
  beside(layer: number, label: string): Kept | null {
    return this.step.kept.get(`${layer}/${label}`) ?? null;
  }

  /** `#2` behind a label: made again; the last one counts, the gradient by the input is computed after those of parameters. */
  private find(layer: number, label: string, shape: readonly number[]): Kept {
    const start = `${layer}/${label}`;
    const fits = (name: string) => name === start || [..."/#"].some((c) => name.startsWith(start + c));
    const found = [...this.step.kept].filter(
      ([name, { values }]) => fits(name) && values instanceof Float32Array && values.length === sizeOf(shape),
    );
    const last = found.at(-1);
    if (last) return { ...last[1], shape };
    throw new RangeError(
      `inspect: the step kept no ${start} of layer ${layer + 1}, ${layerText(this.step.layers[layer])}`,
    );
  }
}
