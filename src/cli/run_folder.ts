// A run's folder on disk: where a recipe's files go, the checkpoint it goes on from, and the run it is compared with.

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type DataSource, dataReader } from "../data/sets/files.ts";
import { OptionError } from "../gpu/errors.ts";
import type { RecipeFiles } from "../train/recipes/index.ts";
import { CHECKPOINT, METRICS } from "../train/recipes/runner/journal.ts";
import { appendText, writeWhole } from "./files.ts";

interface Paths {
  readonly resume?: string;
  readonly data?: string;
  readonly compare?: string;
}

export class RunFolder implements RecipeFiles {
  constructor(
    private readonly folder: string,
    private readonly from: Paths,
  ) {}

  data(source: DataSource): (file: string) => Promise<Uint8Array> {
    const { data } = this.from;
    if (data === undefined) return dataReader(source, { download: true });
    // A named folder is the only place: a missing file must not quietly come from another copy of the data set.
    return dataReader(source, { dir: data, only: true });
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    writeWhole("--out", join(this.folder, name), content);
  }

  async append(name: string, text: string): Promise<void> {
    appendText("--out", join(this.folder, name), text);
  }

  async read(name: string): Promise<Uint8Array | null> {
    const { resume } = this.from;
    const before = resume && (statSync(resume).isDirectory() ? resume : dirname(resume));
    for (const folder of [this.folder, before]) {
      if (folder && existsSync(join(folder, name))) return readFileSync(join(folder, name));
    }
    return null;
  }

  async compare(): Promise<{ name: string; text: string } | null> {
    const { compare } = this.from;
    if (compare === undefined) return null;
    const file = statSync(compare).isDirectory() ? join(compare, METRICS) : compare;
    try {
      return { name: basename(dirname(resolve(file))), text: readFileSync(file, "utf8") };
    } catch {
      throw new OptionError(`--compare: there is no ${METRICS} of a run at ${file}`);
    }
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
