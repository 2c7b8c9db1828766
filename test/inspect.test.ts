// `wgrad inspect`: what the listing says of a step is what the program has, its sums add up, and the command writes it as text,
// JSON, a shader and a Chrome trace.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { count, listingText, short, totalsText, wrap } from "../src/cli/listing_text.ts";
import { memoryText } from "../src/cli/memory_text.ts";
import { aliveAt, chromeTrace } from "../src/gpu/chrome_trace.ts";
import type { Device } from "../src/gpu/device.ts";
import type { ProgramListing } from "../src/gpu/listing.ts";
import { programListing } from "../src/gpu/listing.ts";
import { requestDevice } from "../src/hosts/node.ts";
import { compile } from "../src/tensor/compile.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { type Inspection, inspectStep } from "../src/train/inspect.ts";
import { lenetStep, mlpStep, STEP_NAMES, trainingStep } from "../src/train/recipes/steps.ts";

const root = mkdtempSync(join(tmpdir(), "wgrad-inspect-"));
const at = (name: string) => join(root, name);
afterAll(() => rmSync(root, { recursive: true, force: true }));

let device: Device;
let mlp: Inspection;
beforeAll(async () => {
  device = await requestDevice();
  mlp = await inspectStep(device, mlpStep(), { replays: 3 });
}, 60_000);

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("listing", () => {
  test("is the program's: labels, grids and the text that was compiled", () => {
    const { program, listing } = mlp;
    expect(listing.dispatches.map((d) => d.label)).toEqual(program.dispatches.map((d) => d.label));
    program.dispatches.forEach((d, i) => {
      const listed = listing.dispatches[i]!;
      expect(listing.pipelines[listed.pipeline]!.wgsl).toBe(d.pipeline.code);
      expect(listed).toMatchObject({ at: i, grid: d.grid, kernel: d.kernel });
      expect(listed.bindings.map((b) => b.name)).toEqual(d.bindings.map((b) => b.name));
    });
    expect(listing.memory).toEqual(program.memory);
  });

  test("a product of m x k by k x n is 2 m n k FLOP", () => {
    const gradients = mlp.listing.dispatches.find((d) => d.label === "1/linearGradients")!;
    const shape = (name: string) => gradients.bindings.find((b) => b.name === name)!.shape;
    expect([shape("a"), shape("b"), shape("y")]).toEqual([
      [64, 256],
      [64, 784],
      [256, 784],
    ]);
    expect(gradients.flops).toBe(2 * 64 * 256 * 784);
  });

  test("optional bindings that are not given have no shape and no bytes; params that the host renews say so", () => {
    const { dispatches } = mlp.listing;
    const missing = dispatches.flatMap((d) => d.bindings).filter((b) => !b.given);
    expect(missing.length).toBeGreaterThan(0);
    for (const b of missing) expect(b).toMatchObject({ shape: null, bytes: 0 });
    expect(dispatches.at(-1)!.params.step_size).toBe("host");
    expect(dispatches[0]!.params).toMatchObject({ m: 64, n: 256, k: 784 });
  });

  test("the variant is what differs from the shader's own constants and types", () => {
    const { program, listing } = mlp;
    const first = program.dispatches[0]!;
    const own: Record<string, unknown> = {
      ...first.shader.aliases,
      ...first.shader.consts,
      ...first.shader.overrides,
    };
    const { variant } = listing.dispatches[0]!;
    expect(variant).toMatchObject({ TRANS_B: true, HAS_BIAS: true });
    for (const [name, value] of Object.entries(variant)) expect(value).not.toBe(own[name]);
  });

  test("totals add up", () => {
    const { totals, dispatches, pipelines } = mlp.listing;
    expect(totals).toMatchObject({ dispatches: dispatches.length, pipelines: pipelines.length });
    expect(totals.recorded).toBeGreaterThan(totals.dispatches);
    expect(totals.flops).toBe(sum(dispatches.map((d) => d.flops)));
    expect(totals.bytes).toBe(sum(dispatches.map((d) => d.bytes)));
    if (!device.features.has("timestamp-query")) return;
    expect(totals.ns).toBe(sum(dispatches.map((d) => d.time!.ns)));
  });

  test("times: rates and the nearer roof", (context) => {
    if (!device.features.has("timestamp-query")) return context.skip();
    const { dispatches, roofs } = mlp.listing;
    expect(roofs!.gflops).toBeGreaterThan(0);
    expect(roofs!.gbs).toBeGreaterThan(0);
    for (const { flops, bytes, time } of dispatches) {
      const { ns, gflops, gbs, share, roof } = time!;
      expect([gflops, gbs]).toEqual(ns > 0 ? [flops / ns, bytes / ns] : [0, 0]);
      const [peak, stream] = [gflops / roofs!.gflops, gbs / roofs!.gbs];
      expect(share).toBe(Math.max(peak, stream));
      expect(roof).toBe(peak > stream ? "peak" : "stream");
    }
  });

  test("without profiled replays: no times, all else", () => {
    const { program } = mlp;
    const { dispatches, totals, roofs } = programListing(program);
    expect(dispatches.every((d) => d.time === null)).toBe(true);
    expect([totals.ns, totals.share, roofs]).toEqual([null, null, null]);
    expect(totals.flops).toBe(mlp.listing.totals.flops);
  });

  test("medians are taken dispatch by dispatch", () => {
    const { program } = mlp;
    const runs = [10, 30, 20].map((ns) =>
      program.dispatches.map(({ label, kernel, grid, flops, bytes }, i) => ({
        ...{ label, kernel, grid, flops, bytes, startNs: 0, ns: ns + i },
      })),
    );
    const { dispatches, totals } = programListing(program, { runs });
    expect(dispatches.map((d) => d.time!.ns)).toEqual(dispatches.map((_, i) => 20 + i));
    expect(dispatches[0]!.time).toMatchObject({ roof: null, share: null });
    expect(totals.share).toBeNull();
  });
});

