// A run folder in memory, for the tests of recipes.

import { type DataSource, dataReader } from "../../src/data/sets/files.ts";
import { currentDevice } from "../../src/gpu/device.ts";
import { OptionError } from "../../src/gpu/errors.ts";
import type { RecipeFiles, RecipeOptions } from "../../src/train/recipes/runner/recipe.ts";

export class MemoryFiles implements RecipeFiles {
  readonly files = new Map<string, Uint8Array | string>();
  compared: { name: string; text: string } | null = null;
  /** Reads data, in place of those on disk. */
  reader: ((source: DataSource) => (file: string) => Promise<Uint8Array>) | undefined;

  constructor(private readonly from?: MemoryFiles) {}

  data(source: DataSource) {
    return (this.reader ?? dataReader)(source);
  }
  async write(name: string, content: Uint8Array | string): Promise<void> {
    this.files.set(name, content);
  }
  async append(name: string, text: string): Promise<void> {
    this.files.set(name, `${(this.files.get(name) as string | undefined) ?? ""}${text}`);
  }
  async read(name: string): Promise<Uint8Array | null> {
    return ((this.files.get(name) ?? this.from?.files.get(name)) as Uint8Array | undefined) ?? null;
  }
  async resume(): Promise<Uint8Array | null> {
    if (!this.from) return null;
    const bytes = this.from.files.get("checkpoint.safetensors") as Uint8Array | undefined;
    if (!bytes) throw new OptionError("there is no checkpoint");
    return bytes;
  }
  async compare() {
    return this.compared;
  }
  text(name: string): string {
    return this.files.get(name) as string;
  }
  /** The lines of metrics.jsonl. */
  lines(): Record<string, unknown>[] {
    return this.text("metrics.jsonl")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}

/** Options of a run on the current device whose lines of log are kept. */
export function recipeOptions(
  more: Partial<RecipeOptions> = {},
): RecipeOptions & { files: MemoryFiles; lines: string[] } {
  const lines: string[] = [];
  return {
    device: currentDevice(),
    files: new MemoryFiles(),
    signal: new AbortController().signal,
    log: (line) => lines.push(line),
    progress: () => {},
    ...more,
    lines,
  } as RecipeOptions & { files: MemoryFiles; lines: string[] };
}

/** Why a data file is not there, or undefined if it is: for `describe.skipIf`, said aloud. */
export async function missing(source: DataSource, file: string): Promise<string | undefined> {
  try {
    await dataReader(source)(file);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.split(" Looked in")[0] : String(error);
    console.warn(`skipped: ${why}`);
    return why;
  }
}
