// The rarer rearrangements against PyTorch, and maskedSelect, which reads back. Rows in the op table: src/selftest/tables.
import { beforeAll, describe, expect, test } from "vitest";
import { DTypeError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import * as arrange from "../../src/kernels/arrange.ts";
import { mul } from "../../src/kernels/binary.ts";
import { cast } from "../../src/kernels/cast.ts";
import { gt } from "../../src/kernels/compare.ts";
import { diag, diagEmbed, diagonal } from "../../src/kernels/diagonal.ts";
import { maskedFill, maskedSelect } from "../../src/kernels/masked.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { roll } from "../../src/kernels/roll.ts";
import { scatter, takeAlongDim } from "../../src/kernels/scatter_write.ts";
import { tril, triu } from "../../src/kernels/triangle.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenCase, loadGolden } from "../golden/load.ts";
import { checkGolden, fromGolden, type Inputs } from "./golden_case.ts";

type Options = {
  readonly args: readonly unknown[];
  readonly axis?: number;
  readonly value?: number | string;
};

type Op = (x: Tensor, ...args: never[]) => Tensor | readonly Tensor[];
const { hstack, vstack, meshgrid, ...movers } = arrange;
const OF_ONE: Record<string, Op> = { ...movers, diag, diagEmbed, diagonal, roll, tril, triu };
type Join = (xs: readonly Tensor[], ...args: never[]) => Tensor | readonly Tensor[];
const OF_MANY: Record<string, Join> = { hstack, vstack, meshgrid };

function run({ op, options }: GoldenCase<Options>, inputs: Inputs): readonly Tensor[] {
  const { x, mask, index, src } = inputs;
  const { args, axis, value } = options;
  if (op in OF_ONE) return [OF_ONE[op](x, ...(args as never[]))].flat();
  if (op in OF_MANY) return [OF_MANY[op](Object.values(inputs), ...(args as never[]))].flat();
  const number = { inf: Infinity, "-inf": -Infinity, nan: Number.NaN }[value as string] ?? Number(value);
  if (op === "maskedFill") return [maskedFill(x, cast(mask, "bool"), number)];
  if (op === "scatter") return [scatter(x, axis!, index, src ?? number)];
  return [takeAlongDim(x, index, axis)];
}

beforeAll(async () => {
  await requestDevice();
});

describe("as PyTorch", () => {
  for (const c of loadGolden<Options>("shape2").filter((c) => c.op !== "maskedSelect")) {
    test(c.name, () => checkGolden(c, (inputs) => run(c, inputs)));
  }
});

describe("maskedSelect", () => {
  for (const c of loadGolden("shape2", "maskedSelect")) {
    test(c.name, async () => {
      const x = fromGolden(c.inputs.x, true);
      const y = await maskedSelect(x, cast(fromGolden(c.inputs.mask), "bool"));
      expect([...(await y.data())]).toEqual([...(c.outputs[0].data as Float32Array)]);
      backward(sum(mul(y, fromGolden(c.dy[0]!))));
      const got = await x.grad!.data();
      got.forEach((v, i) => {
        expect(v).toBeCloseTo((c.grads.x.data as Float32Array)[i], 5);
      });
    });
  }

  test("takes nothing, and only a bool mask", async () => {
    const x = tensor([1, 2, 3]);
    expect((await maskedSelect(x, gt(x, 5))).shape).toEqual([0]);
    await expect(maskedSelect(x, x)).rejects.toThrow(DTypeError);
  });
});

test("of several writers to one place the last one wins, and alone has a gradient", async () => {
  const src = tensor([1, 2, 3, 4], { requiresGrad: true });
  const y = scatter(tensor([0, 0, 0]), 0, tensor([1, 1, 2, 1], { dtype: "i32" }), src);
  expect([...(await y.data())]).toEqual([0, 4, 3]);
  backward(sum(y));
  expect([...(await src.grad!.data())]).toEqual([0, 0, 1, 1]);
});
