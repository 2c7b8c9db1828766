// What the page knows of the engine and of the run, as signals: the one store of all pages. It follows the worker's events.

import { batch, signal } from "@preact/signals";
import { call, EngineError, on } from "./client.ts";
import type {
  AdapterReport,
  CurvePoint,
  Opened,
  Progress,
  RunConfig,
  RunInfo,
  ValidationPoint,
} from "./protocol.ts";

/** null until the worker has answered. */
export const opened = signal<Opened | null>(null);
export const info = signal<RunInfo | null>(null);
/** The last message of the run; null before the first. */
export const progress = signal<Progress | null>(null);
export const points = signal<readonly CurvePoint[]>([]);
export const validation = signal<readonly ValidationPoint[]>([]);
/** What went wrong, where no page shows it nearer to its cause. */
export const fault = signal<string | null>(null);
/** Curves of earlier runs, to lay under the present one. */
export interface PastRun {
  readonly name: string;
  readonly config: RunConfig;
  readonly points: readonly CurvePoint[];
  readonly validation: readonly ValidationPoint[];
}
export const past = signal<readonly PastRun[]>([]);

const MOST_PAST = 5;
let kept = 0;
let opening: Promise<Opened> | null = null;

/** Asks for a device, once. `light`: the engine is not needed yet. */
export function open(light = false): Promise<Opened> {
  opening ??= call("open", light).then(
    (answer) => (opened.value = answer),
    (error: unknown) => (opened.value = { ok: false, why: "failed", detail: sentence(error) }),
  );
  return opening;
}

/** Starts a run, paused at step 0; the one before stays as a curve. Rejects with EngineError where the config does not fit. */
export async function start(config: RunConfig): Promise<RunInfo> {
  await open();
  const fresh = await call("start", config);
  batch(() => {
    keepPast();
    info.value = fresh;
    clear();
  });
  return fresh;
}

/** Back to step 0 of the same run. */
export async function reset(): Promise<void> {
  const fresh = await call("reset");
  batch(() => {
    keepPast();
    info.value = fresh;
    clear();
  });
}

/** Runs what may fail, and says so in `fault`. */
export async function attempt(task: () => Promise<unknown>): Promise<void> {
  try {
    fault.value = null;
    await task();
  } catch (error) {
    fault.value = sentence(error);
  }
}

export function sentence(error: unknown): string {
  if (error instanceof EngineError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function clear(): void {
  progress.value = null;
  points.value = [];
  validation.value = [];
}

function keepPast(): void {
  if (!info.value || points.value.length === 0) return;
  const run = { name: `run ${++kept}`, config: info.value.config };
  const curves = { points: points.value, validation: validation.value };
  past.value = [...past.value, { ...run, ...curves }].slice(-MOST_PAST);
}

on("progress", (message) =>
  batch(() => {
    progress.value = message;
    if (message.points.length > 0) points.value = upTo(points.value, message.points);
    if (message.validation.length > 0) validation.value = upTo(validation.value, message.validation);
  }),
);

on("recovered", ({ adapter }) => {
  opened.value = { ok: true, adapter };
});

/** New points behind the old ones; what lies at or behind the first new one was undone by a recovery. */
function upTo<T extends { readonly step: number }>(old: readonly T[], fresh: readonly T[]): readonly T[] {
  const from = fresh[0]!.step;
  return [...(old.at(-1) && old.at(-1)!.step >= from ? old.filter((p) => p.step < from) : old), ...fresh];
}

export type { AdapterReport };
