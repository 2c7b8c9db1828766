// How the numbers of a layer are laid out as maps, and which element of the tensor a cell is.

import type { SampleShape } from "../../engine/layers.ts";
import type { LayerMap } from "../../engine/protocol.ts";
import type { Cell } from "../../parts/atlas.ts";

export interface View {
  readonly maps: number;
  readonly height: number;
  readonly width: number;
  /** A row of numbers, few enough to be drawn as bars. */
  readonly bars: boolean;
  /** Cells that are elements; the rest of the last row is empty. */
  readonly count: number;
}

const MOST_BARS = 128;
const LONGEST_ROW = 64;

/** Of one sample's shape. A flattened picture keeps the layout of `before`, the shape in front of it. */
export function viewOf(shape: SampleShape, before?: SampleShape): View {
  const count = shape.reduce((n, s) => n * s, 1);
  const picture =
    shape.length === 3 ? shape : before?.length === 3 && sizeOf(before) === count ? before : null;
  if (picture) return { maps: picture[0], height: picture[1], width: picture[2], bars: false, count };
  if (count <= MOST_BARS) return { maps: 1, height: 1, width: count, bars: true, count };
  const width = Math.min(LONGEST_ROW, Math.ceil(Math.sqrt(2 * count)));
  return { maps: 1, height: Math.ceil(count / width), width, bars: false, count };
}

const sizeOf = (shape: SampleShape): number => shape.reduce((n, s) => n * s, 1);

/** Place of a cell in the layer's values. */
export const placeOf = ({ height, width }: View, { map, y, x }: Cell): number =>
  (map * height + y) * width + x;

export function cellOf({ height, width }: View, place: number): Cell {
  const [row, x] = [Math.floor(place / width), place % width];
  return { map: Math.floor(row / height), y: row % height, x };
}

/** Index in the tensor of one sample: [c, y, x] or [feature]. */
export function indexOf(shape: SampleShape, view: View, cell: Cell): number[] {
  return shape.length === 3 ? [cell.map, cell.y, cell.x] : [placeOf(view, cell)];
}

/** The values with NaN where the view has cells that are no elements. */
export function cellsOf(values: Float32Array, view: View): Float32Array {
  const cells = view.maps * view.height * view.width;
  if (cells === values.length) return values;
  const padded = new Float32Array(cells).fill(Number.NaN);
  padded.set(values);
  return padded;
}

/** The view of a layer of a list whose first is the input. */
export function viewAt(layers: readonly LayerMap[], layer: number): View {
  return viewOf(layers[layer + 1].shape, layer >= 0 ? pictureBefore(layers, layer) : undefined);
}

/** Shape of the last picture in front of a flattened one: only flatten keeps the count and the order. */
function pictureBefore(layers: readonly LayerMap[], layer: number): SampleShape | undefined {
  for (let l = layer; l >= 0; l--) {
    if (layers[l].shape.length === 3) return layers[l].shape;
    if (layers[l + 1].text.startsWith("linear")) return undefined;
  }
  return undefined;
}
