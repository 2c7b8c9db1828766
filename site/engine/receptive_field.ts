// The receptive field: which part of an earlier layer's output an element can have been made from, in evaluation mode (a batch norm
// there uses fixed statistics, so it looks at the element alone; in training it sees the whole batch besides).

import type { LayerSpec, SampleShape } from "./layers.ts";

/** Rows and columns [top, left, bottom, right) of a picture. */
export interface Field {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/**
 * The field of an element of layer `layer`'s output on the output of `target` (-1: the input).
 * @param shapes of one sample: of the input first, then behind each layer
 * @param index [c, y, x] or [feature]
 */
export function fieldOn(
  layers: readonly LayerSpec[],
  shapes: readonly SampleShape[],
  layer: number,
  index: readonly number[],
  target = -1,
): Field | null {
  let place: readonly number[] | null = index;
  let field: Field | null = index.length === 3 ? cell(index[1], index[2]) : null;
  for (let l = layer; l > target; l--) {
    const [spec, before] = [layers[l], shapes[l]];
    if (spec.kind === "flatten") {
      if (before.length !== 3) continue;
      field = place ? unflattened(before, place[0]) : whole(before);
    } else if (spec.kind === "linear") {
      place = null;
      field = before.length === 3 ? whole(before) : null;
    } else if (spec.kind === "conv") {
      const { kernel, stride, padding } = spec;
      field = field && clipped(windowOf(field, kernel, stride, padding), before);
    } else if (spec.kind === "maxpool" || spec.kind === "avgpool") {
      field = field && clipped(windowOf(field, spec.kernel, spec.kernel, 0), before);
    }
  }
  // Behind a linear layer everything counts.
  const end = shapes[target + 1];
  return field ?? (end.length === 3 ? whole(end) : null);
}

const cell = (y: number, x: number): Field => ({ top: y, left: x, bottom: y + 1, right: x + 1 });
const whole = ([, h, w]: SampleShape): Field => ({ top: 0, left: 0, bottom: h, right: w });

function unflattened([, h, w]: SampleShape, feature: number): Field {
  const inMap = feature % (h * w);
  return cell(Math.floor(inMap / w), inMap % w);
}

/** What a window of `kernel` cells saw, of all windows of a field; may reach into the padding. */
export function windowOf(field: Field, kernel: number, stride: number, padding: number): Field {
  return {
    top: field.top * stride - padding,
    left: field.left * stride - padding,
    bottom: (field.bottom - 1) * stride - padding + kernel,
    right: (field.right - 1) * stride - padding + kernel,
  };
}

function clipped(field: Field, [, h, w]: SampleShape): Field {
  return {
    top: Math.max(0, field.top),
    left: Math.max(0, field.left),
    bottom: Math.min(h, field.bottom),
    right: Math.min(w, field.right),
  };
}
