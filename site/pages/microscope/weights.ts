// The weights of a layer as maps: filters of a convolution, the row of a linear layer laid out as its input is.

import type { LayerMap } from "../../engine/protocol.ts";
import type { Cell } from "../../parts/atlas.ts";
import { cellsOf, placeOf, type View } from "./view.ts";

export interface WeightView {
  readonly view: View;
  readonly values: Float32Array;
  /** Maps in a row; as many as fit where it is missing. */
  readonly columns?: number;
  /** Where the first value stands in the weight. */
  readonly offset: number;
  /** What is shown, in words. */
  readonly words: string;
}

/** More filters than that are shown for one output alone. */
const MOST_FILTERS = 512;

/** @param out output map or feature under the cursor; @param inputView how the layer's input is laid out */
export function weightView(map: LayerMap, inputView: View, out: number): WeightView | null {
  if (!map.weight) return null;
  const { shape, values } = map.weight;
  if (shape.length === 4) {
    const [outputs, channels, height, width] = shape;
    const own = channels * height * width;
    if (outputs * channels <= MOST_FILTERS) {
      const view = { maps: outputs * channels, height, width, bars: false, count: values.length };
      const words =
        channels === 1 ? `${outputs} filters` : `${outputs} filters, a row each, of ${channels} channels`;
      return { view, values, columns: channels > 1 ? channels : undefined, offset: 0, words };
    }
    const view = { maps: channels, height, width, bars: false, count: own };
    const words = `the ${channels} channels of filter ${out}`;
    return { view, values: values.subarray(out * own, (out + 1) * own), offset: out * own, words };
  }
  if (shape.length === 2) {
    const features = shape[1];
    const row = values.subarray(out * features, (out + 1) * features);
    const words = `the ${features} weights of feature ${out}, laid out as the layer's input`;
    return { view: inputView, values: cellsOf(row, inputView), offset: out * features, words };
  }
  const view = { maps: 1, height: 1, width: values.length, bars: true, count: values.length };
  return { view, values, offset: 0, words: `${values.length} weights, one a map` };
}

/** Index of a cell in the weight; null for cells that are none. */
export function weightIndex(
  shape: readonly number[],
  { view, offset }: WeightView,
  cell: Cell,
): number[] | null {
  const inView = placeOf(view, cell);
  if (inView >= view.count) return null;
  let place = offset + inView;
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(place % shape[axis]);
    place = Math.floor(place / shape[axis]);
  }
  return index;
}
