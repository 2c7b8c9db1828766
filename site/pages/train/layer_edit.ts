// Changes of the layer list, each giving a new list. Pure.

import { type LayerKind, type LayerSpec, layersText, PRESETS, parseLayers } from "../../engine/layers.ts";

/** A number of a layer that can be set, with the range that links hold too (engine/layers.ts). */
export interface LayerField {
  readonly name: string;
  readonly label: string;
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
}

const whole = (name: string, low: number, high: number): LayerField => ({
  name,
  label: name,
  low,
  high,
  whole: true,
});

const FIELDS: Readonly<Record<LayerKind, readonly LayerField[]>> = {
  conv: [whole("channels", 1, 256), whole("kernel", 1, 11), whole("stride", 1, 8), whole("padding", 0, 10)],
  maxpool: [{ ...whole("kernel", 2, 16), label: "window" }],
  avgpool: [{ ...whole("kernel", 2, 16), label: "window" }],
  dropout: [{ name: "p", label: "probability", low: 0, high: 0.95, whole: false }],
  linear: [whole("features", 1, 4096)],
  batchnorm: [],
  relu: [],
  gelu: [],
  tanh: [],
  sigmoid: [],
  flatten: [],
};

export const fieldsOf = (layer: LayerSpec): readonly LayerField[] => FIELDS[layer.kind];
export const fieldValue = (layer: LayerSpec, name: string): number =>
  (layer as unknown as Record<string, number>)[name] ?? 0;

const FRESH: Readonly<Partial<Record<LayerKind, string>>> = {
  conv: "conv 8 k3 p1",
  maxpool: "maxpool 2",
  avgpool: "avgpool 2",
  dropout: "dropout 0.25",
  linear: "linear 32",
};

export const freshLayer = (kind: LayerKind): LayerSpec => parseLayers(FRESH[kind] ?? kind)[0]!;

/** In front of the place `at`. */
export const addLayer = (layers: readonly LayerSpec[], kind: LayerKind, at: number): LayerSpec[] =>
  layers.toSpliced(at, 0, freshLayer(kind));

export const removeLayer = (layers: readonly LayerSpec[], at: number): LayerSpec[] => layers.toSpliced(at, 1);

/** By one place up (-1) or down (1); at the ends nothing changes. */
export function moveLayer(layers: readonly LayerSpec[], at: number, by: -1 | 1): LayerSpec[] {
  const to = at + by;
  if (to < 0 || to >= layers.length) return [...layers];
  return layers.toSpliced(at, 1).toSpliced(to, 0, layers[at]!);
}

export const setField = (
  layers: readonly LayerSpec[],
  at: number,
  name: string,
  value: number,
): LayerSpec[] => layers.with(at, { ...layers[at]!, [name]: value } as LayerSpec);

/** The last layer gives as many numbers as there are classes, where it is a linear one. */
export function fitEnd(layers: readonly LayerSpec[], classes: number): LayerSpec[] {
  const last = layers.at(-1);
  return last?.kind === "linear" ? layers.with(-1, { ...last, features: classes }) : [...layers];
}

/** Name of the preset that the list is, but for its number of classes; null: none. */
export function presetOf(layers: readonly LayerSpec[], classes: number): string | null {
  const text = layersText(layers);
  const found = Object.entries(PRESETS).find(
    ([, preset]) => layersText(fitEnd(parseLayers(preset), classes)) === text,
  );
  return found?.[0] ?? null;
}
