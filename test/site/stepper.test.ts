// The stepper: one invocation run again on the CPU, line by line, writes what the GPU wrote, for every kernel that can be run
// alone and for the naive rungs of the others; what cannot be stepped is said in words.

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { inspect } from "../../site/engine/inspect/inspect.ts";
import { naiveRung } from "../../site/engine/inspect/naive_rung.ts";
import type { RetainedStep } from "../../site/engine/inspect/retained_step.ts";
import { steppedInvocation } from "../../site/engine/inspect/stepped.ts";
import { Tensors } from "../../site/engine/inspect/tensors.ts";
import type { ElementRef, Inspection, SteppedInvocation } from "../../site/engine/protocol.ts";
import { interpretable } from "../../site/parts/inspector/interpretable.ts";
import { ShaderStepper } from "../../site/parts/inspector/stepper.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { retainedStep, type SmallRun, theDevice, uniforms } from "./retained_steps.ts";

interface Model extends Pick<SmallRun, "layers" | "optimizer"> {
  readonly batch?: number;
  /** Kernels as for an adapter that is none of software. */
  readonly hardware?: boolean;
}

const MODELS: readonly Model[] = [
  {
    layers:
      "conv 2 k3 p1, gelu, avgpool 2, batchnorm, tanh, maxpool 2, flatten, dropout 0.5, linear 10, relu, linear 10",
    optimizer: "adamw",
  },
  { layers: "conv 3 k3 s2 p1, sigmoid, conv 4 k3, maxpool 3, flatten, linear 10", optimizer: "sgd" },
  { layers: "flatten, linear 10", optimizer: "rmsprop" },
  // So many rows that their losses are added up by a dispatch of its own.
  { layers: "maxpool 4, flatten, linear 10", optimizer: "sgd", batch: 420 },
  {
    layers:
      "conv 16 k3 p1, relu, conv 16 k3 p1, batchnorm, relu, maxpool 2, conv 32 k3 p1, flatten, linear 16, relu, linear 10",
    optimizer: "adam",
    hardware: true,
  },
];

const steps: RetainedStep[] = [];
const stepped: { what: string; kernel: string; inspection: Inspection; run: SteppedInvocation }[] = [];
const reasons: string[] = [];

beforeAll(async () => {
  const { adapter } = await theDevice();
  const { software } = adapter;
  const pose = (as: boolean) => Object.assign(adapter, { software: as });
  for (const { hardware, batch = 2, ...model } of MODELS) {
    pose(!hardware && software);
    steps.push(await retainedStep({ ...model, batch, before: 1 }));
  }
  pose(software);
  const draw = uniforms(11);
  for (const step of steps)
    for (const ref of elements(step, draw)) {
      const inspection = inspect(step, ref);
      for (const { at, kernel } of [...inspection.forward, ...inspection.backward]) {
        const run = steppedInvocation(step, ref, at);
        const what = `${inspection.label}, ${kernel}`;
        if (typeof run === "string") reasons.push(`${what}: ${run}`);
        else stepped.push({ what, kernel, inspection, run });
      }
    }
}, 300_000);

function* elements(step: RetainedStep, draw: () => number): Iterable<ElementRef> {
  const t = new Tensors(step);
  const pick = (shape: readonly number[]) => shape.map((size) => Math.floor(draw() * size));
  for (let layer = 0; layer < step.layers.length; layer++) {
    for (let k = 0; k < 2; k++) yield { layer, tensor: "output", index: pick(t.shape(layer)) };
    for (const tensor of ["weight", "bias"] as const) {
      const shape = t.parameter(layer, tensor)?.shape;
      if (shape) yield { layer, tensor, index: pick(shape) };
    }
  }
  yield { layer: step.layers.length, tensor: "output", index: [] };
  yield { layer: step.layers.length, tensor: "output", index: pick([t.batch]) };
}

const close = (got: number, want: number) => Math.abs(got - want) <= 1e-6 + 2e-5 * Math.abs(want);

/** Sums that cancel are as exact as their terms: the bound that the Inspector gives of either's rounding. */
const agree = (got: number, { value }: SteppedInvocation, { why, back, after }: Inspection): boolean => {
  const bounds = [why, back, after].flatMap((a) => (a?.value === value ? [a.bound] : []));
  return close(got, value) || Math.abs(got - value) <= 2 * Math.max(0, ...bounds);
};

function finish(run: SteppedInvocation): ShaderStepper {
  const stepper = new ShaderStepper(run);
  while (stepper.stepOnce());
  return stepper;
}

// The interpreter tells there what it cannot do, and goes on.
const faults = vi.spyOn(console, "error").mockImplementation(() => {});
afterAll(() => {
  expect(faults.mock.calls).toEqual([]);
  faults.mockRestore();
});

