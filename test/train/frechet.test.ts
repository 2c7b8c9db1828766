// Frechet distance against numbers of PyTorch in float64 (eigenvalues of C1 C2), and its simple cases.
import { expect, test } from "vitest";
import { frechetDistance, moments } from "../../src/train/metrics/frechet.ts";

/** Features that both sides can compute: [n, d]. */
function cloud(n: number, d: number, p: number): Float64Array {
  return Float64Array.from({ length: n * d }, (_, at) => {
    const [i, k] = [Math.floor(at / d), at % d];
    return Math.sin(p + i * 1.3 + k * 0.7 + i * k * 0.11) * (1 + k * 0.5) + p * 0.1 * k;
  });
}

test.each([
  [12, 15, 4, 0.2515909127124196],
  [40, 30, 8, 2.1552188379334325],
  [5, 6, 8, 6.539349248919251], // covariances of less than full rank
])("%i and %i vectors of %i", async (n1, n2, d, expected) => {
  const [a, b] = [moments(cloud(n1, d, 1), d), moments(cloud(n2, d, 2), d)];
  expect(await frechetDistance(a, b)).toBeCloseTo(expected, 6);
  expect(await frechetDistance(b, a)).toBeCloseTo(expected, 6);
});

test("0 between a cloud and itself, |shift|^2 when it is moved, d (1 - s)^2 when a unit one is scaled", async () => {
  const d = 3;
  const at = cloud(20, d, 1);
  expect(await frechetDistance(moments(at, d), moments(at, d))).toBeCloseTo(0, 9);
  expect(
    await frechetDistance(
      moments(at, d),
      moments(
        at.map((v) => v + 2),
        d,
      ),
    ),
  ).toBeCloseTo(12, 9);
  const unit = {
    mean: new Float64Array(d),
    covariance: { rows: d, cols: d, data: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) },
  };
  const scaled = {
    ...unit,
    covariance: { ...unit.covariance, data: unit.covariance.data.map((v) => 9 * v) },
  };
  expect(await frechetDistance(unit, scaled)).toBeCloseTo(d * (1 - 3) ** 2, 9);
});

test("moments: mean and covariance of n - 1; what does not fit is refused", async () => {
  const { mean, covariance } = moments([1, 2, 3, 6, 5, 1], 2);
  expect([...mean]).toEqual([3, 3]);
  expect([...covariance.data]).toEqual([4, -1, -1, 7]);
  expect(() => moments([1, 2, 3], 2)).toThrow(/moments: features must be \[n, 2\].* 3 numbers/);
  expect(() => moments([1, 2], 2)).toThrow(/n of 2 or more/);
  await expect(frechetDistance(moments(cloud(4, 2, 1), 2), moments(cloud(4, 3, 1), 3))).rejects.toThrow(
    /vectors must have one length, a \[2\], b \[3\]/,
  );
});
