// dropout against the host's generator: the mask of every element, its share, scale, gradients, the stream, p = 0 and 1.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { dropout } from "../../src/kernels/dropout.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { defaultGenerator, manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

/** What dropout multiplies by: 0 or 1 / (1 - p), from the host's stream. */
function factors(seed: number, skip: number, n: number, p: number): number[] {
  const g = new Generator(seed);
  g.uniform(skip);
  return Array.from(g.uniform(n), (u) => (u >= Math.fround(p) ? 1 / (1 - p) : 0));
}

async function expectClose(got: Tensor, want: readonly number[]): Promise<void> {
  const data = await got.data();
  expect(data.length).toBe(want.length);
  for (const [i, v] of want.entries()) expect(data[i]).toBeCloseTo(v, 5);
}

describe("dropout", () => {
  test.each([
    [1, 0.5],
    [7, 0.1],
    [1027, 0.3],
    [4096, 0.9],
  ])("%i elements, p %f: the host's draws, gradients of every order", async (n, p) => {
    manualSeed(5);
    const x = tensor(
      Float32Array.from({ length: n }, (_, i) => (i % 13) - 6.5),
      { requiresGrad: true },
    );
    const values = await x.data();
    const f = factors(5, 0, n, p);
    const y = dropout(x, p);
    await expectClose(
      y,
      f.map((v, i) => v * values[i]!),
    );
    const dyData = Float32Array.from({ length: n }, (_, i) => (i % 5) - 1.5);
    const dy = tensor(dyData, { requiresGrad: true });
    const [dx] = grad(y, [x], { gradOutputs: [dy], createGraph: true });
    await expectClose(
      dx!,
      f.map((v, i) => v * dyData[i]!),
    );
    const v = tensor(values as Float32Array, { requiresGrad: true });
    const [ddy] = grad(dx!, [dy], { gradOutputs: [v], createGraph: true });
    await expectClose(
      ddy!,
      f.map((s, i) => s * values[i]!),
    );
    const [dv] = grad(ddy!, [v], { gradOutputs: [dy] });
    await expectClose(
      dv!,
      f.map((s, i) => s * dyData[i]!),
    );
  });

  test("two draws follow each other in the stream; the seed repeats them", async () => {
    manualSeed(9);
    const first = await dropout(ones([2, 5]), 0.5).data();
    const second = await dropout(ones([10]), 0.5).data();
    expect([...first]).toEqual(factors(9, 0, 10, 0.5));
    expect([...second]).toEqual(factors(9, 10, 10, 0.5));
    manualSeed(9);
    expect([...(await dropout(ones([10]), 0.5).data())]).toEqual([...first]);
  });

  test("the share that is kept", async () => {
    manualSeed(1);
    const n = 100_000;
    const kept = (await dropout(ones([n]), 0.2).data()).filter((v) => v > 0).length / n;
    expect(Math.abs(kept - 0.8)).toBeLessThan(5 * Math.sqrt(0.16 / n));
  });

  test("p = 0 and evaluation are the identity, draw nothing and differentiate", async () => {
    const before = defaultGenerator.offset;
    for (const y of [(x: Tensor) => dropout(x, 0), (x: Tensor) => dropout(x, 0.7, false)]) {
      const x = tensor([1, Number.NaN, -3], { requiresGrad: true });
      expect([...(await y(x).data())]).toEqual([1, Number.NaN, -3]);
      const [dx] = grad(y(x), [x], { gradOutputs: [tensor([2, 3, 4])] });
      expect([...(await dx!.data())]).toEqual([2, 3, 4]);
    }
    expect(defaultGenerator.offset).toBe(before);
  });

  test("p = 1 gives zeros, NaN and infinity included; what is dropped has gradient zero", async () => {
    const x = tensor([1, Number.NaN, Number.POSITIVE_INFINITY], { requiresGrad: true });
    const y = dropout(x, 1);
    expect([...(await y.data())]).toEqual([0, 0, 0]);
    const [dx] = grad(y, [x], { gradOutputs: [tensor([1, Number.NaN, 1])] });
    expect([...(await dx!.data())]).toEqual([0, 0, 0]);
  });

  test("nothing and a scalar", async () => {
    expect((await dropout(zeros([0, 3]), 0.5).data()).length).toBe(0);
    expect(dropout(zeros([]), 0.5).shape).toEqual([]);
  });

  test("errors", () => {
    expect(() => dropout(ones([2]), 1.5)).toThrow(/^dropout: p must lie in \[0, 1\], got 1.5$/);
    expect(() => dropout(ones([2]), Number.NaN)).toThrow(/^dropout: p must lie/);
    expect(() => dropout(zeros([2], { dtype: "i32" }))).toThrow(/^dropout: needs f32 or f16, x i32\[2\]$/);
  });
});
