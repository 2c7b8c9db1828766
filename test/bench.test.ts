// The bench's own promises: a wrong kernel is not timed, the JSON has its keys, a busy machine is called one.
import { beforeAll, describe, expect, it } from "vitest";
import { type Bench, check } from "../bench/kernels.ts";
import { median } from "../bench/measure.ts";
import { json, table, verdict } from "../bench/report.ts";
import { roofs } from "../bench/roofs.ts";
import type { Result, Row } from "../bench/sweep.ts";
import { requestDevice } from "../src/hosts/node.ts";
import { tensor } from "../src/tensor/create.ts";

const bench = (kernel: string, flops: number, bytes: number, roof: Bench["roof"]): Bench => {
  const setup = () => {
    throw new Error("not run here");
  };
  return { kernel, shape: "[1]", flops, bytes, roof, setup };
};
const { peak: peakBench } = roofs();
const row = (b: Bench, ms: number): Row => ({ bench: b, times: { median: ms, best: ms / 2 }, gpu: null });

const result: Result = {
  adapter: "test adapter",
  tuning: "0badcafe",
  peak: row(bench("peak", 20e6, 0, "peak"), 1), // 20 GFLOP/s, best 40
  stream: row(bench("stream", 0, 4e6, "stream"), 1), // 4 GB/s
  rows: [row(bench("matmul", 10e6, 1e6, "peak"), 2), row(bench("sum", 1e6, 4e6, "stream"), 2)],
  replay: { us: 0.5, medianUs: 0.4, submitUs: 60, dispatches: 40_000 },
  known: null,
};

describe("report", () => {
  it("writes the agreed JSON", () => {
    expect(JSON.parse(json(result))).toEqual({
      adapter: "test adapter",
      tuning: "0badcafe",
      peak: { gflops: 20, gbs: 4 },
      rows: [],
      kernels: [
        { kernel: "matmul", shape: "[1]", ms: 2, gflops: 5, gbs: 0.5, share: 0.25 },
        { kernel: "sum", shape: "[1]", ms: 2, gflops: 0.5, gbs: 2, share: 0.5 },
      ],
    });
  });

  it("has a line for every row and one for the head", () => {
    expect(table(result).split("\n")).toHaveLength(5);
  });

  it.each([
    [40, 20, /this run counts$/],
    [81, 20, /too busy: this run does not count$/],
    [40, 41, /too busy: this run does not count$/],
  ])("judges by half of best %d and median %d", (best, middle, words) => {
    expect(verdict({ ...result, known: { adapter: "this", best, median: middle } })).toMatch(words);
  });

  it("does not judge an adapter that it does not know", () => {
    expect(verdict(result)).toMatch(/no figure for this adapter/);
  });
});

describe("measure", () => {
  it("takes the median of odd and even counts", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });
});

describe("check", () => {
  beforeAll(async () => {
    await requestDevice();
  });

  it("accepts the peak kernel", () => check("peak", peakBench.setup()));

  it("refuses one wrong value, and NaN", async () => {
    const wrong = (values: number[]) => ({ run: () => tensor(values), reference: () => [1, 2, 3] });
    await expect(check("op", wrong([1, 2.5, 3]))).rejects.toThrow(/op: wrong at 1, got 2.5, expected 2$/);
    await expect(check("op", wrong([1, 2, Number.NaN]))).rejects.toThrow(/op: wrong at 2, got NaN/);
    await expect(check("op", wrong([1, 2]))).rejects.toThrow(/op: 2 values, the reference has 3/);
  });
});