describe("a replay", () => {
  test("is one submit and one pass, and creates nothing", () => {
    const { calls, listing } = mlp;
    const { dispatches } = listing.totals;
    const none = { buffersCreated: 0, bindGroupsCreated: 0 };
    expect(calls).toMatchObject({ submits: 1, passes: 1, dispatches, writes: 3, ...none });
  });

  test("as it was recorded: every dispatch is there", async () => {
    const { listing, calls } = await inspectStep(device, mlpStep(), { fuse: false, replays: 0 });
    expect(listing.totals.dispatches).toBe(listing.totals.recorded);
    expect(listing.totals.recorded).toBe(mlp.listing.totals.recorded);
    expect(calls.dispatches).toBe(listing.totals.recorded);
  });

  test("as a Chrome trace: a box and a count of bytes per dispatch, one after the other", (context) => {
    const { program, replay, listing } = mlp;
    if (!replay) return context.skip();
    const { traceEvents } = JSON.parse(JSON.stringify(chromeTrace(program, replay, "mlp")));
    const boxes = traceEvents.filter((e: { ph: string }) => e.ph === "X");
    expect(boxes.map((b: { name: string }) => b.name)).toEqual(program.dispatches.map((d) => d.label));
    for (let i = 1; i < boxes.length; i++)
      expect(boxes[i].ts).toBeGreaterThanOrEqual(boxes[i - 1].ts + boxes[i - 1].dur - 1e-3);
    const alive = traceEvents.filter((e: { ph: string }) => e.ph === "C");
    expect(Math.max(...alive.map((e: { args: { bytes: number } }) => e.args.bytes))).toBe(
      listing.memory.boundBytes,
    );
  });
});

describe("text", () => {
  test("fits 120 columns and names every dispatch", async () => {
    const { listing, calls } = await inspectStep(device, lenetStep(), { replays: 0 });
    const text = [listingText(listing), totalsText(listing, calls), memoryText(listing)].join("\n");
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(120);
    for (const { label } of listing.dispatches) {
      for (const part of label.split(" + ")) expect(text).toContain(part); // long ones are wrapped
    }
    expect(text).toMatch(/x\[32,1,28,28\] weight\[8,1,5,5\] bias\[8\] -> y\[32,8,\d+,\d+\]/);
  });

  test("of the memory: a row per buffer, and the curve reaches its top", () => {
    const { listing } = mlp;
    const lines = memoryText(listing).split("\n");
    expect(lines).toHaveLength(listing.memory.intervals.length + 2);
    expect(lines.at(-1)).toContain("█");
    expect(Math.max(...listing.dispatches.map((d) => aliveAt(listing.memory, d.at)))).toBe(
      listing.memory.boundBytes,
    );
  });

  test("numbers and lines", () => {
    expect([0, 0.01234, 4.5, 12.34, 123.4, 999.6, 12345].map(short)).toEqual([
      "0",
      "0.012",
      "4.50",
      "12.3",
      "123",
      "1000",
      "12300",
    ]);
    expect([0, 7, 999, 1000, 999_600, 25_706_496].map(count)).toEqual([
      "0",
      "7",
      "999",
      "1.00k",
      "1.00M",
      "25.7M",
    ]);
    expect(wrap("ab cd efghi j", 5)).toEqual(["ab cd", "efghi", "j"]);
  });
});

