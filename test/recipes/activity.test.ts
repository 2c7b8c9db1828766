// The small form of `activity`: both networks do better than the most frequent class; a run that is resumed in a fold ends as one
// that was not stopped.
import { beforeAll, describe, expect, test } from "vitest";
import { BASIC_MOTIONS_SOURCE } from "../../src/data/sets/basic_motions.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { activity } from "../../src/train/recipes/activity.ts";
import { MemoryFiles, missing, recipeOptions } from "./memory_files.ts";

beforeAll(async () => {
  await requestDevice();
});

describe.skipIf(await missing(BASIC_MOTIONS_SOURCE, "BasicMotions_TRAIN.ts"))("activity --small", () => {
  test("better than the most frequent class", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await activity.run(options);
    expect(metrics.accuracy).toBe(Math.min(metrics.accuracyLstm!, metrics.accuracyBigru!));
    expect(metrics.accuracy).toBeGreaterThan(2 * baseline.majority!);
    const page = options.files.text("report.html");
    for (const text of ["CNN + LSTM", "CNN + BiGRU", "fold 2", "nearest class mean"])
      expect(page).toContain(text);
  }, 180_000);

  test("stopped in the second fold and resumed", async () => {
    const form = { small: true, steps: 20 };
    const whole = await activity.run(recipeOptions(form));
    const stop = new AbortController();
    const files = new MemoryFiles();
    const progress = ({ phase }: { phase?: string }) => {
      if (phase === "CNN + LSTM, fold 2") stop.abort();
    };
    const stopped = await activity.run(recipeOptions({ ...form, files, signal: stop.signal, progress }));
    expect(stopped.metrics).toEqual({});
    const resumed = await activity.run(recipeOptions({ ...form, files: new MemoryFiles(files) }));
    expect(resumed.metrics).toEqual(whole.metrics);
    expect(resumed.weightsSha256).toBe(whole.weightsSha256);
  }, 240_000);
});
