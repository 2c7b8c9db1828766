// What the page draws of a network: the outputs of its layers for one picture, with the weights that made them.

import { INPUT } from "./batches.ts";
import { type LayerSpec, layerText } from "./layers.ts";
import { standardise } from "./pictures.ts";
import type { LayerMap, LayerMaps } from "./protocol.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

interface Seen {
  readonly step: number;
  readonly pixels: Uint8Array;
  /** What a byte becomes. */
  readonly table: Float32Array;
  /** [1, ...] of each layer, f32. */
  readonly outputs: readonly Values[];
  readonly probabilities: ArrayLike<number>;
  /** By name: `0.weight`. */
  readonly weights: ReadonlyMap<string, Values>;
}

export function layerMaps(specs: readonly LayerSpec[], seen: Seen): LayerMaps {
  const values = standardise(seen.pixels, seen.table);
  const input: LayerMap = { layer: -1, text: "input", shape: INPUT, values, weight: null, bias: null };
  const layers = specs.map((spec, layer): LayerMap => {
    const { shape, data } = seen.outputs[layer]!;
    const weight = seen.weights.get(`${layer}.weight`);
    const bias = seen.weights.get(`${layer}.bias`);
    return {
      ...{ layer, text: layerText(spec), shape: shape.slice(1), values: data as Float32Array },
      // Copies: what is kept must not leave with the message.
      weight: weight ? { shape: weight.shape, values: Float32Array.from(weight.data) } : null,
      bias: bias ? Float32Array.from(bias.data) : null,
    };
  });
  return { step: seen.step, layers: [input, ...layers], probabilities: Array.from(seen.probabilities) };
}
