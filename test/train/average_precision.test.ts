// Average precision against sklearn's definition, and the chart.
import { describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { averagePrecision, precisionRecall } from "../../src/train/metrics/average_precision.ts";
import { lineChart } from "../../src/train/report/chart.ts";
import { precisionRecallChart } from "../../src/train/report/precision_recall.ts";
import { stripsSection } from "../../src/train/report/strips.ts";

describe("averagePrecision", () => {
  test("sklearn's example, ties, the extremes", () => {
    expect(averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBeCloseTo(0.8333333333, 9);
    expect(averagePrecision([1, 1, 1, 1], [0, 1, 0, 1])).toBe(0.5); // one point for all
    expect(averagePrecision([3, 2, 2, 1], [1, 1, 0, 0])).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12);
    expect(averagePrecision([4, 3, 2, 1], [1, 1, 0, 0])).toBe(1);
    expect(averagePrecision([1, 2, 3, 4], [1, 0, 0, 0])).toBe(0.25);
  });

  test("scores that know nothing: about the share of positives", () => {
    const n = 20_000;
    const labels = Array.from({ length: n }, (_, i) => Number(i % 10 === 0));
    expect(averagePrecision(new Generator(1).uniform(n), labels)).toBeCloseTo(0.1, 1);
  });

  test("thresholds fall, recall rises to 1", () => {
    const points = precisionRecall([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
    expect(points.map((p) => p.threshold)).toEqual([0.8, 0.4, 0.35, 0.1]);
    expect(points.map((p) => p.recall)).toEqual([0.5, 0.5, 1, 1]);
    expect(points.map((p) => p.precision)).toEqual([1, 0.5, 2 / 3, 0.5]);
  });

  test("what it refuses", () => {
    expect(() => averagePrecision([1], [0, 1])).toThrow(ShapeError);
    expect(() => averagePrecision([1, 2], [0, 0])).toThrow(/none of 2 samples is positive/);
    expect(() => averagePrecision([1, 2], [0, 2])).toThrow(/labels\[1\] is 2/);
    expect(() => averagePrecision([Number.NaN, 2], [0, 1])).toThrow(OptionError);
  });
});

test("the chart names every line and guessing", () => {
  const points = precisionRecall([2, 1], [1, 0]);
  const lines = ["net", "<rule>"].map((name) => ({ name, points, averagePrecision: 1 }));
  const svg = lineChart(precisionRecallChart(lines, 0.02));
  for (const text of ["net", "&lt;rule&gt;", "guessing 0.02"]) expect(svg).toContain(text);
});

test("strips: values not finite leave gaps, text is escaped, no group is no section", () => {
  const strip = {
    title: "<A>",
    note: "n",
    right: false,
    values: [0, Number.NaN, 2],
    seen: [0, 1] as const,
    beat: 0.5,
  };
  const html = stripsSection("s", "Title", [
    { title: "Found", note: "", strips: [strip, { ...strip, values: [1, 1], right: true, beat: null }] },
    { title: "Nothing", note: "", strips: [] },
  ]);
  expect(html).toContain("&lt;A&gt;");
  expect(html).toContain('points="0.0,88.0 300.0,8.0"');
  expect(html).not.toContain("NaN");
  expect(html).not.toContain("Nothing");
  expect(html.match(/class="beat"/g)).toHaveLength(1);
  expect(stripsSection("s", "Title", [])).toBe("");
});
