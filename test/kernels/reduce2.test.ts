// Products, norms, running folds, sorting, order statistics and histograms against PyTorch. Their rows in the op table:
// src/selftest/tables (products, scans, sorting, statistics); gradients at many sizes are there.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { cumprod, cumsum, logcumsumexp } from "../../src/kernels/cumulative.ts";
import { cummax, cummin } from "../../src/kernels/cumulative_max.ts";
import { bernoulli, multinomial, randperm } from "../../src/kernels/draw.ts";
import { bincount, histc } from "../../src/kernels/histogram.ts";
import { prod } from "../../src/kernels/product.ts";
import { median, medianWithIndices, quantile } from "../../src/kernels/quantile.ts";
import { amax, amin, type WithIndices } from "../../src/kernels/reduce_max.ts";
import { argsort, sort, topk } from "../../src/kernels/sort.ts";
import { countNonzero, norm } from "../../src/kernels/vector_norm.ts";
import { full, tensor } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";

interface Options {
  readonly axes?: number[];
  readonly axis: number;
  readonly keepdim?: boolean;
  readonly k: number;
  readonly p: string;
  readonly q: number | number[];
  readonly length: number;
}

const both = ({ values, indices }: WithIndices) => [values, indices];

const RUN: Record<string, (x: Tensor, o: Options, weights?: Tensor) => Tensor | Tensor[]> = {
  prod: (x, o) => prod(x, o.axes, o.keepdim),
  amax: (x, o) => amax(x, o.axes, o.keepdim),
  amin: (x, o) => amin(x, o.axes, o.keepdim),
  countNonzero: (x, o) => countNonzero(x, o.axes, o.keepdim),
  norm: (x, o) =>
    norm(x, { ...o, p: o.p.endsWith("inf") ? Number(o.p.replace("inf", "Infinity")) : Number(o.p) }),
  cumsum: (x, o) => cumsum(x, o.axis),
  cumprod: (x, o) => cumprod(x, o.axis),
  logcumsumexp: (x, o) => logcumsumexp(x, o.axis),
  cummax: (x, o) => both(cummax(x, o.axis)),
  cummin: (x, o) => both(cummin(x, o.axis)),
  sort: (x, o) => both(sort(x, o)),
  argsort: (x, o) => argsort(x, o),
  topk: (x, o) => both(topk(x, o.k, o)),
  median: (x) => median(x),
  medianWithIndices: (x, o) => both(medianWithIndices(x, o.axis, o.keepdim)),
  quantile: (x, o) => quantile(x, o.q, o),
  bincount: (x, o, weights) => bincount(x, o.length, { weights }),
  histc: (x, o) => histc(x, o as object),
};

beforeAll(async () => {
  await requestDevice();
});

describe("as PyTorch", () => {
  for (const c of loadGolden<Options>("reduce2")) {
    test(c.name, () =>
      checkGolden(c as never, ({ x, weights }) => {
        const y = RUN[c.op](x, c.options, weights);
        return Array.isArray(y) ? y : [y];
      }),
    );
  }
});

describe("large", () => {
  test("a row longer than all chunks, and more rows than a dispatch has groups in a dimension", async () => {
    const n = 70_001;
    const [last] = (await cumsum(full([n], 1), 0).data()).slice(-1);
    expect(last).toBe(n);
    const y = await cumsum(full([n * 2, 2], 1), 1).data();
    expect(y.every((v, i) => v === 1 + (i % 2))).toBe(true);
  });

  test("70,001 elements in order", async () => {
    const x = new Generator(3).uniform(70_001);
    const { values, indices } = sort(tensor(x));
    expect(await values.data()).toEqual(x.toSorted());
    const seen = new Set(await indices.data());
    expect(seen.size).toBe(x.length);
  });
});

describe("draws", () => {
  const generator = () => new Generator(5);

  test("shares of the classes, with and without replacement", async () => {
    const weights = tensor([1, 0, 3, 4]);
    const drawn = await multinomial(weights, 8000, { replacement: true, generator: generator() }).data();
    const counts = [0, 0, 0, 0];
    for (const k of drawn) counts[k]++;
    expect(counts[1]).toBe(0);
    for (const [k, share] of [0.125, 0, 0.375, 0.5].entries())
      expect(Math.abs(counts[k] / 8000 - share)).toBeLessThan(0.02);
    const rows = tensor(
      Float32Array.from({ length: 4000 }, (_, i) => [1, 0, 3, 4][i % 4]),
      {
        shape: [1000, 4],
      },
    );
    const pairs = await multinomial(rows, 2, { generator: generator() }).data();
    let first = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      expect(pairs[i]).not.toBe(pairs[i + 1]);
      first += Number(pairs[i] === 3);
    }
    expect(Math.abs(first / 1000 - 0.5)).toBeLessThan(0.05);
  });

  test("a permutation holds every number once", async () => {
    const p = await randperm(5000, { generator: generator() }).data();
    expect(p.toSorted()).toEqual(Int32Array.from({ length: 5000 }, (_, i) => i));
  });

  test("the share of ones", async () => {
    const y = await bernoulli(0.25, { shape: [8000], generator: generator() }).data();
    expect(Math.abs([...y].reduce((a, b) => a + b) / 8000 - 0.25)).toBeLessThan(0.02);
  });
});
