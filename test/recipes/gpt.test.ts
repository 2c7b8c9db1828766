// `gpt`: its small form beats counted characters on the real book; the seed decides the run, also one that was stopped.

import { beforeAll, describe, expect, test } from "vitest";
import { MOBY_DICK_SOURCE } from "../../src/data/sets/moby_dick.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { gpt } from "../../src/train/recipes/gpt.ts";
import { missing, recipeOptions } from "./memory_files.ts";
import { smallBook } from "./small_book.ts";
import { stopAt } from "./stop_at.ts";

beforeAll(async () => {
  await requestDevice();
});

const absent = await missing(MOBY_DICK_SOURCE, "chapter_1.txt");

describe.skipIf(absent)("gpt on Moby-Dick", () => {
  test("small: predicts better than the frequencies of characters", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await gpt.run(options);
    expect(metrics.nats).toBeLessThan(baseline.unigramNats - 0.1);
    const page = options.files.text("report.html");
    for (const said of ["from the 32 to 64 before it", "bigram", "temperature 0.5"])
      expect(page).toContain(said);
  });
});

test("the seed decides the run", async () => {
  const run = (seed: number) =>
    gpt.run(recipeOptions({ small: true, steps: 3, batch: 2, seed, files: smallBook() }));
  const [a, b, c] = [await run(1), await run(1), await run(2)];
  expect(b.weightsSha256).toBe(a.weightsSha256);
  expect(c.weightsSha256).not.toBe(a.weightsSha256);
  expect(a.metrics.nats).toBeGreaterThan(0);

  const files = smallBook();
  const given = { small: true, steps: 3, batch: 2, seed: 1 };
  const half = await stopAt(2, (signal) => gpt.run(recipeOptions({ ...given, files, signal })));
  expect(half.steps).toBe(2);
  const resumed = await gpt.run(recipeOptions({ small: true, files: smallBook(files) }));
  expect(resumed).toMatchObject({ steps: 3, metrics: a.metrics, weightsSha256: a.weightsSha256 });
});
