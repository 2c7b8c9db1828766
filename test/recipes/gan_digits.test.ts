// `gan-digits` and `cgan-digits` in their small form: the critic's loss falls, and the averaged weights are
// part of a checkpoint.
import { beforeAll, describe, expect, test } from "vitest";
import { MNIST_SOURCE } from "../../src/data/sets/files.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { cganDigits } from "../../src/train/recipes/cgan_digits.ts";
import { ganDigits } from "../../src/train/recipes/gan_digits.ts";
import { MemoryFiles, missing, recipeOptions } from "./memory_files.ts";

beforeAll(async () => {
  await requestDevice();
});

/** The critic's loss before it has learnt anything. */
const START = 2 * Math.log(2);

/** The critic's loss over the last steps. */
function lastLoss(files: MemoryFiles): number {
  return files.lines().findLast((e) => e.kind === "step" && e.phase === "GAN")!.loss as number;
}

describe.skipIf(await missing(MNIST_SOURCE, "train-images-idx3-ubyte"))("GANs of digits", () => {
  test("a DCGAN: after seconds the loss has fallen, and the page has its parts", async () => {
    const options = recipeOptions({ small: true });
    const { metrics } = await ganDigits.run(options);
    expect(lastLoss(options.files)).toBeLessThan(START - 0.4);
    expect(metrics.frechetRatio).toBeLessThan(1);
    expect(metrics.realFrechetRatio).toBeLessThan(0.1);
    expect(metrics.judgeAccuracy).toBeGreaterThan(0.7);
    const html = options.files.text("report.html");
    for (const id of ["time", "between", "comparison"]) expect(html).toContain(`<h2 id="${id}">`);
    expect(html).toContain("a Gaussian over pixels for each digit");
  });

  test("asked for a digit; a run that was stopped goes on to the same weights", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, weightsSha256 } = await cganDigits.run(options);
    expect(lastLoss(options.files)).toBeLessThan(START - 0.2);

    const controller = new AbortController();
    const first = recipeOptions({
      small: true,
      signal: controller.signal,
      log: (line) => {
        if (line.startsWith("GAN: step 30")) controller.abort();
      },
    });
    await cganDigits.run(first);
    const second = recipeOptions({ small: true, files: new MemoryFiles(first.files) });
    const resumed = await cganDigits.run(second);
    expect(second.lines.some((line) => line.includes("resumed GAN at step 30"))).toBe(true);
    expect(resumed.metrics).toEqual(metrics);
    expect(resumed.weightsSha256).toBe(weightsSha256);
  });
});
