// `npm run levels [NAME...]`: runs recipes at their default settings, one after another, and writes bench/levels/NAME.json and
// the table of the README. Without names: those whose own sources changed since their file was written, or that have none.
// Fails if a level is missed. `--table` writes the table alone.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { RECIPE_NAMES, recipeName } from "../src/train/recipes/index.ts";
import { bound, holds, LEVELS, levelsTable, type Reached } from "./levels_table.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(ROOT, "bench", "levels");
const README = join(ROOT, "README.md");
const [BEGIN, END] = ["<!-- levels: npm run levels -->", "<!-- /levels -->"];
/** Whose text decides whether a level is to be measured again; the engine below has tests of its own. */
const OWN = ["src/train/recipes", "src/models", "src/data", "src/train/baselines"];

const fileOf = (name: string) => join(FOLDER, `${name}.json`);
const saved = (name: string): Reached | null =>
  existsSync(fileOf(name)) ? (JSON.parse(readFileSync(fileOf(name), "utf8")) as Reached) : null;

/** Hash of the recipe's file and of what it imports, as far as that is its own. Not of the import lines: moving a file to
 * another folder changes no number. Nor of `const SMALL = { ... };`, flat and at the margin: a level is of the defaults. */
function sourcesOf(name: string): string {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file) || !OWN.some((folder) => relative(ROOT, file).startsWith(folder))) return;
    found.add(file);
    for (const [, from] of readFileSync(file, "utf8").matchAll(/ from "(\.[^"]+)"/g))
      visit(resolve(dirname(file), from!));
  };
  visit(join(ROOT, "src/train/recipes", `${name.replaceAll("-", "_")}.ts`));
  const hash = createHash("sha256");
  const texts = [...found].map((file) =>
    readFileSync(file, "utf8")
      .replace(/^(im|ex)port [^;]+? from "[^"]+";\n/gm, "")
      .replace(/^const SMALL = \{[^{}]*\};\n/gm, ""),
  );
  for (const text of texts.sort()) hash.update(text);
  return hash.digest("hex").slice(0, 16);
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
}

/** Trains by the command, in a process of its own, and writes the file of the level. */
function measure(name: string): Reached {
  const json = join(tmpdir(), `wgrad-level-${process.pid}.json`);
  const out = join(ROOT, "runs", "levels", name);
  const args = ["train", name, "--json", json, "--out", out];
  // Two kinds of language models share one report.
  const beside = join(ROOT, "runs", "levels", "char-lstm");
  if (name === "gpt" && existsSync(beside)) args.push("--compare", beside);
  const { status } = spawnSync(process.execPath, [join(ROOT, "dist/cli.js"), ...args], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`levels: wgrad ${args.join(" ")} ended with ${status}`);
  return write(json);
}

/** From the result of a run with its default settings. */
function write(json: string): Reached {
  const result = JSON.parse(readFileSync(json, "utf8")) as Reached;
  const name = recipeName(result.recipe);
  const { metrics, baseline, seconds, seed, adapter, weightsSha256 } = result;
  const commit =
    git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "src", "shaders") ? "+" : "");
  const reached = { recipe: name, commit, sources: sourcesOf(name), adapter, seed, metrics, baseline };
  const all = { ...reached, seconds: Math.round(seconds), weightsSha256 };
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

function writeTable(): void {
  const reached = RECIPE_NAMES.map(saved).filter((r) => r !== null);
  const text = readFileSync(README, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < 0) throw new Error(`levels: README.md has no ${BEGIN} ... ${END}`);
  writeFileSync(README, `${text.slice(0, from + BEGIN.length)}\n${levelsTable(reached)}\n${text.slice(to)}`);
}

/** Lines of what was missed. */
function missed(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const reached = saved(name);
    return (LEVELS[name] ?? [])
      .filter((level) => !reached || !holds(level, reached.metrics))
      .map((level) => `${name}: ${level.metric} ${reached?.metrics[level.metric]}, required ${bound(level)}`);
  });
}

new Command("levels")
  .argument("[names...]", "recipes (default: those whose sources changed)")
  .option(
    "--from <results...>",
    "take runs of `wgrad train NAME --json FILE` at default settings, and run nothing",
  )
  .option("--table", "write the README's table from the files there are, and run nothing")
  .action((given: string[], { table, from = [] }: { table?: boolean; from?: string[] }) => {
    const changed = RECIPE_NAMES.filter((name) => saved(name)?.sources !== sourcesOf(name));
    const taken = from.map((file) => write(file).recipe);
    const names = table || from.length ? [] : given.length ? given.map(recipeName) : changed;
    if (!names.length && !table && !from.length)
      console.log("all levels are of these sources; name a recipe to run it again");
    if (names.length) execFileSync("npm", ["run", "build", "--silent"], { cwd: ROOT, stdio: "inherit" });
    for (const name of names) measure(name);
    writeTable();
    const lines = missed([...taken, ...names]);
    for (const line of lines) console.log(`missed: ${line}`);
    process.exitCode = lines.length ? 1 : 0;
  })
  .parse();
