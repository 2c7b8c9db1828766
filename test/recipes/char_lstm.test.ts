// `char-lstm`: its small form beats counted characters on the real book, and a run goes on from a checkpoint bit by bit, the
// states of its lanes included.

import { beforeAll, describe, expect, test } from "vitest";
import { MOBY_DICK_SOURCE } from "../../src/data/sets/moby_dick.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { charLstm } from "../../src/train/recipes/char_lstm.ts";
import { missing, recipeOptions } from "./memory_files.ts";
import { smallBook } from "./small_book.ts";
import { stopAt } from "./stop_at.ts";

beforeAll(async () => {
  await requestDevice();
});

const absent = await missing(MOBY_DICK_SOURCE, "chapter_1.txt");

describe.skipIf(absent)("char-lstm on Moby-Dick", () => {
  test("small: predicts better than the frequencies of characters", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await charLstm.run(options);
    expect(baseline.unigramNats).toBeCloseTo(3.043, 2);
    expect(baseline.nats).toBeCloseTo(2.37, 2);
    expect(metrics.nats).toBeLessThan(baseline.unigramNats - 0.2);
    const page = options.files.text("report.html");
    for (const said of ["Moby-Dick", "bigram", "temperature 0.5"]) expect(page).toContain(said);
  });
});

test("goes on from a checkpoint bit by bit", async () => {
  const given = { small: true, steps: 12, batch: 4 };
  const whole = await charLstm.run(recipeOptions({ ...given, files: smallBook() }));
  const halfway = smallBook();
  const half = await stopAt(7, (signal) => charLstm.run(recipeOptions({ ...given, files: halfway, signal })));
  expect(half.steps).toBe(7);
  expect(half.metrics).toEqual({});
  const resumed = await charLstm.run(recipeOptions({ small: true, files: smallBook(halfway) }));
  expect(resumed).toMatchObject({ steps: 12, metrics: whole.metrics, weightsSha256: whole.weightsSha256 });
});
