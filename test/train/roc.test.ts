// ROC, AUC, thresholds, intervals and calibration on the host, against values worked out by hand or by counting pairs.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { bootstrapInterval } from "../../src/train/metrics/bootstrap.ts";
import {
  crossFitTemperature,
  expectedCalibrationError,
  fitTemperature,
  probabilitiesOf,
  reliabilityBins,
} from "../../src/train/metrics/calibration.ts";
import { auc, operatingAt, rocCurve, youden } from "../../src/train/metrics/roc.ts";

describe("ROC", () => {
  const scores = [0.1, 0.4, 0.35, 0.8];
  const labels = [0, 0, 1, 1];

  test("sklearn's example", () => {
    expect(auc(scores, labels)).toBe(0.75);
    const points = rocCurve(scores, labels);
    expect(points.map((p) => p.threshold)).toEqual([Number.POSITIVE_INFINITY, 0.8, 0.4, 0.35, 0.1]);
    expect(points.map((p) => p.sensitivity)).toEqual([0, 0.5, 0.5, 1, 1]);
    expect(points.map((p) => 1 - p.specificity)).toEqual([0, 0, 0.5, 0.5, 1]);
  });

  test("ties count half, and stand or fall together", () => {
    expect(auc([1, 1, 1, 1], [0, 1, 0, 1])).toBe(0.5);
    expect(auc([0, 1, 1, 2], [0, 0, 1, 1])).toBe(0.875);
    expect(rocCurve([1, 1, 1, 1], [0, 1, 0, 1])).toHaveLength(2);
  });

  test("the area is the share of pairs in order, and that under the curve", () => {
    const sample = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom(0, 1)), {
      minLength: 2,
      maxLength: 40,
    });
    fc.assert(
      fc.property(sample, (rows) => {
        const s = rows.map(([v]) => v);
        const y = rows.map(([, l]) => l);
        fc.pre(y.includes(0) && y.includes(1));
        let pairs = 0;
        let sum = 0;
        for (const [i, a] of s.entries())
          for (const [j, b] of s.entries())
            if (y[i] === 1 && y[j] === 0) {
              pairs++;
              sum += a > b ? 1 : a === b ? 0.5 : 0;
            }
        expect(auc(s, y)).toBeCloseTo(sum / pairs, 12);
        const points = rocCurve(s, y);
        let area = 0;
        for (let k = 1; k < points.length; k++) {
          const width = points[k - 1].specificity - points[k].specificity;
          area += (width * (points[k].sensitivity + points[k - 1].sensitivity)) / 2;
        }
        expect(area).toBeCloseTo(sum / pairs, 12);
      }),
    );
  });

  test("Youden's threshold, and one from elsewhere", () => {
    expect(youden(scores, labels)).toEqual({
      threshold: 0.8,
      sensitivity: 0.5,
      specificity: 1,
      confusion: [
        [2, 0],
        [1, 1],
      ],
    });
    const at = operatingAt(scores, labels, 0.35);
    expect(at).toEqual({
      threshold: 0.35,
      sensitivity: 1,
      specificity: 0.5,
      confusion: [
        [1, 1],
        [0, 2],
      ],
    });
    expect(rocCurve(scores, labels)).toContainEqual(at);
    expect(() => operatingAt(scores, labels, Number.NaN)).toThrow(OptionError);
  });

  test("one class, other labels, NaN, other lengths", () => {
    expect(() => auc([1, 2], [1, 1])).toThrow(OptionError);
    expect(() => auc([1, 2], [1, 1])).toThrow(/auc: needs samples of both classes, got 0 of 0 and 2 of 1/);
    expect(() => rocCurve([1, 2], [0, 0])).toThrow(/both classes/);
    expect(() => auc([], [])).toThrow(/both classes/);
    expect(() => auc([1, 2], [0, 2])).toThrow(/labels\[1\] is 2/);
    expect(() => auc([1, Number.NaN], [0, 1])).toThrow(/scores\[1\] is NaN/);
    expect(() => auc([1], [0, 1])).toThrow(ShapeError);
  });
});

describe("bootstrap", () => {
  const values = new Generator(3).uniform(400);
  const mean = (indices: Int32Array) => indices.reduce((sum, i) => sum + values[i], 0) / indices.length;
  const one = new Uint8Array(400);

  test("the interval of a mean is that of theory: mean +- 1.96 sd / sqrt(n)", () => {
    const all = Int32Array.from({ length: 400 }, (_, i) => i);
    const m = mean(all);
    const half = (1.96 * Math.sqrt(values.reduce((s, v) => s + (v - m) ** 2, 0) / 400)) / 20;
    const [low, high] = bootstrapInterval(one, mean, { seed: 1 });
    expect(Math.abs(low - (m - half))).toBeLessThan(0.1 * half);
    expect(Math.abs(high - (m + half))).toBeLessThan(0.1 * half);
    expect(bootstrapInterval(one, mean, { seed: 1 })).toEqual([low, high]);
    expect(bootstrapInterval(one, mean, { seed: 2 })).not.toEqual([low, high]);
  });

  test("classes keep their sizes", () => {
    const labels = [1, 0, 0, 1, 2];
    const seen = new Set<string>();
    const statistic = (indices: Int32Array) => {
      seen.add(
        Array.from(indices, (i) => labels[i])
          .sort()
          .join(""),
      );
      return 0;
    };
    expect(bootstrapInterval(labels, statistic, { resamples: 50 })).toEqual([0, 0]);
    expect([...seen]).toEqual(["00112"]);
  });

  test("refused", () => {
    expect(() => bootstrapInterval([], mean)).toThrow(/no samples/);
    expect(() => bootstrapInterval(one, mean, { resamples: 0 })).toThrow(OptionError);
    expect(() => bootstrapInterval(one, mean, { level: 1 })).toThrow(/level/);
  });
});

