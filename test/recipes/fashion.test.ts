// Fashion-MNIST: told apart from MNIST, which has the same file names, and the small form of `fashion`.
import { gunzipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { FASHION_MEAN, FASHION_SOURCE, FASHION_STD, loadFashion } from "../../src/data/sets/fashion.ts";
import { dataReader, MNIST_SOURCE } from "../../src/data/sets/files.ts";
import { FormatError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { fashion } from "../../src/train/recipes/fashion.ts";
import { missing, recipeOptions } from "./memory_files.ts";

const FILE = "train-images-idx3-ubyte";

test.skipIf(await missing(MNIST_SOURCE, FILE))("digits are no clothes", async () => {
  const reading = loadFashion(dataReader(MNIST_SOURCE), { inflate: gunzipSync });
  await expect(reading).rejects.toThrow(FormatError);
  await expect(reading).rejects.toThrow(/mean 0\.131, Fashion-MNIST's is 0\.286: these are other pictures/);
});

describe.skipIf(await missing(FASHION_SOURCE, FILE))("fashion", () => {
  beforeAll(async () => {
    await requestDevice();
  });

  test("the constants are those of the files", async () => {
    const { train, test, mean, std } = await loadFashion(dataReader(FASHION_SOURCE), { inflate: gunzipSync });
    expect([train.count, test.count, mean, std]).toEqual([60_000, 10_000, FASHION_MEAN, FASHION_STD]);
    const found = train.images.reduce((sum, v) => sum + v, 0) / train.images.length / 255;
    const square = train.images.reduce((sum, v) => sum + (v / 255 - found) ** 2, 0) / train.images.length;
    expect(found).toBeCloseTo(FASHION_MEAN, 3);
    expect(Math.sqrt(square)).toBeCloseTo(FASHION_STD, 3);
  });

  test("small: the loss falls, most clothes are told apart, and the page shows it", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await fashion.run(options);
    expect(baseline.accuracy).toBeGreaterThan(0.6); // the nearest mean picture
    expect(metrics.accuracy).toBeGreaterThan(0.6);
    const losses = options.files.lines().flatMap((l) => (l.kind === "step" ? [l.loss as number] : []));
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    const page = options.files.text("report.html");
    for (const text of ["Confusion matrix", "pullover", "mean picture", "First-layer filters"])
      expect(page).toContain(text);
  }, 240_000);
});
