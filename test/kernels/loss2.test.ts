// The losses of test/golden/families/loss2.py against PyTorch; ctc's ways to give its arguments. Rows in the op table:
// src/selftest/tables/loss_*.ts.
import { beforeAll, describe, expect, test } from "vitest";
import { giou, iou } from "../../src/functional/box_loss.ts";
import { ntXent } from "../../src/functional/contrastive_loss.ts";
import { ctc } from "../../src/functional/ctc_loss.ts";
import * as distributions from "../../src/functional/distribution_loss.ts";
import { bceWithLogits } from "../../src/functional/loss.ts";
import * as margins from "../../src/functional/margin_loss.ts";
import { dice, focal, tversky } from "../../src/functional/overlap_loss.ts";
import * as similarity from "../../src/functional/similarity.ts";
import { ssim } from "../../src/functional/ssim.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { logSoftmax } from "../../src/kernels/softmax.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { randn, tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";

type Options = Record<string, never>;
type Loss = (a: Tensor, b: never, c: never, d: never) => Tensor;
const { multiMargin, tripletMargin, ...plain } = margins;
const OPS: Record<string, Loss> = {
  ...({ ...plain, ...distributions, ...similarity } as unknown as Record<string, Loss>),
  ...({ dice, focal, tversky, iou, giou, ntXent, ssim, bceWithLogits } as unknown as Record<string, Loss>),
};

function run(name: string, xs: readonly Tensor[], options: Options): Tensor {
  const [a, b, c] = xs;
  if (name === "ctc") {
    const { steps, widths, ...o } = options;
    return ctc(logSoftmax(a, 2), b, steps, widths, o);
  }
  if (name.startsWith("multiMargin")) return multiMargin(a, b, { ...options, weight: c });
  if (name === "tripletMargin") return tripletMargin(a, b, c, { ...options, p: options.norm });
  const op = OPS[name.replace(/(Log|Rate|Raised|Small)$/, "")];
  return op(...([...xs, options] as unknown as Parameters<Loss>));
}

beforeAll(async () => {
  await requestDevice();
});

describe("as PyTorch", () => {
  for (const c of loadGolden<Options>("loss2")) {
    test(c.name, () => checkGolden(c, (inputs) => [run(c.op, Object.values(inputs), c.options)]));
  }
});

describe("ctc", () => {
  test("takes targets one after the other, lengths on the device and a single sample", async () => {
    const x = logSoftmax(randn([6, 2, 4]), 2);
    const rows = tensor([[1, 2, 3], [3, 1, 0]], { dtype: "i32" }); // biome-ignore format: rows
    const want = await ctc(x, rows, [6, 5], [3, 2], { reduction: "none" }).data();
    const row = tensor([1, 2, 3, 3, 1], { dtype: "i32" });
    expect([...(await ctc(x, row, [6, 5], [3, 2], { reduction: "none" }).data())]).toEqual([...want]);
    const lengths = [tensor([6, 5], { dtype: "i32" }), tensor([3, 2], { dtype: "i32" })];
    expect([...(await ctc(x, rows, lengths[0], lengths[1], { reduction: "none" }).data())]).toEqual([
      ...want,
    ]);
    expect(() => ctc(x, row, [6, 5], lengths[1])).toThrow(/^ctc: targets one after the other need/);
  });

  test("is infinite where nothing fits, with gradient 0", async () => {
    const x = randn([2, 1, 3], { requiresGrad: true });
    const y = ctc(logSoftmax(x, 2), tensor([[1, 1]], { dtype: "i32" }), [2], [2], { reduction: "sum" });
    const [dx] = grad([y], [x]);
    expect(await y.item()).toBe(Number.POSITIVE_INFINITY);
    expect([...(await dx.data())].map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("its kernel and its composition agree on a longer sample", async () => {
    const x = randn([30, 2, 6], { requiresGrad: true });
    const targets = tensor([[1, 2, 2, 3, 5], [4, 4, 1, 0, 0]], { dtype: "i32" }); // biome-ignore format: rows
    const loss = () => sum(ctc(logSoftmax(x, 2), targets, [30, 21], [5, 3]));
    const [kernel] = grad([loss()], [x]);
    const [composition] = grad([loss()], [x], { createGraph: true });
    const want = await composition.data();
    (await kernel.data()).forEach((v, i) => {
      expect(Math.abs(v - want[i])).toBeLessThan(2e-5);
    });
  });
});
