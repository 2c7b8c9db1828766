// The receptive field of an output element: the rectangle of the input picture that it can see, [top, left, bottom, right).

import type { LayerSpec } from "../layers.ts";
import { indexOf, placeOf } from "./places.ts";
import type { Tensors } from "./tensors.ts";

export type Field = readonly [number, number, number, number];

/** Batch norm sees the whole batch besides, through mean and variance; this is the part that belongs to the sample. */
export function fieldOf(t: Tensors, layer: number, index: readonly number[]): Field {
  if (layer < 0 && index.length === 4) return [index[2], index[3], index[2] + 1, index[3] + 1];
  let field: Field | null = index.length === 4 ? [index[2], index[3], index[2] + 1, index[3] + 1] : null;
  for (let l = layer; l >= 0; l--) {
    const [, , h = 0, w = 0] = t.shape(l - 1);
    const spec = t.step.layers[l];
    if (spec.kind === "flatten" && !field && t.shape(l - 1).length === 4) {
      const [, , y, x] = indexOf(t.shape(l - 1), placeOf(t.shape(l), index));
      field = [y, x, y + 1, x + 1];
    } else if (spec.kind === "linear") return whole(t);
    else if (field) field = through(spec, field, h, w);
  }
  return field ?? whole(t);
}

function whole(t: Tensors): Field {
  const [, , h, w] = t.shape(-1);
  return [0, 0, h, w];
}

function through(spec: LayerSpec, [top, left, bottom, right]: Field, h: number, w: number): Field {
  if (spec.kind !== "conv" && spec.kind !== "maxpool" && spec.kind !== "avgpool")
    return [top, left, bottom, right];
  const { kernel } = spec;
  const { stride, padding } = spec.kind === "conv" ? spec : { stride: kernel, padding: 0 };
  const first = (i: number) => Math.max(0, i * stride - padding);
  const last = (i: number, size: number) => Math.max(0, Math.min(size, (i - 1) * stride - padding + kernel));
  return [first(top), first(left), last(bottom, h), last(right, w)];
}
