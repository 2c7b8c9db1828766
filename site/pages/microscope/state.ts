// What the microscope looks at: the picture, the maps of one step, the element under the cursor. The page's parts share it.

import { computed, signal } from "@preact/signals";
import { call } from "../../engine/client.ts";
import { checkLayers, type SampleShape } from "../../engine/layers.ts";
import type { ElementRef, LayerMaps, PictureRef } from "../../engine/protocol.ts";
import { type Field, fieldOn } from "../../engine/receptive_field.ts";
import { info, sentence } from "../../engine/session.ts";
import type { Cell } from "../../parts/atlas.ts";
import { FIRST, type StoredPicture } from "./picture_query.ts";
import { indexOf, placeOf, viewAt } from "./view.ts";

export const stored = signal<StoredPicture>(FIRST);
/** Drawn by hand; null: the stored one. */
export const drawn = signal<Uint8Array | null>(null);
/** The maps that are shown; null before the first. */
export const shown = signal<LayerMaps | null>(null);
/** A kept step that is looked at; null: the run as it is. */
export const past = signal<number | null>(null);
export const kept = signal<readonly number[]>([]);
/** Why there are no new maps. */
export const failed = signal<string | null>(null);

/** The element under the cursor; `layer` -1 is the input. */
export const cursor = signal<{ readonly layer: number; readonly cell: Cell }>({
  layer: 0,
  cell: { map: 0, y: 0, x: 0 },
});
/** The layer whose details are open. */
export const chosen = signal(0);
/** An input channel of the sliding window. */
export const channel = signal(0);
/** The window slides over the chosen layer by itself: it takes the cursor along. */
export const sliding = signal(false);

export const picture = computed<PictureRef>(() => (drawn.value ? { drawn: drawn.value } : stored.value));

/** Shapes of one sample: the input's, then behind each layer. */
export const shapes = computed<readonly SampleShape[]>(() => {
  if (!info.value) return [];
  const { config, inputShape, classes } = info.value;
  const { layers } = checkLayers(config.layers, inputShape, classes.length);
  return [inputShape, ...layers.map((l) => l.output ?? [])];
});

export interface Looked {
  /** Of one sample. */
  readonly index: readonly number[];
  readonly value: number;
  readonly text: string;
  readonly ref: ElementRef;
}

/** The element under the cursor, with its value; null while there are no maps. */
export const looked = computed<Looked | null>(() => {
  const layers = shown.value?.layers;
  const { layer, cell } = cursor.value;
  const map = layers?.[layer + 1];
  if (!layers || !map) return null;
  const view = viewAt(layers, layer);
  const place = placeOf(view, cell);
  if (place >= view.count) return null;
  const index = indexOf(map.shape, view, cell);
  const ref: ElementRef = { layer, tensor: "output", index: [0, ...index] };
  return { index, value: map.values[place], text: map.text, ref };
});

/** The receptive field of the element under the cursor. */
export const field = computed<Field | null>(() => {
  const at = looked.value;
  if (!at || !info.value || shapes.value.length <= cursor.value.layer + 1) return null;
  return fieldOn(info.value.config.layers, shapes.value, cursor.value.layer, at.index);
});

let busy: Promise<void> | null = null;
let again = false;

/** Nothing is under way: a timer that asks sooner would keep the device busy with maps alone. */
export const idle = (): boolean => busy === null;

/** Fetches the maps; asked for while one is under way, it is done once more behind it. */
export function refresh(): Promise<void> {
  if (busy) {
    again = true;
    return busy;
  }
  busy = fetchMaps().finally(() => {
    busy = null;
    if (again) {
      again = false;
      return refresh();
    }
  });
  return busy;
}

async function fetchMaps(): Promise<void> {
  try {
    const [what, step] = [picture.peek(), past.peek()];
    const maps = await (step === null ? call("maps", what) : call("mapsAt", what, step));
    kept.value = await call("history");
    shown.value = maps;
    failed.value = null;
  } catch (error) {
    failed.value = sentence(error);
  }
}
