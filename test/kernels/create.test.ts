// Creation: linspace, fullLike, randLike; draws inside a compiled function. eye and the values of the draws:
// src/selftest/tables/create.ts; their shares: reduce2.test.ts.
import { beforeAll, describe, expect, test } from "vitest";
import { OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { randint, randperm } from "../../src/kernels/draw.ts";
import { compile } from "../../src/tensor/compile.ts";
import {
  fullLike,
  linspace,
  rand,
  randLike,
  randn,
  randnLike,
  tensor,
  zeros,
} from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { defaultGenerator, manualSeed } from "../../src/tensor/random.ts";

beforeAll(async () => {
  await requestDevice();
});

describe("linspace", () => {
  test("hits both ends and is symmetric", async () => {
    const y = await linspace(-1, 1, 7).data();
    expect([y[0], y[3], y[6]]).toEqual([-1, 0, 1]);
    for (let i = 0; i < 7; i++) expect(y[i]).toBe(i === 3 ? 0 : -y[6 - i]);
  });

  test("of few steps, and of integers", async () => {
    expect([...(await linspace(2, 9, 1).data())]).toEqual([2]);
    expect([...(await linspace(2, 9, 2).data())]).toEqual([2, 9]);
    expect(linspace(2, 9, 0).shape).toEqual([0]);
    expect([...(await linspace(0, 10, 4, { dtype: "i32" }).data())]).toEqual([0, 3, 6, 10]);
  });

  test("refuses what is no number of steps", () => {
    expect(() => linspace(0, 1, 2.5)).toThrow(OptionError);
    expect(() => linspace(0, Number.NaN, 3)).toThrow(
      /^linspace: needs finite ends and an integer >= 0, got 0, NaN, 3$/,
    );
  });
});

test("fullLike keeps shape and dtype", async () => {
  const y = fullLike(zeros([2, 3], { dtype: "i32" }), 7);
  expect([y.shape, y.dtype, [...(await y.data())]]).toEqual([[2, 3], "i32", [7, 7, 7, 7, 7, 7]]);
});

test("randLike and randnLike draw as rand and randn", async () => {
  const x = tensor([[1, 2, 3]]);
  const generator = () => new Generator(9);
  expect(await randLike(x, { generator: generator() }).data()).toEqual(
    await rand([1, 3], { generator: generator() }).data(),
  );
  expect(await randnLike(x, { generator: generator() }).data()).toEqual(
    await randn([1, 3], { generator: generator() }).data(),
  );
});

test("a compiled function draws afresh at every call, the numbers of eager calls", async () => {
  const before = defaultGenerator.state();
  const step = compile(() => [randint(0, 1000, [9]), randperm(20)]);
  const three = async (draw: () => unknown) => {
    manualSeed(3);
    const calls: number[][] = [];
    for (let i = 0; i < 3; i++) {
      for (const t of draw() as ReturnType<typeof step>) calls.push([...(await t.data())]);
    }
    return calls;
  };
  const eager = await three(() => [randint(0, 1000, [9]), randperm(20)]);
  expect(await three(step)).toEqual(eager);
  expect(eager[0]).not.toEqual(eager[2]);
  defaultGenerator.setState(before);
});
