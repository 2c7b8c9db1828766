// A run's folder on disk: where a recipe's files go, and the checkpoint it goes on from.

import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type DataSource, dataReader } from "../data/files.ts";
import { OptionError } from "../gpu/errors.ts";
import type { RecipeFiles } from "../train/recipes/index.ts";
import { writeWhole } from "./files.ts";

const CHECKPOINT = "checkpoint.safetensors";

export class RunFolder implements RecipeFiles {
  constructor(
    private readonly folder: string,
    private readonly from: { readonly resume?: string; readonly data?: string },
  ) {}

  data(source: DataSource): (file: string) => Promise<Uint8Array> {
    return dataReader(source, { dir: this.from.data });
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    writeWhole("--out", join(this.folder, name), content);
  }

  async append(name: string, text: string): Promise<void> {
    appendFileSync(join(this.folder, name), text);
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