describe("calibration", () => {
  test("bins and the expected error by hand", () => {
    const bins = reliabilityBins([0, 0.1, 0.6, 0.9, 1], [0, 1, 1, 1, 1], 2);
    expect(bins.map((b) => b.count)).toEqual([2, 3]);
    expect(bins[0].probability).toBeCloseTo(0.05, 12);
    expect(bins[0].share).toBe(0.5);
    expect(bins[1].probability).toBeCloseTo(2.5 / 3, 12);
    expect(expectedCalibrationError(bins)).toBeCloseTo((2 * 0.45 + 3 * (1 - 2.5 / 3)) / 5, 12);
    expect(reliabilityBins([0.2], [1])[5]).toMatchObject({ count: 0, share: Number.NaN });
    expect(() => reliabilityBins([1.1], [1])).toThrow(/probabilities\[0\] is 1.1/);
    expect(() => reliabilityBins([0.1], [2])).toThrow(/events\[0\] is 2/);
    expect(() => reliabilityBins([0.1], [])).toThrow(ShapeError);
    expect(() => reliabilityBins([], [], 0)).toThrow(OptionError);
  });

  /** Logits whose softmax is the truth about labels drawn from it, times `factor`. */
  function drawn(n: number, classes: number, factor: number, seed = 0) {
    const generator = new Generator(seed);
    const logits = Float64Array.from(generator.normal(n * classes), (v) => 2 * v);
    const p = probabilitiesOf(logits, classes);
    const labels = Array.from(generator.uniform(n), (u, i) => {
      let [c, sum] = [0, p[i * classes]];
      while (u > sum && c < classes - 1) sum += p[i * classes + ++c];
      return c;
    });
    return { logits: logits.map((v) => v * factor), labels, classes };
  }

  test.each([2, 5])("the temperature of overconfident logits is found, %i classes", (classes) => {
    const judged = drawn(20_000, classes, 3);
    const t = fitTemperature(judged);
    expect(Math.abs(t / 3 - 1)).toBeLessThan(0.05);
    const nll = (scale: number) => {
      const p = probabilitiesOf(
        judged.logits.map((v) => v / scale),
        classes,
      );
      return judged.labels.reduce((sum, l, i) => sum - Math.log(p[i * classes + l]), 0);
    };
    expect(nll(t)).toBeLessThan(nll(t * 1.001));
    expect(nll(t)).toBeLessThan(nll(t / 1.001));
  });

  test("two logits by hand: the slope is 0 where 1/(1 + exp(-2/T)) = 3/4", () => {
    const judged = { logits: [0, 2, 0, 2, 0, 2, 0, 2], labels: [1, 1, 1, 0], classes: 2 };
    expect(fitTemperature(judged)).toBeCloseTo(2 / Math.log(3), 10);
  });

  test("logits without a best temperature end at the limits", () => {
    expect(fitTemperature({ logits: [0, 1], labels: [1], classes: 2 })).toBeCloseTo(0.01, 12);
    expect(fitTemperature({ logits: [0, 1], labels: [0], classes: 2 })).toBeCloseTo(100, 12);
  });

  test("each half is scaled by what the other gave", () => {
    const judged = drawn(1000, 2, 2, 4);
    const { logits, temperatures } = crossFitTemperature(judged, 7);
    const used = Float64Array.from(logits, (v, i) => judged.logits[i] / v);
    const counts = temperatures.map((t) => used.filter((u) => Math.abs(u - t) < 1e-9).length);
    expect(counts).toEqual([1000, 1000]);
    expect(temperatures[0]).not.toBe(temperatures[1]);
  });

  test("refused", () => {
    const good = { logits: [0, 1], labels: [1], classes: 2 };
    expect(() => fitTemperature({ ...good, labels: [] })).toThrow(/no samples/);
    expect(() => fitTemperature({ ...good, labels: [2] })).toThrow(/labels\[0\] is 2/);
    expect(() => fitTemperature({ ...good, classes: 3 })).toThrow(ShapeError);
    expect(() => fitTemperature({ ...good, logits: [0, Number.NaN] })).toThrow(/logits\[1\] is NaN/);
    expect(() => crossFitTemperature(good)).toThrow(/needs 2 samples/);
  });
});