const require = createRequire(import.meta.url);
const TSX = pathToFileURL(require.resolve("tsx")).href;
const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function inspect(...args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const argv = ["--import", TSX, MAIN, "inspect", ...args];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => {
      out += text;
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("wgrad inspect", () => {
  test("prints the step, and writes JSON and a trace", async () => {
    const files = ["--json", "mlp.json", "--trace", "trace.json"];
    const timed = device.features.has("timestamp-query");
    const { code, out, err } = await inspect("mlp", "--replays", "1", ...(timed ? files : files.slice(0, 2)));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/MLP 784-256-10.*1\/linear \+ 2\/relu.*matmul_quad.*y\[64,256\].*8 of 15 recorded/s);
    const report = JSON.parse(readFileSync(at("mlp.json"), "utf8")) as ProgramListing & { adapter: string };
    expect(Object.keys(report).sort()).toEqual(
      "adapter calls dispatches memory pipelines roofs step title totals tuning".split(" "),
    );
    expect(report.dispatches).toHaveLength(report.totals.dispatches);
    expect(report.pipelines).toHaveLength(report.totals.pipelines);
    for (const d of report.dispatches) expect(report.pipelines[d.pipeline]!.wgsl).toMatch(/@compute/);
    if (!timed) return;
    const { traceEvents } = JSON.parse(readFileSync(at("trace.json"), "utf8"));
    expect(traceEvents.filter((e: { ph: string }) => e.ph === "X")).toHaveLength(report.totals.dispatches);
  });

  test("--wgsl prints the compiled text below its bindings, and nothing else", async () => {
    const { code, out, err } = await inspect("mlp", "--wgsl", "0");
    expect([code, err]).toEqual([0, ""]);
    const { label, bindings, pipeline } = mlp.listing.dispatches[0]!;
    expect(out.startsWith(`// 0: ${label}\n`)).toBe(true);
    for (const { name } of bindings) expect(out).toMatch(new RegExp(`^//   (reads|writes) +${name}: `, "m"));
    expect(out.endsWith(`${mlp.listing.pipelines[pipeline]!.wgsl}\n`)).toBe(true);
  });

  test("--json - leaves the standard output to the JSON", async () => {
    const { code, out } = await inspect("mlp", "--json", "-", "--no-fuse", "--replays", "1");
    expect(code).toBe(0);
    const { totals } = JSON.parse(out) as ProgramListing;
    expect(totals.dispatches).toBe(totals.recorded);
  });

  test.concurrent.each<[string, string[], RegExp]>([
    ["no step", [], /missing required argument 'step'/],
    [
      "an unknown step",
      ["cats"],
      /inspect: step must be one of digits, mlp, lenet, gpt, resnet18, unet, got cats/,
    ],
    ["a line that is no number", ["mlp", "--wgsl", "first"], /--wgsl.*whole number from 0/],
    ["a line beyond the end", ["mlp", "--wgsl", "99"], /--wgsl: must be a line from 0 to 7, got 99/],
    ["a shader and JSON", ["mlp", "--wgsl", "0", "--json", "x"], /--wgsl prints a shader alone/],
    ["a folder as JSON", ["mlp", "--json", "."], /--json: must name a file/],
  ])("%s: one line and exit code 2", async (_, args, message) => {
    const { code, out, err } = await inspect(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});

describe("steps", () => {
  test("each can be made by name", async () => {
    expect(STEP_NAMES).toEqual(["digits", "mlp", "lenet", "gpt", "resnet18", "unet"]);
    for (const name of STEP_NAMES) {
      const { title, inputs } = await trainingStep(name);
      expect(title).toMatch(/Adam/);
      for (const { data, shape } of inputs) expect(data).toHaveLength(shape.reduce((n, s) => n * s, 1));
    }
    await expect(trainingStep("none")).rejects.toThrow(
      /must be one of digits, mlp, lenet, gpt, resnet18, unet, got none/,
    );
  });

  test("learn", async () => {
    const { run, inputs } = mlpStep();
    const step = compile((x: Tensor, y: Tensor) => run(x, y) as Tensor);
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push(await step(...inputs).item());
    expect(losses).toEqual([...losses].sort((a, b) => b - a)); // lower every time
  });
});
