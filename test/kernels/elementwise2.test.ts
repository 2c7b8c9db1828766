// The less common elementwise ops against PyTorch: a grid over the whole range, special values, broadcasting, gradients and
// gradients of gradients. Their rows in the op table: src/selftest/tables (trigonometry, activations, finite, bitwise, blends).
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { gelu, sigmoid } from "../../src/kernels/activation.ts";
import * as hard from "../../src/kernels/activation_hard.ts";
import * as smooth from "../../src/kernels/activation_smooth.ts";
import * as bits from "../../src/kernels/bitwise.ts";
import { addcdiv, addcmul, lerp } from "../../src/kernels/blend.ts";
import { logicalXor } from "../../src/kernels/compare.ts";
import * as finite from "../../src/kernels/finite.ts";
import * as trigonometry from "../../src/kernels/trigonometry.ts";
import * as unary from "../../src/kernels/unary.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";

const { prelu, ...hardOnes } = hard;
const { atan2, hypot, ...angles } = trigonometry;
const { bitwiseNot, ...bitPairs } = bits;
const { sign, round, ...unaries } = unary;

const OF_ONE: Record<string, (x: Tensor, o: never) => Tensor> = {
  ...{ gelu, sigmoid, bitwiseNot },
  ...hardOnes,
  ...smooth,
  ...finite,
  ...angles,
  ...(unaries as unknown as Record<string, (x: Tensor) => Tensor>),
};
const OF_TWO: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  ...{ atan2, hypot, logicalXor, prelu },
  ...bitPairs,
};

function run(name: string, [a, b, c]: readonly Tensor[], options: Record<string, unknown>): Tensor {
  if (name === "lerp") return lerp(a, b, c ?? (options.weight as number));
  if (name === "addcmul") return addcmul(a, b, c, options);
  if (name === "addcdiv") return addcdiv(a, b, c, options);
  return b ? OF_TWO[name](a, b) : OF_ONE[name](a, options as never);
}

beforeAll(async () => {
  await requestDevice();
});

describe("as PyTorch", () => {
  for (const c of loadGolden("elementwise2")) {
    test(c.name, () => checkGolden(c, (inputs) => [run(c.op, Object.values(inputs), c.options)]));
  }
});

describe("far out", () => {
  test("shifts by more than the bits there are", async () => {
    const x = tensor([-5, 7], { dtype: "i32" });
    expect([...(await bits.bitwiseRightShift(x, 40).data())]).toEqual([-1, 0]);
    expect([...(await bits.bitwiseLeftShift(x, 32).data())]).toEqual([0, 0]);
  });

  test("hyperbolic functions beside the largest float", async () => {
    const x = tensor([89, -89, 90]);
    const [a, b, c] = await trigonometry.sinh(x).data();
    expect(Math.abs(a / Math.sinh(89) - 1)).toBeLessThan(1e-5);
    expect(b).toBe(-a);
    expect(c).toBe(Number.POSITIVE_INFINITY);
  });

  test("erfc keeps its digits where 1 - erf has none", async () => {
    const [a, b] = await unary.erfc(tensor([4, 9])).data();
    expect(Math.abs(a / 1.541725790028002e-8 - 1)).toBeLessThan(1e-5);
    expect(Math.abs(b / 4.13703174651381e-37 - 1)).toBeLessThan(1e-4); // e^-81: the exponent itself is rounded
  });
});
