// A tuning table: which variant of a kernel family runs a class of shapes on one adapter, as plain JSON. Found by measurement
// (`wgrad tune`, `requestDevice({ autotune: true })`); what it does not name runs by the committed defaults of the plans in
// src/kernels. How it is asked: tuning.ts.

import type { AdapterSummary } from "./adapter_summary.ts";
import { FormatError } from "./errors.ts";

/** Raised whenever a default choice or the meaning of a variant's name changes: a test holds the choices against it. */
export const DEFAULTS_VERSION = 2;
/** Of the JSON form. */
const VERSION = 1;
const FORMAT = "wgrad-tuning";

/** The entry of a class that was measured, and whose default stood. */
export const DEFAULT = "default";

/** Family, then class of shapes -> name of the variant. */
export type TuningEntries = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface TuningTable {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** Version of the defaults that it was measured against. */
  readonly defaults: number;
  /** The adapter that was measured (`adapterKey`); null: for any. */
  readonly adapter: string | null;
  readonly entries: TuningEntries;
}

/** Who an adapter is, in tables. */
export function adapterKey({ vendor, architecture, description }: AdapterSummary): string {
  return [vendor, architecture, description].filter(Boolean).join(" ") || "unknown adapter";
}

/** A table of the engine as it is now. `adapter` null: for any. */
export function tuningTable(entries: TuningEntries, adapter: string | null = null): TuningTable {
  return { format: FORMAT, version: VERSION, defaults: DEFAULTS_VERSION, adapter, entries };
}

/** Throws FormatError for what is no tuning table, saying what is wrong. `name` stands in the message. */
export function checkTuningTable(name: string, value: unknown): TuningTable {
  const fail = (what: string): never => {
    throw new FormatError(`${name}: ${what}`);
  };
  if (!isObject(value) || value.format !== FORMAT) return fail(`is no tuning table: format is not ${FORMAT}`);
  const { version, defaults, adapter, entries } = value;
  if (version !== VERSION) fail(`version ${String(version)} is not known, this is ${VERSION}`);
  if (!Number.isInteger(defaults)) fail(`defaults must be a whole number, is ${String(defaults)}`);
  if (adapter !== null && typeof adapter !== "string") fail("adapter must be a text or null");
  if (!isObject(entries)) return fail("entries must be an object");
  for (const [family, classes] of Object.entries(entries)) {
    if (!isObject(classes)) return fail(`entries of ${family} must be an object`);
    for (const [shapeClass, variant] of Object.entries(classes)) {
      if (typeof variant !== "string") fail(`the variant of ${family} ${shapeClass} must be a text`);
    }
  }
  return value as unknown as TuningTable;
}

/** A table from its text. Throws FormatError. */
export function parseTuningTable(name: string, text: string): TuningTable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${name}: is not JSON`, { cause });
  }
  return checkTuningTable(name, value);
}

/** Sorted, so that equal tables have equal texts. */
export function tuningText(table: TuningTable): string {
  const entries = Object.fromEntries(
    sorted(table.entries).map(([family, classes]) => [family, Object.fromEntries(sorted(classes))]),
  );
  return `${JSON.stringify({ ...table, entries }, null, 2)}\n`;
}

/**
 * Eight hex digits that are equal for equal choices: of the defaults' version and of every entry that departs from the
 * defaults.
 */
export function tuningHash(entries: TuningEntries): string {
  let text = `defaults ${DEFAULTS_VERSION}`;
  for (const [family, classes] of sorted(entries)) {
    for (const [shapeClass, variant] of sorted(classes)) {
      if (variant !== DEFAULT) text += `\n${family}\t${shapeClass}\t${variant}`;
    }
  }
  return textHash(text);
}

/** FNV-1a of 32 bits, eight hex digits. */
export function textHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function sorted<V>(record: Readonly<Record<string, V>>): [string, V][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
