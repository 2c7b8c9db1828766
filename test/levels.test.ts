// The levels of the recipes: every recipe has one, the files that `npm run levels` wrote are what the README shows.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bound, holds, LEVELS, levelsTable, type Reached } from "../bench/levels_table.ts";
import { RECIPE_NAMES } from "../src/train/recipes/index.ts";

const FOLDER = new URL("../bench/levels/", import.meta.url);
const reached = readdirSync(FOLDER).map((file) => {
  const level = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Reached;
  return { file, level };
});

test("every recipe has a level to reach, and every level a recipe", () => {
  expect(Object.keys(LEVELS).sort()).toEqual([...RECIPE_NAMES].sort());
});

test.each(reached)("$file names its run, and every figure that is asked for", ({ file, level }) => {
  expect(file).toBe(`${level.recipe}.json`);
  expect(level).toMatchObject({
    seed: 0,
    adapter: expect.any(String),
    commit: expect.stringMatching(/^[0-9a-f]{7,}\+?$/),
  });
  expect(level.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
  for (const { metric, above } of LEVELS[level.recipe]!) {
    expect(level.metrics[metric], metric).toBeTypeOf("number");
    if (above) expect(level.metrics[above], above).toBeTypeOf("number");
  }
});

test("the README shows these files", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const order = RECIPE_NAMES.map((name) => reached.find(({ level }) => level.recipe === name)?.level);
  expect(readme).toContain(levelsTable(order.filter((level) => level !== undefined)));
});

describe("a level", () => {
  const level = { metric: "dice", least: 0.8, above: "neighbours", pytorch: "" };

  test("holds from its least value on, and only above what it is compared with", () => {
    expect(holds(level, { dice: 0.8, neighbours: 0.7 })).toBe(true);
    expect(holds(level, { dice: 0.79, neighbours: 0.7 })).toBe(false);
    expect(holds(level, { dice: 0.9, neighbours: 0.9 })).toBe(false);
    expect(holds({ metric: "nats", most: 1.7, pytorch: "" }, { nats: 1.71 })).toBe(false);
    expect(bound(level)).toBe("≥ 0.8, above neighbours");
  });

  test("does not hold where a figure is missing or no number", () => {
    expect(holds(level, { dice: 0.9 })).toBe(false);
    expect(holds(level, { neighbours: 0.1 })).toBe(false);
    expect(holds(level, { dice: Number.NaN, neighbours: 0.1 })).toBe(false);
  });

  test("that was missed says so in the table", () => {
    const missed = {
      recipe: "gpt",
      metrics: { nats: 1.9 },
      baseline: { nats: 2.4 },
      seconds: 10,
    } as unknown as Reached;
    expect(levelsTable([missed])).toContain(
      "| `gpt` | nats | 1.9 (not reached) | ≤ 1.8 | 2.4 | 1.73 | 10 s |",
    );
  });
});
