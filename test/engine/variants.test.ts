// One kernel, many pipelines: options that differ never share one, equal options always do.
import { beforeAll, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { kernel } from "../../src/gpu/kernel.ts";
import { unary } from "../../src/gpu/shaders.gen.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { tensor } from "../../src/tensor/create.ts";
import { empty } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

interface Choice {
  readonly body: string;
  readonly append?: string;
  readonly type?: string;
}

async function apply({ body, append, type = "f32" }: Choice): Promise<number[]> {
  const x = tensor([1, -2, 3]);
  const y = empty([3]);
  const hooks = { apply: `fn apply(x: T, p: f32, q: f32) -> R { return ${body}; }` };
  const types = { X: "f32", T: type, R: "f32" };
  const run = { grid: [1, 1, 1], hooks, types, ...(append !== undefined && { append }) };
  unaryKernel({ x, y }, { n: 3, p: 0, q: 0 }, run);
  return Array.from(await y.data());
}
const unaryKernel = kernel(unary);

test("hooks, appended text and types each make a pipeline of their own, once", async () => {
  const choices: [Choice, number[]][] = [
    [{ body: "x + 1.0" }, [2, -1, 4]],
    [{ body: "x + 2.0" }, [3, 0, 5]], // as long as the first
    [{ body: "f(x)", append: "fn f(x: f32) -> f32 { return -x; }" }, [-1, 2, -3]],
    [{ body: "f(x)", append: "fn f(x: f32) -> f32 { return x / 1.0; }" }, [1, -2, 3]],
    [{ body: "f32(x + x)" }, [2, -4, 6]],
    [{ body: "f32(x + x)", type: "i32" }, [2, -4, 6]],
  ];
  const before = device.pipelines.size;
  for (let round = 0; round < 2; round++) {
    for (const [choice, expected] of choices) expect(await apply(choice)).toEqual(expected);
    expect(device.pipelines.size - before).toBe(choices.length);
  }
});
