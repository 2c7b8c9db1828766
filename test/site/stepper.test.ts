// The stepper: one invocation run again on the CPU, line by line, writes what the GPU wrote, for every kernel that can be run
// alone and for the naive rungs; what cannot be stepped is said in words.

import { beforeAll, describe, expect, test } from "vitest";
import { inspect } from "../../site/engine/inspect/inspect.ts";
import { naiveRung } from "../../site/engine/inspect/naive_rung.ts";
import type { RetainedStep } from "../../site/engine/inspect/retained_step.ts";
import { steppedInvocation } from "../../site/engine/inspect/stepped.ts";
import { Tensors } from "../../site/engine/inspect/tensors.ts";
import type { ElementRef, SteppedInvocation } from "../../site/engine/protocol.ts";
import { interpretable } from "../../site/parts/inspector/interpretable.ts";
import { ShaderStepper } from "../../site/parts/inspector/stepper.ts";
import { retainedStep, uniforms } from "./retained_steps.ts";

const MODELS = [
  {
    layers:
      "conv 2 k3 p1, gelu, avgpool 2, batchnorm, tanh, maxpool 2, flatten, dropout 0.5, linear 10, relu, linear 10",
    optimizer: "adamw",
  },
  { layers: "conv 3 k3 s2 p1, sigmoid, conv 4 k3, maxpool 3, flatten, linear 10", optimizer: "sgd" },
  { layers: "flatten, linear 10", optimizer: "rmsprop" },
] as const;

const steps: RetainedStep[] = [];
const stepped: { what: string; run: SteppedInvocation }[] = [];
const reasons = new Map<string, string>();

beforeAll(async () => {
  for (const model of MODELS) steps.push(await retainedStep({ ...model, batch: 2, before: 1 }));
  const draw = uniforms(11);
  for (const step of steps)
    for (const ref of elements(step, draw)) {
      const { label, forward, backward } = inspect(step, ref);
      for (const view of [...forward, ...backward]) {
        const run = steppedInvocation(step, ref, view.at);
        if (typeof run === "string") reasons.set(view.kernel, run);
        else stepped.push({ what: `${label}, ${view.kernel}`, run });
      }
    }
}, 300_000);

function* elements(step: RetainedStep, draw: () => number): Generator<ElementRef> {
  const t = new Tensors(step);
  const pick = (shape: readonly number[]) => shape.map((size) => Math.floor(draw() * size));
  for (let layer = 0; layer < step.layers.length; layer++) {
    for (let k = 0; k < 2; k++) yield { layer, tensor: "output", index: pick(t.shape(layer)) };
    for (const tensor of ["weight", "bias"] as const) {
      const shape = t.parameter(layer, tensor)?.shape;
      if (shape) yield { layer, tensor, index: pick(shape) };
    }
  }
}

const close = (got: number, want: number) => Math.abs(got - want) <= 1e-6 + 2e-5 * Math.abs(want);

function finish(run: SteppedInvocation): ShaderStepper {
  const stepper = new ShaderStepper(run);
  while (stepper.stepOnce());
  return stepper;
}

describe("an invocation", () => {
  test("of every kernel writes the element as the GPU did", () => {
    const kernels = new Set<string>();
    for (const { what, run } of stepped) {
      const stepper = finish(run);
      expect(stepper.done, what).toBe(true);
      expect(close(stepper.output, run.value), `${what}: ${stepper.output}, GPU ${run.value}`).toBe(true);
      kernels.add(run.view.kernel);
    }
    const needed = [
      "unary",
      "binary",
      "matmul_naive",
      "batch_norm",
      "avg_pool2d",
      "max_pool2d",
      "adam",
      "sgd",
      "rmsprop",
    ];
    for (const kernel of needed) expect(kernels).toContain(kernel);
  });

  test("shows its lines and variables on the way", () => {
    const { run } = stepped.find(({ run }) => run.view.kernel === "matmul_naive" && run.value !== 0)!;
    const stepper = new ShaderStepper(run);
    const lines = run.view.wgsl.split("\n");
    const seen: string[] = [];
    let last: ShaderStepper["variables"] = [];
    expect(lines[stepper.line - 1]).toContain("let i = ");
    while (!stepper.done) {
      seen.push(lines[stepper.line - 1]);
      last = stepper.variables;
      stepper.stepLine();
    }
    expect(stepper.line).toBe(0);
    expect(seen.some((line) => line.includes("sum += a["))).toBe(true);
    expect(seen.at(-1)).toContain("y[i] = epilogue(sum, i);");
    const value = (name: string) => last.find((v) => v.name === name)?.value;
    expect(value("i")).toBe(run.element);
    expect(close(value("sum") as number, run.value)).toBe(true);
    expect(last.map((v) => v.name)).not.toContain("params");
  });
});

describe("the naive rungs", () => {
  test.each([
    ["conv2d_naive", 2, "output", "forward", [1, 3, 5, 6]],
    ["conv2d_data_gradient_naive", 1, "output", "backward", [1, 2, 7, 8]],
    ["conv2d_weight_gradient_naive", 2, "weight", "backward", [3, 1, 2, 0]],
    ["matmul_naive", 5, "output", "forward", [1, 7]],
    ["matmul_naive", 5, "weight", "backward", [4, 9]],
    ["matmul_naive", 4, "output", "backward", [0, 11]],
  ] as const)("%s gives what the GPU's own kernel gave", (kernel, layer, tensor, side, index) => {
    const step = steps[1];
    const ref = { layer, tensor, index };
    const run = naiveRung(new Tensors(step), ref, side)!;
    expect(run.view.kernel).toBe(kernel);
    expect(run.note).toMatch(/naive rung/);
    const i = inspect(step, ref);
    expect(run.value).toBe(side === "forward" ? i.value : i.back!.value);
    const { output } = finish(run);
    expect(close(output, run.value), `${output}, GPU ${run.value}`).toBe(true);
  });
});

test("what cannot be stepped is said in words", () => {
  expect(reasons.get("dropout")).toMatch(/random numbers/);
  expect(reasons.get("batch_norm_statistics")).toMatch(/prepares/);
});

test("rewrites for the interpreter keep the lines", () => {
  for (const { run } of stepped)
    expect(interpretable(run.view.wgsl).split("\n").length).toBe(run.view.wgsl.split("\n").length);
});
