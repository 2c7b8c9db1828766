// What all recipes share: settings, reports, checkpoints, phases, resuming bit by bit, the stop when the loss is no number.

import { beforeAll, describe, expect, test } from "vitest";
import { FormatError, NotFiniteError, OptionError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul, sub } from "../../src/kernels/binary.ts";
import { dropout } from "../../src/kernels/dropout.ts";
import { mean } from "../../src/kernels/reduce.ts";
import { Linear } from "../../src/layers/linear.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { compile } from "../../src/tensor/compile.ts";
import { Generator } from "../../src/tensor/philox.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { LossMean } from "../../src/train/finite.ts";
import type { RecipeOptions, RecipeResult } from "../../src/train/recipes/runner/recipe.ts";
import { RecipeRun } from "../../src/train/recipes/runner/run.ts";
import type { Training } from "../../src/train/recipes/runner/training.ts";
import { MemoryFiles, recipeOptions } from "./memory_files.ts";

beforeAll(async () => {
  await requestDevice();
});

const DEFAULTS = { steps: 60, batch: 8, lr: 0.01, seed: 3 };

/** A line is fitted, with dropout, so that a run draws random numbers. `spoil`: a step whose data are NaN. */
function parts(run: RecipeRun<typeof DEFAULTS>, spoil = -1) {
  const { batch, lr, seed } = run.config;
  const model = new Linear(4, 1);
  const optimizer = new AdamW(model.parameters(), { lr });
  const loss = new LossMean(run.device);
  const step = compile((x: Tensor, y: Tensor) => {
    const error = sub(model.forward(dropout(x, 0.1)), y); // [b, 1]
    const value = mean(mul(error, error));
    optimizer.minimize(value);
    loss.update(value, batch);
  });
  const train = (training: Pick<Training, "train">, steps: number, stop?: { at: number; now: () => void }) =>
    training.train({
      parts: { model, optimizer },
      steps,
      samples: batch,
      means: { loss },
      watch: { every: 30, run: async (at) => ({ half: at / 2 }) },
      step: (i) => {
        if (i === stop?.at) stop.now();
        const x = new Generator(seed).fork(i).uniform(batch * 4);
        const y = Float32Array.from({ length: batch }, (_, k) => 3 * x[4 * k]! - x[4 * k + 1]!);
        if (i === spoil) y[0] = Number.NaN;
        step({ data: x, shape: [batch, 4] }, { data: y, shape: [batch, 1] });
      },
    });
  return { model, train };
}

interface Told {
  stop?: { at: number; now: () => void };
  spoil?: number;
}

async function line(options: RecipeOptions, { stop, spoil }: Told = {}): Promise<RecipeResult> {
  const run = await RecipeRun.open("line", options, DEFAULTS, { steps: 20 });
  const { model, train } = parts(run, spoil);
  const done = await train(run, run.config.steps, stop);
  if (done.aborted) return run.unfinished(model, done.step);
  return run.finish(model, done.step, {
    metrics: { slope: 3 },
    baseline: { slope: 0 },
    report: {
      title: "A line",
      summary: "fitted",
      comparison: [
        { name: "this run", values: { slope: 3 } },
        { name: "nothing", values: { slope: 0 } },
      ],
    },
  });
}

/** Two trainings, the second stopped if asked. */
async function two(
  options: RecipeOptions,
  { stop }: Told = {},
): Promise<{ result: RecipeResult; ran: string[] }> {
  const run = await RecipeRun.open("two", options, DEFAULTS, {});
  const ran: string[] = [];
  let last = parts(run);
  const found: number[] = [];
  for (const name of ["first", "second"]) {
    const value = await run.phase(name, async (training) => {
      ran.push(name);
      last = parts(run);
      const done = await last.train(training, 40, name === "second" ? stop : undefined);
      if (name === "first") await run.saveWeights("first", last.model);
      return { steps: done.step, kept: name };
    });
    if (run.aborted) return { result: await run.unfinished(last.model, 0), ran };
    found.push(value.steps);
  }
  expect(await run.loadWeights("first", parts(run).model)).toBe(true);
  expect(await run.loadWeights("third", parts(run).model)).toBe(false);
  const report = { title: "Two", summary: "" };
  return { result: await run.finish(last.model, found[0]! + found[1]!, { metrics: {}, report }), ran };
}

function stopping(at: number): { signal: AbortSignal; told: Told } {
  const controller = new AbortController();
  return { signal: controller.signal, told: { stop: { at, now: () => controller.abort() } } };
}

