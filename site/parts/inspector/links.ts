// Which element a factor such as `x[0,1,3,4]` of an opened element's arithmetic is, so that it can be opened in turn.

import type { LayerSpec, SampleShape } from "../../engine/layers.ts";
import type { ElementRef } from "../../engine/protocol.ts";

/**
 * Names are those of the rule that the arithmetic belongs to: in `why` that of the element's own layer; in `back` of an output that of
 * the layer behind it (the next one that computes), in `back` of a parameter that of its own layer. A probability p is of the loss.
 * Null where a factor is no element.
 * @param shapes of one sample: the input's, then behind each layer
 */
export function elementOf(
  name: string,
  ref: ElementRef,
  side: "why" | "back",
  layers: readonly LayerSpec[],
  shapes: readonly SampleShape[],
): ElementRef | null {
  const sample = /^(?:-log )?p\[(\d+),\d+\]/.exec(name)?.[1];
  if (sample) return { layer: layers.length, tensor: "output", index: [Number(sample)] };
  const found = /^(?:e\^\()?(x|y|w|b|dy|dx)\[([\d,]+)\](?: - .*)?$/.exec(name);
  if (!found) return null;
  const index = found[2].split(",").map(Number);
  const rule = side === "back" && ref.tensor === "output" ? nextThatComputes(layers, ref.layer) : ref.layer;
  switch (found[1]) {
    case "x":
    case "dx":
      return output(rule - 1, index, shapes);
    case "y":
    case "dy":
      return output(rule, index, shapes);
    case "w":
      return { layer: rule, tensor: "weight", index };
    default:
      return { layer: rule, tensor: "bias", index };
  }
}

/** Place of the layer that an output's gradient comes from; the list's length is the loss. */
function nextThatComputes(layers: readonly LayerSpec[], layer: number): number {
  const passes = (l: LayerSpec) => l.kind === "flatten" || (l.kind === "dropout" && l.p === 0);
  const next = layers.findIndex((l, i) => i > layer && !passes(l));
  return next < 0 ? layers.length : next;
}

function output(layer: number, index: readonly number[], shapes: readonly SampleShape[]): ElementRef | null {
  const shape = shapes[layer + 1];
  return shape && index.length === shape.length + 1 ? { layer, tensor: "output", index } : null;
}

/**
 * An element in words: `layer 3, output[0, 1, 5, 5]`. Layers count from 1; the input is none, and outputs without an axis besides the
 * batch's are the loss's.
 */
export function refText({ layer, tensor, index }: ElementRef): string {
  if (tensor === "output" && index.length < 2)
    return index.length === 0 ? "loss" : `loss of sample ${index[0]}`;
  const place = `[${index.join(", ")}]`;
  return layer < 0 ? `input${place}` : `layer ${layer + 1} ${tensor}${place}`;
}
