// The baselines: logistic regression against the equations of its minimum, the nearest mean by hand.
import { describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { minimize } from "../../src/train/baselines/lbfgs.ts";
import { LogisticRegression } from "../../src/train/baselines/logistic_regression.ts";
import { NearestCentroid } from "../../src/train/baselines/nearest_centroid.ts";

test("minimize: Rosenbrock's valley", async () => {
  const rosenbrock = (x: Float64Array, g: Float64Array) => {
    const [a, b] = x;
    g[0] = -2 * (1 - a) - 400 * a * (b - a * a);
    g[1] = 200 * (b - a * a);
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2;
  };
  let pauses = 0;
  const pause = async () => void pauses++;
  const found = await minimize(rosenbrock, Float64Array.of(-1.2, 1), { tolerance: 1e-8, pause });
  expect(found.converged).toBe(true);
  expect(found.iterations).toBeLessThan(100);
  expect(pauses).toBe(found.iterations);
  expect(found.x[0]).toBeCloseTo(1, 8);
  expect(found.x[1]).toBeCloseTo(1, 8);
  await expect(minimize(() => Number.NaN, Float64Array.of(0))).rejects.toThrow(OptionError);
  expect(await minimize(rosenbrock, Float64Array.of(-1.2, 1), { iterations: 2 })).toMatchObject({
    converged: false,
  });
});

describe("logistic regression", () => {
  const [n, d] = [200, 5];
  const generator = new Generator(11);
  const x = Float64Array.from(generator.normal(n * d));
  const labels = Array.from(generator.uniform(n), (u, i) =>
    Number(u < 1 / (1 + Math.exp(-(2 * x[i * d] - x[i * d + 1])))),
  );

  test("at the minimum every derivative is 0", async () => {
    const model = await LogisticRegression.fit({ x, d }, labels, { l2: 3, tolerance: 1e-9 });
    expect(model.converged).toBe(true);
    const rest = Float64Array.from(model.scores({ x, d }), (z, i) => 1 / (1 + Math.exp(-z)) - labels[i]);
    expect(rest.reduce((a, b) => a + b)).toBeCloseTo(0, 7);
    for (let k = 0; k < d; k++) {
      const slope = rest.reduce((sum, r, i) => sum + r * x[i * d + k], 0);
      expect(slope + 3 * model.weights[k]).toBeCloseTo(0, 7);
    }
    expect(model.weights[0]).toBeGreaterThan(1);
    expect(model.weights[1]).toBeLessThan(-0.4);
  });

  test("a sample of its own by hand: x = 1 and -1, l2 w = 2 / (1 + exp(w))", async () => {
    const model = await LogisticRegression.fit({ x: Float64Array.of(1, -1), d: 1 }, [1, 0], {
      tolerance: 1e-10,
    });
    const [w] = model.weights;
    expect(w).toBeCloseTo(2 / (1 + Math.exp(w)), 9);
    expect(model.bias).toBeCloseTo(0, 9);
  });

  test("huge scores overflow nothing", async () => {
    const far = { x: Float64Array.of(1e4, -1e4), d: 1 };
    const model = await LogisticRegression.fit(far, [1, 0], { l2: 0 });
    expect([...model.scores(far)].map(Math.sign)).toEqual([1, -1]);
  });

  test("refused", async () => {
    const fit = (...args: Parameters<typeof LogisticRegression.fit>) => LogisticRegression.fit(...args);
    await expect(fit({ x, d }, [1])).rejects.toThrow(ShapeError);
    await expect(fit({ x: Float64Array.of(1, Number.NaN), d: 1 }, [0, 1])).rejects.toThrow(
      /feature 0 of sample 1 is NaN/,
    );
    await expect(fit({ x: Float64Array.of(1, 2), d: 1 }, [1, 1])).rejects.toThrow(/both classes, got 0 of 0/);
    await expect(fit({ x: Float64Array.of(1, 2), d: 1 }, [1, 3])).rejects.toThrow(/labels\[1\] is 3/);
    await expect(fit({ x, d }, labels, { l2: -1 })).rejects.toThrow(OptionError);
    const model = await LogisticRegression.fit({ x, d }, labels);
    expect(() => model.scores({ x, d: 4 })).toThrow(ShapeError);
  });
});

test("nearest centroid of features as they are", () => {
  const model = NearestCentroid.fit({ x: Uint8Array.of(0, 0, 2, 2, 10, 10), d: 2 }, [0, 0, 1]);
  const held = { x: Float64Array.of(5, 5, 6, 6, 9, 9), d: 2 }; // the means are [1, 1] and [10, 10]
  expect([...model.classes(held)]).toEqual([0, 1, 1]);
  expect(model.accuracy(held, [0, 1, 0])).toBeCloseTo(2 / 3, 12);
  for (const wrong of [-1, 0.5])
    expect(() => NearestCentroid.fit(held, [0, wrong, 1])).toThrow(new RegExp(`labels\\[1\\] is ${wrong}`));
});
