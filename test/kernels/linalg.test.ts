// einsum and the products against PyTorch; the order of contractions. Their rows in the op table: src/selftest/tables/linalg.ts.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { einsum } from "../../src/kernels/einsum.ts";
import { nextPair } from "../../src/kernels/einsum_plan.ts";
import { type AddProductOptions, addmm, baddbmm, bmm, dot, mv, outer } from "../../src/kernels/products.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";

const OF_TWO: Record<string, (a: Tensor, b: Tensor) => Tensor> = { bmm, mv, dot, outer };
const ADDING: Record<string, typeof addmm> = { addmm, baddbmm };

function run(name: string, xs: readonly Tensor[], options: Record<string, unknown>): Tensor {
  if (name === "einsum") return einsum(options.equation as string, ...xs);
  if (name in OF_TWO) return OF_TWO[name](xs[0], xs[1]);
  return ADDING[name](xs[0], xs[1], xs[2], options as AddProductOptions);
}

beforeAll(async () => {
  await requestDevice();
});

describe("as PyTorch", () => {
  for (const c of loadGolden("linalg")) {
    test(c.name, () => checkGolden(c, (inputs) => [run(c.op, Object.values(inputs), c.options)]));
  }
});

describe("the order of contractions", () => {
  const sizes = new Map([..."abcd"].map((l, i) => [l, [2, 100, 100, 2][i]] as const));

  test("takes the pair of the smallest result first", () => {
    const chain = ["ab", "bc", "cd"].map((s) => [...s]);
    expect(nextPair(chain, ["a", "d"], sizes)).toEqual([0, 1]);
    expect(nextPair([["b", "c"], ["a", "b"], ["b"]], ["a", "c"], sizes)).toEqual([1, 2]);
  });

  test("keeps a long chain small: a [100, 100] is never made", () => {
    const outerPair = nextPair([["b"], ["c"], ["c"], ["b"]], [], sizes);
    expect(outerPair).toEqual([0, 3]);
  });
});
