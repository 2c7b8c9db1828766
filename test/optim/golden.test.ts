// SGD, Adam, AdamW and clipping against PyTorch float64: values after 1, 2, 10 and 50 steps and the state, eager and compiled.

import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { clipGradNorm } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { add } from "../../src/tensor/primitives.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden, loadOptimizers, type OptimizerCase } from "../golden/load.ts";
import { expectClose } from "../kernels/golden_case.ts";
import { goldenParams, gradientAt, makeOptimizer, stateName } from "./golden_optimizer.ts";

/** Rounding of 50 steps in f32 against float64. */
const BOUND = 4e-6;

beforeAll(async () => {
  await requestDevice();
});

const golden = loadOptimizers();

/** sum of p * g over all parameters: its gradient is g. */
function loss(params: readonly Tensor[], grads: readonly Tensor[]): Tensor {
  return params.map((p, i) => sum(mul(p, grads[i]))).reduce((a, b) => add(a, b));
}

async function check(c: OptimizerCase, compiled: boolean): Promise<void> {
  const params = goldenParams(golden.params);
  const { optimizer, schedule } = makeOptimizer(c, params);
  const step = compile((...grads: Tensor[]) => {
    optimizer.minimize(loss(params, grads));
    schedule?.step();
  });
  const at: Promise<unknown>[] = [];
  for (let t = 0; t < 50; t++) {
    scope(() => {
      const grads = params.map((p, i) => tensor(gradientAt(golden.grads, i, t), { shape: p.shape }));
      if (compiled) return step(...grads);
      params.forEach((p, i) => {
        p.grad = grads[i]; // from outside, not by backward
      });
      optimizer.step();
      schedule?.step();
      optimizer.zeroGrad();
    });
    const wanted = c.steps.get(t + 1);
    wanted?.forEach((want, i) => {
      const close = params[i]
        .data()
        .then((got) => expectClose(got, want.data as Float32Array, BOUND, `p${i} after ${t + 1}`));
      at.push(close);
    });
  }
  await Promise.all(at);
  const own = optimizer.stateTensors();
  const order = optimizer.groups.flatMap((g) => g.params);
  let states = 0;
  for (const [name, list] of Object.entries(c.state)) {
    for (const [i, want] of list.entries()) {
      const got = own.get(`${order.indexOf(params[i])}.${stateName(name)}`);
      expect(got, `${name} of ${i}`).toBeDefined();
      expectClose(await got!.data(), want.data as Float32Array, BOUND, `${name} of ${i}`);
      states++;
    }
  }
  expect(own.size).toBe(states);
  if (compiled) expect(step.programs.length, "one recording serves 50 steps").toBe(1);
}

describe.each([
  ["eager", false],
  ["compiled", true],
] as const)("optimizers, %s", (_, compiled) => {
  test.each(golden.optimizers.map((c) => [c.name, c] as const))("%s", (_, c) => check(c, compiled));
});

interface ClipOptions {
  readonly maxNorm: number;
  readonly normType: number | "inf";
}

describe.each([
  ["eager", false],
  ["compiled", true],
] as const)("clipGradNorm, %s", (_, compiled) => {
  test.each(loadGolden<ClipOptions>("misc", "clipGradNorm").map((c) => [c.name, c] as const))(
    "%s",
    async (_, c) => {
      const given = Object.values(c.inputs);
      const params = goldenParams(given.map((g) => ({ ...g, data: new Float32Array(g.data.length) })));
      const { maxNorm, normType } = c.options;
      const options = { normType: normType === "inf" ? Number.POSITIVE_INFINITY : normType };
      clipGradNorm(params, 1); // places them in a slab
      const run = (...grads: Tensor[]) => {
        backward(loss(params, grads));
        return clipGradNorm(params, maxNorm, options);
      };
      const grads = given.map((g) => tensor(g.data as Float32Array, { shape: g.shape }));
      const norm = (compiled ? compile(run) : run)(...grads);
      expectClose([await norm.item()], c.outputs[0].data as Float32Array, 1e-6, "norm");
      for (const [i, name] of Object.keys(c.inputs).entries())
        expectClose(await params[i].grad!.data(), c.after[name].data as Float32Array, 1e-6, name);
    },
  );
});
