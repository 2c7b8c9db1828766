// Baselines on bags of words, and the nearest class mean, against values worked out by hand or by the dense form.
import { describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { bagsOf, signAccuracy } from "../../src/train/baselines/bag_of_words.ts";
import { BagRegression } from "../../src/train/baselines/bag_regression.ts";
import { LogisticRegression } from "../../src/train/baselines/logistic_regression.ts";
import { NaiveBayes } from "../../src/train/baselines/naive_bayes.ts";
import { NearestCentroid } from "../../src/train/baselines/nearest_centroid.ts";

test("bags have each word once, and only words", () => {
  expect(bagsOf([Int32Array.of(2, 9, 5, 9, 10, 1)], 4)).toEqual([Int32Array.of(5, 9, 10)]);
  expect(signAccuracy([1, -1, 0, 2], [1, 0, 1, 0])).toBe(0.5);
});

describe("NaiveBayes", () => {
  test("by hand", () => {
    // Words of class 0: a a b; of class 1: b c. With 1 added: (3, 2, 1) / 6 and (1, 2, 2) / 5.
    const bags = [Int32Array.of(0, 1), Int32Array.of(0), Int32Array.of(1, 2)];
    const model = NaiveBayes.fit(bags, [0, 0, 1], 3);
    const [score, empty] = model.scores([Int32Array.of(0, 2), new Int32Array(0)]);
    expect(score).toBeCloseTo(Math.log(1 / 2) + Math.log(1 / 5 / (3 / 6)) + Math.log(2 / 5 / (1 / 6)), 12);
    expect(empty).toBeCloseTo(Math.log(1 / 2), 12);
  });

  test("a class without samples", () => {
    expect(() => NaiveBayes.fit([Int32Array.of(0)], [1], 1)).toThrow(OptionError);
  });
});

test("BagRegression is the dense regression on rows of 0 and 1", async () => {
  const [n, vocab] = [60, 8];
  const g = new Generator(4);
  const dense = Float64Array.from(g.uniform(n * vocab), (u) => Number(u < 0.4));
  const bags = Array.from({ length: n }, (_, i) =>
    Int32Array.from(Array.from({ length: vocab }, (_, w) => w).filter((w) => dense[i * vocab + w])),
  );
  const labels = Array.from(g.uniform(n), (u, i) =>
    Number(u + (dense[i * vocab]! - dense[i * vocab + 1]!) > 0.5),
  );
  const wanted = (await LogisticRegression.fit({ x: dense, d: vocab }, labels)).scores({
    x: dense,
    d: vocab,
  });
  const found = (await BagRegression.fit(bags, labels, vocab)).scores(bags);
  found.forEach((v, i) => {
    expect(v).toBeCloseTo(wanted[i]!, 1);
  });
  await expect(BagRegression.fit(bags, labels.fill(1), vocab)).rejects.toThrow(OptionError);
});

test("NearestCentroid: features of any scale, a class without samples", () => {
  const x = Float64Array.of(0, 100, 0.1, 5000, 1, 100, 0.9, 5000);
  const model = NearestCentroid.fit({ x, d: 2 }, [0, 0, 2, 2], { standardize: true });
  expect(Array.from(model.classes({ x: Float64Array.of(0.2, 9000, 0.8, -3000), d: 2 }))).toEqual([0, 2]);
  expect(() => model.classes({ x, d: 3 })).toThrow(ShapeError);
  expect(() => NearestCentroid.fit({ x, d: 2 }, [0])).toThrow(ShapeError);
  expect(() => NearestCentroid.fit({ x: new Float64Array(0), d: 2 }, [])).toThrow(OptionError);
});
