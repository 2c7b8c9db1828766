// A run's folder on disk: where a recipe's files go, and the checkpoint it goes on from.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type DataSource, dataReader } from "../data/files.ts";
import { OptionError } from "../gpu/errors.ts";
import type { RecipeFiles } from "../train/recipes/index.ts";
import { appendText, writeWhole } from "./files.ts";

const CHECKPOINT = "checkpoint.safetensors";

export class RunFolder implements RecipeFiles {
  constructor(
    private readonly folder: string,
    private readonly from: { readonly resume?: string; readonly data?: string },
  ) {}

  data(source: DataSource): (file: string) => Promise<Uint8Array> {
    const { data } = this.from;
    if (data === undefined) return dataReader(source);
    // A named folder is the only place: a missing file must not quietly come from another copy of the data set.
    return dataReader({ ...source, package: undefined }, { dir: data, env: {}, cwd: data });
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    writeWhole("--out", join(this.folder, name), content);
  }

  async append(name: string, text: string): Promise<void> {
    appendText("--out", join(this.folder, name), text);
  }

  async resume(): Promise<Uint8Array | null> {
    const { resume } = this.from;
    if (resume === undefined) return null;
    const file = statSync(resume).isDirectory() ? join(resume, CHECKPOINT) : resume;
    try {
      return readFileSync(file);
    } catch {
      throw new OptionError(`--resume: there is no checkpoint ${file}`);
    }
  }
}
