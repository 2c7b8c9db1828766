// Runs of a compiled function that wait for their pipelines outlive the program itself: pushed out by newer ones here,
// dropped by the garbage collector elsewhere.

import { beforeAll, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { compile } from "../../src/tensor/compile.ts";
import { add } from "../../src/tensor/primitives.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice();
});

test("more signatures than are kept, before any pipeline is ready", async () => {
  const f = compile((x: Tensor, k: number) => add(mul(x, k), x));
  const results = Array.from({ length: 40 }, (_, k) => f(new Float32Array([1, 2]), k));
  const got = await Promise.all(results.map((t) => t.data()));
  expect(got.map((v) => Array.from(v))).toEqual(results.map((_, k) => [k + 1, 2 * k + 2]));
});
