// The judge itself: what it lets pass and what it does not; that bounds of a case's own come with a reason; that the files hold
// what the project asks for.
import { readdirSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { judge } from "./judge.ts";
import { type GoldenCase, type GoldenRule, type GoldenTensor, goldenFile } from "./load.ts";

const FOLDER = new URL(".", import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith(".safetensors"));
type Listed = Pick<GoldenCase, "name" | "op" | "rule" | "tolerance">;
const cases = FILES.flatMap((file) => {
  const { metadata, tensors } = goldenFile(file);
  const parts = new Set([...tensors.keys()].map((key) => key.slice(0, key.lastIndexOf("."))));
  return (JSON.parse(metadata.cases ?? "[]") as Listed[]).map((c) => ({
    ...c,
    file,
    twice: parts.has(`${c.name}/gg`) || parts.has(`${c.name}/gg.dy`),
  }));
});

describe("the files", () => {
  test("600 cases and more, 120 of convolutions, in 20 MB", () => {
    expect(cases.length).toBeGreaterThanOrEqual(600);
    expect(cases.filter((c) => c.op.startsWith("conv")).length).toBeGreaterThanOrEqual(120);
    const bytes = FILES.reduce((n, file) => n + statSync(new URL(file, FOLDER)).size, 0);
    expect(bytes).toBeLessThan(20e6);
  });

  test("every case of an op is under a rule", () => {
    const rules: GoldenRule[] = ["elementwise", "sums", "selects", "largest", "exact"];
    const ruled = cases.filter((c) => !/^(optim|layers)/.test(c.file));
    expect(ruled.filter((c) => !rules.includes(c.rule)).map((c) => c.name)).toEqual([]);
  });

  test("bounds of a case's own are few and come with a reason", () => {
    const own = cases.filter((c) => c.tolerance);
    expect(own.length).toBeLessThanOrEqual(15);
    for (const { name, tolerance } of own) {
      const { why, size, ...factors } = tolerance!;
      expect(why.split(" ").length, name).toBeGreaterThan(8);
      for (const factor of Object.values(factors)) {
        expect(factor, name).toBeGreaterThan(1);
        expect(factor, name).toBeLessThanOrEqual(10);
      }
    }
  });

  test("gradients of gradients of all but the ops that have none", () => {
    const ops = new Set(cases.filter((c) => c.rule && c.rule !== "exact").map((c) => c.op));
    for (const c of cases) if (c.twice) ops.delete(c.op);
    // bincount and maskedSelect: of integers, and read back; clipGradNorm is no op; gradientPenalty is one itself; the rest are
    // variants of ops that have them.
    expect([...ops].sort()).toEqual([
      "bincount",
      "clipGradNorm",
      "gaussianNllRaised",
      "gradientPenalty",
      "maskedSelect",
      "multiMarginWeight",
      "ssim",
    ]);
  });
});

describe("the judge", () => {
  const of = (...data: number[]): GoldenTensor => ({
    dtype: "F32",
    shape: [data.length],
    data: Float32Array.from(data),
  });
  const golden = (rule: GoldenRule, more: Partial<GoldenCase> = {}) =>
    ({ rule, sizes: {}, ...more }) as GoldenCase;
  const verdict = (c: GoldenCase, part: string, got: number[], want: number[]) => () =>
    judge(c, part, got, of(...want));

  test.each<[string, GoldenRule, string, number, number, boolean]>([
    ["relative", "elementwise", "out.0", 1000.009, 1000, true],
    ["relative", "elementwise", "out.0", 1000.02, 1000, false],
    ["absolute", "elementwise", "out.0", 9e-7, 0, true],
    ["absolute", "elementwise", "out.0", 2e-6, 0, false],
    ["a selection", "selects", "out.0", 1.0000001, 1, false],
    ["the sign of a selected zero", "selects", "out.0", 0, -0, false],
    ["the sign of a computed zero", "sums", "out.0", 0, -0, true],
    ["NaN", "sums", "out.0", 1, Number.NaN, false],
    ["NaN", "sums", "out.0", Number.NaN, Number.NaN, true],
    ["an infinity", "elementwise", "out.0", 3e38, Number.POSITIVE_INFINITY, false],
    ["not an infinity", "elementwise", "out.0", Number.POSITIVE_INFINITY, 3e38, false],
  ])("%s under %s of %s: %d for %d", (_, rule, part, got, want, passes) => {
    const judged = expect(verdict(golden(rule), part, [got], [want]));
    if (passes) judged.not.toThrow();
    else judged.toThrow(/got/);
  });

  test("S by element, the largest where there is none, and a case's own", () => {
    const sized = golden("sums", { sizes: { "out.0": of(1, 100), "grad.x": of(1, 100) } });
    expect(verdict(sized, "out.0", [1, 0.00019], [1, 0])).not.toThrow();
    expect(verdict(sized, "out.0", [1.00019, 0], [1, 0])).toThrow(/out\.0: at 0/);
    expect(verdict(sized, "grad.x", [1, 0.0009], [1, 0])).not.toThrow();
    expect(verdict(golden("largest"), "out.0", [1000, 0.0019], [1000, 0])).not.toThrow();
    expect(verdict(golden("largest"), "out.0", [1000, 0.0021], [1000, 0])).toThrow(/at 1/);
    const own = golden("largest", { tolerance: { size: { "grad.x": 10 }, gg: 2, why: "" } });
    expect(verdict(own, "grad.x", [9e-5], [0])).not.toThrow();
    expect(verdict(own, "gg.x", [1.000019], [1])).not.toThrow();
    expect(verdict(own, "gg.x", [1.00003], [1])).toThrow();
  });
});