describe("a run", () => {
  test("reports, judges, saves, and tells itself beside its baseline", async () => {
    const options = recipeOptions();
    const result = await line(options);
    expect(result).toMatchObject({ metrics: { slope: 3 }, baseline: { slope: 0 }, steps: 60, seed: 3 });
    const steps = options.files.lines().filter((l) => l.kind === "step");
    expect(steps.map((l) => l.step)).toEqual([25, 50, 60]);
    expect(steps.at(-1)!.loss as number).toBeLessThan(steps[0]!.loss as number);
    const judged = options.files.lines().filter((l) => l.kind === "judged");
    expect(judged).toEqual([
      { kind: "judged", step: 30, values: { half: 15 } },
      { kind: "judged", step: 60, values: { half: 30 } },
    ]);
    const html = options.files.text("report.html");
    for (const text of [
      "Beside the baselines",
      "nothing",
      'id="loss-summary"',
      'id="half-summary"',
      'id="lr-summary"',
    ])
      expect(html).toContain(text);
    expect(options.lines.at(-1)).toBe("slope 3; baseline: slope 0");
  });

  test("two runs of one seed are the same, of another not", async () => {
    const [a, b, c] = [
      await line(recipeOptions()),
      await line(recipeOptions()),
      await line(recipeOptions({ seed: 4 })),
    ];
    expect(a.weightsSha256).toBe(b.weightsSha256);
    expect(a.weightsSha256).not.toBe(c.weightsSha256);
  });

  test("stopped and resumed: the weights and lines of the straight run", async () => {
    const straight = recipeOptions();
    const { weightsSha256 } = await line(straight);
    const { signal, told } = stopping(33);
    const half = recipeOptions({ signal });
    expect((await line(half, told)).steps).toBe(34);
    const resumed = recipeOptions({ files: new MemoryFiles(half.files) });
    const result = await line(resumed);
    expect(result).toMatchObject({ steps: 60, weightsSha256 });
    expect(resumed.lines[0]).toBe("resumed at step 34");
    expect(resumed.files.lines().filter((l) => l.kind === "judged")).toHaveLength(2);
  });

  test("its small form, and settings given", async () => {
    expect((await line(recipeOptions({ small: true }))).steps).toBe(20);
    expect((await line(recipeOptions({ small: true, steps: 7 }))).steps).toBe(7);
  });

  test("drawn beside another run", async () => {
    const other = recipeOptions({ seed: 9 });
    await line(other);
    const files = new MemoryFiles();
    files.compared = { name: "other", text: other.files.text("metrics.jsonl") };
    await line(recipeOptions({ files }));
    const html = files.text("report.html");
    expect(html).toContain("this run");
    expect(html).toMatch(/<li class="strong tone1">other<\/li>/);
  });
});

describe("a run of phases", () => {
  test("stopped in the second and resumed: the first is not run again, the weights are the same", async () => {
    const straight = await two(recipeOptions());
    expect(straight.ran).toEqual(["first", "second"]);
    const { signal, told } = stopping(10);
    const half = recipeOptions({ signal });
    await two(half, told);
    const resumed = recipeOptions({ files: new MemoryFiles(half.files) });
    const { result, ran } = await two(resumed);
    expect(ran).toEqual(["second"]);
    expect(resumed.lines[0]).toBe("resumed second at step 11");
    expect(result.weightsSha256).toBe(straight.result.weightsSha256);
    expect(result.steps).toBe(80);
    expect(resumed.files.text("report.html")).toMatch(/<li class="strong tone1">second<\/li>/);
  });

  test("one that trains twice is refused: a checkpoint could not tell where it stands", async () => {
    const run = await RecipeRun.open("line", recipeOptions(), DEFAULTS, {});
    const { train } = parts(run);
    await train(run, 1);
    await expect(train(run, 1)).rejects.toThrow(UsageError);
  });
});

describe("refused and stopped", () => {
  test("a loss that is no number: the step, the tensor, the last good checkpoint", async () => {
    const error = await line(recipeOptions({ steps: 400 }), { spoil: 236 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NotFiniteError);
    expect(error).toMatchObject({ step: 237, label: "weight" });
    expect((error as Error).message).toMatch(
      /line: the loss of step 237 is not finite; .* first is weight.*last good checkpoint is of step 200, in checkpoint\.safetensors/,
    );
    const early = line(recipeOptions(), { spoil: 0 });
    await expect(early).rejects.toThrow(/loss of step 1 .* no checkpoint was saved before/);
  });

  test("settings that the recipe does not have, or that differ from the run to resume", async () => {
    await expect(line(recipeOptions({ epochs: 2 }))).rejects.toThrow(
      /--epochs: the recipe line has no such setting; it has --steps, /,
    );
    const first = recipeOptions({ steps: 30 });
    await line(first);
    const resumed = (more: Partial<RecipeOptions>) =>
      line(recipeOptions({ files: new MemoryFiles(first.files), ...more }));
    await expect(resumed({ lr: 1 })).rejects.toThrow(OptionError);
    await expect(two(recipeOptions({ files: new MemoryFiles(first.files) }))).rejects.toThrow(FormatError);
    expect((await resumed({ steps: 30 })).steps).toBe(30);
  });
});
