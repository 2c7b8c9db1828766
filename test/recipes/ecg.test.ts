// The small form of `ecg`: premature beats are found far better than by chance, and the page shows them.
import { beforeAll, describe, expect, test } from "vitest";
import { MITBIH_SOURCE } from "../../src/data/sets/mitbih.ts";
import { OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { ecg } from "../../src/train/recipes/ecg.ts";
import { missing, recipeOptions } from "./memory_files.ts";

beforeAll(async () => {
  await requestDevice();
});

test("a missing file is named, with how to get it", async () => {
  const options = recipeOptions();
  options.files.reader = (source) => async (file) => {
    throw new OptionError(source.help(file));
  };
  await expect(ecg.run(options)).rejects.toThrow(/physionet\.org\/files\/mitdb\/1\.0\.0\/100\.hea/);
  expect(MITBIH_SOURCE.help("100.dat")).toMatch(/SHA-256 [0-9a-f]{64}/);
});

describe.skipIf(await missing(MITBIH_SOURCE, "100.dat"))("ecg --small", () => {
  test("far better than guessing", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await ecg.run(options);
    expect(metrics.averagePrecision).toBeGreaterThan(5 * baseline.positives!);
    expect(baseline.averagePrecision).toBeCloseTo(0.8813, 4);
    expect(baseline.averagePrecisionWithoutV).toBeCloseTo(0.994, 3);
    const page = options.files.text("report.html");
    for (const text of ["This is one patient", "Precision over recall", "shortest interval", "Missed: "]) {
      expect(page).toContain(text);
    }
  }, 180_000);
});
