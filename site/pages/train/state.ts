// What the Train page holds beside the run itself: it outlives the page, as the run does.

import { computed, effect, signal } from "@preact/signals";
import { checkLayers } from "../../engine/layers.ts";
import type { Confusion, KernelTime, RunConfig, RunState } from "../../engine/protocol.ts";
import { info, opened, progress } from "../../engine/session.ts";
import { hashOf } from "../../frame/hash.ts";
import { keepConfig, route } from "../../frame/route.ts";
import type { Dropped } from "../../parts/drop_pictures.tsx";
import type { Skipped } from "../../parts/picture_files.ts";

export interface OwnSet {
  readonly classes: readonly string[];
  /** Pictures of each class. */
  readonly counts: readonly number[];
  /** The first of each class, [28, 28]. */
  readonly examples: readonly Uint8Array[];
  readonly skipped: readonly Skipped[];
}

/** Own pictures that the worker has. */
export const own = signal<OwnSet | null>(null);
/** Other own pictures than those of the run. */
export const ownIsNew = signal(false);
/** What was dropped on the page beside the place for it. */
export const dropped = signal<Dropped | null>(null);
export const confusion = signal<Confusion | null>(null);
export const kernels = signal<readonly KernelTime[] | null>(null);
/** The rate that was set by hand in this run; null: that of its config. */
export const rate = signal<number | null>(null);
export const drawing = signal<Uint8Array>(new Uint8Array(28 * 28));

/** The settings on screen are those of the address. */
export const settings = computed(() => route.value.config);
export const change = (part: Partial<RunConfig>): void => keepConfig({ ...settings.value, ...part });

/** How many classes a model for these settings tells apart. */
export const classCount = computed(() => {
  if (settings.value.data === "mnist") return 10;
  if (own.value) return own.value.classes.length;
  const last = settings.value.layers.at(-1);
  return last?.kind === "linear" ? last.features : 10; // not known before the pictures are
});

export const checked = computed(() => checkLayers(settings.value.layers, [1, 28, 28], classCount.value));

/** Why these settings cannot be run; null if they can. */
export const blocked = computed<string | null>(() => {
  const gpu = opened.value;
  if (gpu && !gpu.ok) return "There is no GPU to train on: see the message at the top.";
  if (settings.value.data === "own" && !own.value)
    return "These settings are for own pictures, which a link cannot hold: drop them below, or choose MNIST.";
  return checked.value.fault && `The layers do not fit: ${checked.value.fault}.`;
});

export const state = computed<RunState>(() => progress.value?.state ?? "paused");

/** The run on screen has other settings than the form. */
export const differs = computed(() => {
  const run = info.value;
  return run !== null && (ownIsNew.value || hashOf("train", run.config) !== hashOf("train", settings.value));
});

// What was measured belongs to one run.
let measured = info.peek();
effect(() => {
  if (info.value === measured) return;
  measured = info.value;
  confusion.value = null;
  kernels.value = null;
  rate.value = null;
});
