// The golden values of elementary and structural ops: called as the file says, tensors first, then `args`.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import * as wgrad from "../../src/index.ts";
import { cast } from "../../src/kernels/cast.ts";
import { pad } from "../../src/kernels/pad.ts";
import type { WithIndices } from "../../src/kernels/reduce_max.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenCase, type GoldenFamily, loadGolden } from "../golden/load.ts";
import { checkGolden, type Inputs } from "./golden_case.ts";

interface Options {
  readonly args?: readonly unknown[];
  /** The tensors come as one list. */
  readonly list?: boolean;
  readonly axis?: number;
}
type Results = Tensor | readonly Tensor[] | WithIndices;

const OPS = { ...wgrad, pad } as unknown as Record<string, (...args: unknown[]) => Results>;

function run(c: GoldenCase<Options>, inputs: Inputs): readonly Tensor[] {
  const { args = [], list, axis } = c.options;
  const given: unknown[] = Object.values(inputs);
  if (c.op === "where") given[0] = cast(inputs.cond, "bool");
  if (axis !== undefined) given.splice(1, 0, axis);
  const y = OPS[c.op](...(list ? [given] : given), ...args);
  if (y instanceof Tensor) return [y];
  return Array.isArray(y) ? y : Object.values(y as WithIndices);
}

beforeAll(async () => {
  await requestDevice();
});

describe.each<GoldenFamily>(["elementary", "structure"])("as PyTorch: %s", (family) => {
  test.each(loadGolden<Options>(family))("$name", async (c) => {
    expect(OPS[c.op], c.op).toBeTypeOf("function");
    await checkGolden(c as GoldenCase, (inputs) => run(c, inputs));
  });
});
