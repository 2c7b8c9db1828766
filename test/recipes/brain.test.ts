// The small form of `brain` on the real head.
import { beforeAll, describe, expect, test } from "vitest";
import { BRAIN_SOURCE } from "../../src/data/sets/brain.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { brain } from "../../src/train/recipes/brain.ts";
import { missing, recipeOptions } from "./memory_files.ts";

const absent = await missing(BRAIN_SOURCE, "ch2.nii.gz");

describe.skipIf(absent)("brain, small", () => {
  beforeAll(async () => {
    await requestDevice();
  });

  test("the loss falls and the brain is found, roughly; the page shows it", {
    timeout: 300_000,
  }, async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await brain.run(options);
    const losses = options.files.lines().flatMap((l) => (l.kind === "step" ? [l.loss as number] : []));
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    expect(baseline.dice).toBeCloseTo(0.9174, 4);
    expect(metrics.baselineDice).toBe(baseline.dice);
    expect(metrics.dice).toBeGreaterThan(0.7); // all of every slice would be .39
    expect(metrics.iou).toBeCloseTo(metrics.dice! / (2 - metrics.dice!), 6);
    const page = options.files.text("report.html");
    for (const text of ["Worst slices", "interpolated", "Dice of each held-out slice", "slice 84"])
      expect(page).toContain(text);
  });
});
