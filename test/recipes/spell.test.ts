// `spell`: in its small form the loss falls from that of chance, and the report shows what it looked at.

import { beforeAll, describe, expect, test } from "vitest";
import { CMUDICT_SOURCE } from "../../src/data/sets/cmudict.ts";
import { TARGETS } from "../../src/data/text/spelling.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { spell } from "../../src/train/recipes/spell.ts";
import { missing, recipeOptions } from "./memory_files.ts";

beforeAll(async () => {
  await requestDevice();
});

const absent = await missing(CMUDICT_SOURCE, "dict.txt");

describe.skipIf(absent)("spell on CMUdict", () => {
  test("small: the loss falls by a third from that of chance", async () => {
    const options = recipeOptions({ small: true });
    const { metrics, baseline } = await spell.run(options);
    const losses = options.files.lines().flatMap((l) => (l.kind === "step" ? [l.loss as number] : []));
    expect(losses.at(-1)).toBeLessThan((2 / 3) * Math.log(TARGETS));
    expect(metrics.phonemeErrorRate).toBeLessThan(0.9);
    expect(baseline.phonemeErrorRate).toBeGreaterThan(0.35);
    expect(baseline.phonemeErrorRate).toBeLessThan(0.5);
    const page = options.files.text("report.html");
    for (const said of ["Attention", "Words read wrongly", "each letter its most frequent phonemes"])
      expect(page).toContain(said);
  });
});