describe("an invocation", () => {
  test("of every kernel writes the element as the GPU did", () => {
    const kernels = new Set<string>();
    for (const { what, inspection, run } of stepped) {
      const { done, output } = finish(run);
      expect(done, what).toBe(true);
      expect(agree(output, run, inspection), `${what}: ${output}, GPU ${run.value}`).toBe(true);
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
      "dropout",
      "cross_entropy_backward",
      "cross_entropy_naive",
      "batch_norm_statistics_naive",
      "batch_norm_gradient_naive",
      "bias_gradient_naive",
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
    [1, "conv2d_naive", 2, "output", "forward", [1, 3, 5, 6]],
    [1, "conv2d_data_gradient_naive", 1, "output", "backward", [1, 2, 7, 8]],
    [1, "conv2d_weight_gradient_naive", 2, "weight", "backward", [3, 1, 2, 0]],
    [1, "matmul_naive", 5, "output", "forward", [1, 7]],
    [1, "matmul_naive", 5, "weight", "backward", [4, 9]],
    [1, "matmul_naive", 4, "output", "backward", [0, 11]],
    [1, "bias_gradient_naive", 2, "bias", "backward", [3]],
    [1, "bias_gradient_naive", 5, "bias", "backward", [7]],
    [0, "batch_norm_gradient_naive", 3, "weight", "backward", [1]],
    [0, "batch_norm_gradient_naive", 3, "bias", "backward", [0]],
    [1, "cross_entropy_naive", 6, "output", "forward", []],
    [1, "cross_entropy_naive", 6, "output", "forward", [1]],
  ] as const)(
    "model %i, %s gives what the GPU's own kernel gave",
    (model, kernel, layer, tensor, side, index) => {
      const step = steps[model];
      const ref = { layer, tensor, index };
      const run = naiveRung(new Tensors(step), ref, side, "")!;
      expect(run.view.kernel).toBe(kernel);
      expect(run.note).toMatch(/naive rung/);
      const inspection = inspect(step, ref);
      expect(run.value).toBe(side === "forward" ? inspection.value : inspection.back!.value);
      const { output } = finish(run);
      expect(agree(output, run, inspection), `${output}, GPU ${run.value}`).toBe(true);
      expect(output).not.toBe(0);
    },
  );

  test("of batch norm's statistics: every channel, the mean too", () => {
    const t = new Tensors(steps[0]);
    const kept = t.beside(3, "batch_norm_fold")!.values;
    for (let c = 0; c < 2; c++) {
      const ref = { layer: 3, tensor: "output", index: [0, c, 1, 2] } as const;
      const run = naiveRung(t, ref, "forward", "batch_norm_statistics")!;
      const stepper = new ShaderStepper(run);
      const last = run.view.wgsl.split("\n").findIndex((line) => line.includes("rstd[channel] =")) + 1;
      stepper.run(last, Infinity);
      const mean = stepper.variables.find((v) => v.name === "center")!.value as number;
      expect(close(mean, kept[c] + kept[2 + c])).toBe(true);
      stepper.stepOnce();
      expect(close(stepper.output, run.value)).toBe(true);
      expect(run.output).toBe("rstd");
    }
    const normalise = { layer: 3, tensor: "output", index: [0, 0, 1, 2] } as const;
    expect(naiveRung(t, normalise, "forward", "batch_norm")).toBeNull(); // it runs alone itself
  });

  test("are run however long they take, in slices", async () => {
    const step = await retainedStep({
      layers: "conv 2 k3 p1, flatten, linear 10",
      optimizer: "sgd",
      batch: 64,
      before: 0,
    });
    const ref = { layer: 0, tensor: "weight", index: [1, 0, 1, 1] } as const;
    const run = naiveRung(new Tensors(step), ref, "backward", "")!;
    const stepper = new ShaderStepper(run);
    let slices = 1;
    while (!stepper.run(null, 20)) slices++;
    expect(stepper.done).toBe(true);
    expect(stepper.steps).toBeGreaterThan(200_000);
    expect(slices).toBeGreaterThan(3);
    expect(agree(stepper.output, run, inspect(step, ref)), `${stepper.output}, GPU ${run.value}`).toBe(true);
  });
});

describe("dropout", () => {
  const draws = () => stepped.filter(({ run }) => run.view.kernel === "dropout");

  test("draws what the CPU's generator draws, bit by bit", () => {
    expect(draws().length).toBeGreaterThan(1);
    for (const { run } of draws()) {
      const stepper = new ShaderStepper(run);
      const last = run.view.wgsl.split("\n").findIndex((line) => line.includes("y[i] =")) + 1;
      stepper.run(last, Infinity);
      const param = (name: string) => run.data.params.find((p) => p.name === name)!.value!;
      const generator = new Generator(BigInt(param("key_lo")) + (BigInt(param("key_hi")) << 32n));
      generator.offset = param("block_lo") + Math.floor(run.element / 4);
      const value = (name: string) => stepper.variables.find((v) => v.name === name)!.value;
      const expected = generator.u32(4);
      expect(value("r")).toEqual([...expected]);
      expect(value("u")).toEqual([...expected].map((u) => (u >>> 8) * 2 ** -24));
    }
  });

  test("that has lost its place in the stream is refused in words", () => {
    const step = { ...steps[0], host: steps[0].host.map(() => ({})) };
    const { kernel } = draws()[0];
    const at = step.program.dispatches.findIndex((d) => d.kernel === kernel);
    const ref = { layer: 7, tensor: "output", index: [0, 3] } as const;
    expect(steppedInvocation(step, ref, at)).toMatch(/random numbers/);
  });
});

test("every dispatch that an element shows has an invocation to step through", () => {
  expect(reasons).toEqual([]);
  const kernels = new Set(stepped.map(({ kernel }) => kernel));
  // Of those that share their work: all that the models run.
  for (const kernel of [
    "conv2d_quad",
    "conv2d_implicit",
    "matmul_quad",
    "matmul_splitk_reduce",
    "cross_entropy_total",
  ])
    expect(kernels).toContain(kernel);
});

test("a dispatch that did not make the element is refused in words", () => {
  const ref = { layer: 0, tensor: "output", index: [0, 0, 0, 0] } as const;
  const at = steps[0].program.dispatches.findIndex((d) => d.kernel === "batch_norm_fold");
  expect(steppedInvocation(steps[0], { ...ref, layer: 1 }, at)).toMatch(/no thread of it wrote the element/);
});

test("rewrites for the interpreter keep the lines", () => {
  for (const { run } of stepped)
    expect(interpretable(run.view.wgsl).split("\n").length).toBe(run.view.wgsl.split("\n").length);
});
