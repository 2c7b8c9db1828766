// The small form of `membranes` on the real slices.
import { beforeAll, describe, expect, test } from "vitest";
import { MEMBRANES_SOURCE } from "../../src/data/sets/membranes.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { membranes } from "../../src/train/recipes/membranes.ts";
import { missing, recipeOptions } from "./memory_files.ts";

const absent = await missing(MEMBRANES_SOURCE, "image0.png");

describe.skipIf(absent)("membranes, small", () => {
  beforeAll(async () => {
    await requestDevice();
  });

  test("the loss falls, membranes are found, roughly; the page shows it", { timeout: 300_000 }, async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await membranes.run(options);
    const losses = options.files.lines().flatMap((l) => (l.kind === "step" ? [l.loss as number] : []));
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
    expect(baseline.dice).toBeCloseTo(0.577, 3);
    expect(metrics.dice).toBeGreaterThan(0.5); // all of every slice would be .37
    const page = options.files.text("report.html");
    for (const text of ["best threshold", "the worst first", "slice 23"]) expect(page).toContain(text);
  });
});
