// Convolutions over one and three axes: PyTorch's golden values with gradients of both orders.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { conv1d, conv3d } from "../../src/kernels/conv_nd.ts";
import { convTranspose1d } from "../../src/kernels/conv_transpose.ts";
import { conv2d } from "../../src/kernels/conv2d.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { reshape } from "../../src/kernels/reshape.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { randn, zeros } from "../../src/tensor/create.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const OPS = { conv1d, conv3d };

describe.each(Object.entries(OPS))("golden values of PyTorch, %s", (name, f) => {
  test.each(loadGolden("conv2", name))("$name", (c) =>
    checkGolden(c as never, ({ x, weight, bias }) => [f(x, weight, bias ?? null, c.options)]),
  );
});

test("an empty batch", () => {
  const x = zeros([0, 2, 4, 4, 4], { requiresGrad: true });
  const y = conv3d(x, randn([3, 2, 2, 2, 2]), randn([3]));
  expect(y.shape).toEqual([0, 3, 3, 3, 3]);
  expect(grad(y, [x], { gradOutputs: [zeros(y.shape)] })[0].shape).toEqual(x.shape);
  expect(conv1d(zeros([0, 2, 5]), randn([3, 2, 2])).shape).toEqual([0, 3, 4]);
});

test("conv1d is conv2d with one row, and a transposed one is the adjoint", async () => {
  const [x, weight] = [randn([2, 5, 300]), randn([7, 5, 9])];
  const y = conv1d(x, weight, null, { padding: 4 });
  const rows = conv2d(reshape(x, [2, 5, 1, 300]), reshape(weight, [7, 5, 1, 9]), null, { padding: [0, 4] });
  expectClose(await y.data(), await rows.data(), 2e-5);
  const dy = randn(y.shape);
  const adjoint = convTranspose1d(dy, weight, null, { padding: 4 });
  const left = await sum(mul(y, dy)).item();
  expectClose([left], [await sum(mul(x, adjoint)).item()], 1e-4);
});
