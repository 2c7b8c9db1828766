// One position of a sliding window: the patch under it, the products with the filter, and what becomes of them. In float64, from the
// f32 maps; what the GPU got stands beside it on the page.

import type { LayerSpec } from "../../engine/layers.ts";
import type { LayerMap } from "../../engine/protocol.ts";

export type WindowLayer = Extract<LayerSpec, { kind: "conv" | "maxpool" | "avgpool" }>;

export const slides = (layer: LayerSpec | undefined): layer is WindowLayer =>
  layer?.kind === "conv" || layer?.kind === "maxpool" || layer?.kind === "avgpool";

export interface Position {
  /** Output channel, row, column. */
  readonly map: number;
  readonly y: number;
  readonly x: number;
}

export interface WindowSight {
  readonly kernel: number;
  /** Left top of the window on the input, may be negative: padding. */
  readonly top: number;
  readonly left: number;
  /** [kernel, kernel]; 0 in the padding. */
  readonly patch: Float32Array;
  /** Of one channel; null for pooling. */
  readonly filter: Float32Array | null;
  readonly products: Float32Array | null;
  /** Of this channel's products. */
  readonly channelSum: number;
  /** Of all channels. */
  readonly sum: number;
  readonly bias: number;
  /** What the output should be. */
  readonly result: number;
}

/** Filter and patch of one input channel at a position; the sums are over all. */
export function lookThrough(
  layer: WindowLayer,
  input: Pick<LayerMap, "shape" | "values">,
  { weight, bias }: Pick<LayerMap, "weight" | "bias">,
  at: Position,
  channel: number,
): WindowSight {
  const conv = layer.kind === "conv" ? layer : null;
  const [kernel, stride, padding] = [layer.kernel, conv?.stride ?? layer.kernel, conv?.padding ?? 0];
  const [top, left] = [at.y * stride - padding, at.x * stride - padding];
  const patch = patchOf(input, channel, top, left, kernel);
  if (!conv || !weight) {
    const mean = patch.reduce((a, b) => a + b, 0) / patch.length;
    const result = layer.kind === "maxpool" ? Math.max(...patch) : mean;
    const none = { filter: null, products: null, channelSum: result, sum: result, bias: 0, result };
    return { kernel, top, left, patch, ...none };
  }
  const channels = input.shape[0];
  const area = kernel * kernel;
  const filterOf = (c: number) =>
    weight.values.subarray((at.map * channels + c) * area, (at.map * channels + c + 1) * area);
  const sums = Array.from({ length: channels }, (_, c) =>
    dot(c === channel ? patch : patchOf(input, c, top, left, kernel), filterOf(c)),
  );
  const filter = filterOf(channel);
  const sum = sums.reduce((a, b) => a + b, 0);
  const b = bias?.[at.map] ?? 0;
  const products = patch.map((v, i) => v * filter[i]);
  const all = { channelSum: sums[channel], sum, bias: b, result: sum + b };
  return { kernel, top, left, patch, filter, products, ...all };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function patchOf(
  { shape: [, h, w], values }: Pick<LayerMap, "shape" | "values">,
  channel: number,
  top: number,
  left: number,
  kernel: number,
): Float32Array {
  const patch = new Float32Array(kernel * kernel);
  for (let u = 0; u < kernel; u++)
    for (let v = 0; v < kernel; v++) {
      const [y, x] = [top + u, left + v];
      if (y >= 0 && y < h && x >= 0 && x < w) patch[u * kernel + v] = values[(channel * h + y) * w + x];
    }
  return patch;
}

/** The position behind another, row by row; the first one behind the last. */
export function nextPosition({ map, y, x }: Position, [, h, w]: readonly number[]): Position {
  if (x + 1 < w) return { map, y, x: x + 1 };
  return { map, y: y + 1 < h ? y + 1 : 0, x: 0 };
}
