// `requestDevice({ autotune })` and `{ tuning }` on every host: checks the options, loads the adapter's table from the host's
// store, and keeps what is measured there. The stores: tuning_file.ts (Node), tuning_database.ts (browsers), tuning_deno.ts.

import type { Device } from "../gpu/device.ts";
import { OptionError, WgradError } from "../gpu/errors.ts";
import type { MetClass } from "../gpu/tuning.ts";
import {
  adapterKey,
  checkTuningTable,
  DEFAULTS_VERSION,
  parseTuningTable,
  type TuningEntries,
  textHash,
  tuningTable,
  tuningText,
} from "../gpu/tuning_table.ts";
import { checkEntries } from "../kernels/tuning_names.ts";
import type { RequestOptions } from "./adapter.ts";

/** Where a host keeps tables: one text an adapter. */
export interface TuningStore {
  /** Where the table of this adapter is, for people. */
  place(adapter: string): string;
  /** Null if there is none, or it may not be read. */
  load(adapter: string): Promise<string | null>;
  /** Throws if that is not possible. */
  save(adapter: string, text: string): Promise<void>;
}

/** Tables that live as long as their device. */
export const inMemory: TuningStore = {
  place: () => "memory",
  load: async () => null,
  save: async () => {},
};

/** Throws OptionError and FormatError, before any adapter is asked. */
export function checkTuningOptions({ tuning, autotune }: RequestOptions): void {
  if (tuning === undefined) return;
  if (autotune)
    throw new OptionError("requestDevice: tuning pins a table and autotune measures one: give one of them");
  checkEntries("requestDevice: tuning", checkTuningTable("requestDevice: tuning", tuning).entries);
}

/** Loads the adapter's table and has the device measure what is missing in it, as `prepare` and `tune` meet it. */
export async function beginAutotune(
  device: Device,
  store: TuningStore,
  warn: (line: string) => void = console.warn,
): Promise<void> {
  const entries = await loadEntries(device, store, warn);
  if (entries) device.tuning.add(entries);
  let failed = false;
  device.tuning.start(async (on: Device, met: readonly MetClass[]) => {
    const { measureClasses } = await import("../kernels/tuning.ts");
    const measured = await measureClasses(on, met);
    try {
      await keepEntries(on, store, measured);
    } catch (error) {
      if (!failed) warn(`wgrad: the tuning table is not kept: ${(error as Error).message}`);
      failed = true;
    }
    return measured;
  });
}

/** The stored entries of a device's adapter; null, with a word why, where they cannot be used. */
export async function loadEntries(
  device: Device,
  store: TuningStore,
  warn: (line: string) => void = console.warn,
): Promise<TuningEntries | null> {
  const adapter = adapterKey(device.adapter);
  const place = store.place(adapter);
  const text = await store.load(adapter);
  if (text === null) return null;
  try {
    const table = parseTuningTable(place, text);
    if (table.adapter !== adapter)
      throw new OptionError(`${place}: was measured on ${table.adapter}, this is ${adapter}`);
    if (table.defaults !== DEFAULTS_VERSION) return null; // of other kernels: measured anew
    checkEntries(place, table.entries);
    return table.entries;
  } catch (error) {
    if (!(error instanceof WgradError)) throw error;
    warn(`wgrad: the default kernels are used: ${error.message}`);
    return null;
  }
}

/** Adds to what is stored, which another process may have added to meanwhile. Returns where. */
export async function keepEntries(
  device: Device,
  store: TuningStore,
  measured: TuningEntries,
): Promise<string> {
  const adapter = adapterKey(device.adapter);
  const merged: Record<string, Record<string, string>> = {};
  for (const entries of [(await loadEntries(device, store, () => {})) ?? {}, measured]) {
    for (const [family, classes] of Object.entries(entries))
      merged[family] = { ...merged[family], ...classes };
  }
  await store.save(adapter, tuningText(tuningTable(merged, adapter)));
  return store.place(adapter);
}

/** A name for files and keys: the adapter's words, and a hash that tells apart what they do not. */
export function slug(adapter: string): string {
  const words = adapter.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `${words.slice(0, 48).replace(/^-+|-+$/g, "")}-${textHash(adapter)}`;
}
