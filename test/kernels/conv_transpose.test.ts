// Transposed convolutions over one to three axes: PyTorch's golden values with gradients of both orders.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../../src/kernels/conv_transpose.ts";
import { randn, zeros } from "../../src/tensor/create.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const OPS = { convTranspose1d, convTranspose2d, convTranspose3d };

describe.each(Object.entries(OPS))("golden values of PyTorch, %s", (name, f) => {
  test.each(loadGolden("conv2", name))("$name", (c) =>
    checkGolden(c as never, ({ x, weight, bias }) => [f(x, weight, bias ?? null, c.options)]),
  );
});

test("an empty batch", () => {
  expect(convTranspose2d(zeros([0, 2, 3, 3]), randn([2, 3, 2, 2]), null, { stride: 2 }).shape).toEqual([
    0, 3, 6, 6,
  ]);
});
