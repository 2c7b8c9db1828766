// Elements of layers in words.

import type { LayerMap } from "../../engine/protocol.ts";
import { exact } from "../../parts/inspector/numbers.ts";

/** `Layer 1, conv 8 k5 p2`; the input is none. */
export const layerName = ({ layer, text }: Pick<LayerMap, "layer" | "text">): string =>
  layer < 0 ? "Input" : `Layer ${layer + 1}, ${text}`;

/** `Layer 1, conv 8 k5 p2: map 3, row 5, column 7 is 0.25.` */
export function describeCell(
  map: Pick<LayerMap, "layer" | "text">,
  index: readonly number[],
  value: number,
): string {
  const place =
    index.length === 3 ? `map ${index[0]}, row ${index[1]}, column ${index[2]}` : `feature ${index[0]}`;
  return `${layerName(map)}: ${place} is ${exact(value)}.`;
}

/** What a layer does, in a line. */
export function about(text: string): string {
  const kind = text.split(" ")[0];
  return ABOUT[kind] ?? "";
}

const ABOUT: Readonly<Record<string, string>> = {
  conv: "each map is the input seen through one filter",
  batchnorm: "each map shifted and scaled by fixed statistics",
  relu: "what was negative is 0",
  gelu: "what was negative fades to 0",
  tanh: "squeezed into -1 to 1",
  sigmoid: "squeezed into 0 to 1",
  maxpool: "the largest number of each window",
  avgpool: "the mean of each window",
  flatten: "the same numbers in one row",
  dropout: "passes everything on: it drops in training alone",
  linear: "each number is a weighted sum of all in front",
};
