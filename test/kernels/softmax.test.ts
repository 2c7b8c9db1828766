// softmax, logSoftmax and logsumexp: PyTorch's golden values with gradients of both orders, float64 loops over sizes that
// take every path of the kernels, infinities and NaN, zero-size, errors.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { logsumexp } from "../../src/kernels/logsumexp.ts";
import { logSoftmax, softmax } from "../../src/kernels/softmax.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "./golden_case.ts";
import { checkGradients } from "./gradient_check.ts";
import { type Nd, put } from "./nd.ts";
import { planAs } from "./plan_as.ts";
import { alongAxes, normal } from "./reduce_reference.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const OPS = { softmax, logSoftmax } as const;

function rowSoftmax(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const total = row.reduce((s, v) => s + Math.exp(v - top), 0);
  return row.map((v) => Math.exp(v - top) / total);
}
function rowLogSoftmax(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const total = row.reduce((s, v) => s + Math.exp(v - top), 0);
  return row.map((v) => v - top - Math.log(total));
}
const REFERENCES = {
  softmax: (x: Nd, axis: number) => alongAxes(x, [axis], rowSoftmax),
  logSoftmax: (x: Nd, axis: number) => alongAxes(x, [axis], rowLogSoftmax),
} as const;

describe.each([
  ["softmax", "software"],
  ["softmax", "hardware"],
  ["logSoftmax", "software"],
  ["logSoftmax", "hardware"],
] as const)("%s, threads as for a %s adapter", (name, kind) => {
  planAs(kind);
  const run = OPS[name] as (x: Tensor, axis?: number) => Tensor;
  test.each(loadGolden<{ axis: number }>("loss", name))("$name", async (c) => {
    await checkGolden(c, ({ x }) => [run(x!, c.options.axis)]);
  });

  test.each([
    [[3, 5000], 1],
    [[130, 64], 1],
    [[70, 200], -1],
    [[2, 515, 3], 1],
    [[2, 300, 8], 1],
    [[1, 1], 0],
    [[67, 10], 1],
    [[3, 2, 128, 2], 2],
  ])("%j along %i as in float64", async (shape, axis) => {
    const x = normal(shape, 7, 3);
    const got = await run(put(x), axis).data();
    const want = REFERENCES[name](x, axis < 0 ? axis + shape.length : axis);
    expectClose(got, want.data, 2e-6);
  });

  test.each([
    [[2, 3], 1],
    [[2, 3, 4], 1],
    [[1, 4], 0],
    [[5], 0],
  ])("gradients of both orders on %j along %i", async (shape, axis) => {
    await checkGradients(
      (x) => run(x, axis),
      (x) => REFERENCES[name](x, axis),
      normal(shape, 5),
    );
  });

  test("of a scalar, and of nothing", async () => {
    expect(await run(tensor(3)).item()).toBe(name === "softmax" ? 1 : 0);
    expect(run(zeros([0, 3])).shape).toEqual([0, 3]);
    expect((await run(zeros([2, 0])).data()).length).toBe(0);
  });

  test("errors", () => {
    expect(() => run(zeros([2, 3]), 2)).toThrow(
      new RegExp(`${name}: axis 2 is out of range for 2 dimensions`),
    );
    expect(() => run(zeros([2], { dtype: "i32" }))).toThrow(
      new RegExp(`${name}: needs f32 or f16, x i32\\[2\\]`),
    );
  });
});

describe("logsumexp", () => {
  const reference = (x: Nd, axes: readonly number[]) =>
    alongAxes(x, axes, (row) => {
      const top = Math.max(...row);
      return [top + Math.log(row.reduce((s, v) => s + Math.exp(v - top), 0))];
    });

  test.each([
    [[4, 5], [1]],
    [[4, 5], [0]],
    [
      [3, 4, 5],
      [0, 2],
    ],
    [
      [2, 2, 3, 2, 2],
      [0, 2, 4],
    ],
    [
      [3, 4, 2],
      [0, 1, 2],
    ],
  ])("of %j over %j, with gradients", async (shape, axes) => {
    await checkGradients(
      (x) => logsumexp(x, axes, true),
      (x) => reference(x, axes),
      normal(shape, 4, 2),
    );
  });

  test("no overflow, infinities, nothing", async () => {
    const inf = Number.POSITIVE_INFINITY;
    const rows = tensor([
      [1000, 1000],
      [-1e5, -1e5],
      [-inf, -inf],
      [inf, 0],
      [Number.NaN, 0],
    ]);
    const want = [1000 + Math.LN2, -1e5 + Math.LN2, -inf, inf, Number.NaN];
    expectClose(await logsumexp(rows, 1).data(), want, 1e-6);
    expect(await logsumexp(zeros([0])).item()).toBe(-inf);
    expect(() => logsumexp(zeros([2], { dtype: "i32" }))).toThrow(/logsumexp: needs f32 or f16, x i32\[2\]/);
  });
});
