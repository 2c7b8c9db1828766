// What the stepper's worker answers: states for steps, runs in slices that a pause ends, faults in words.

import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { ShaderView, SteppedInvocation } from "../../site/engine/protocol.ts";
import type {
  StepperMessage,
  StepperRequest,
  StepperState,
} from "../../site/parts/inspector/stepper_messages.ts";

const LOOP = `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  var sum = 0.0;
  for (var i = 0u; i < TURNS; i++) {
    sum += 0.5;
  }
  y[0] = sum;
}`;

function invocation(wgsl: string): SteppedInvocation {
  const y = {
    name: "y",
    binding: 0,
    access: "read_write",
    type: "f32",
    shape: [1],
    before: null,
    after: null,
  } as const;
  const view: ShaderView = {
    ...{ at: 0, file: "loop.wgsl", label: "", kernel: "loop", wgsl, overrides: {}, params: {}, bindings: [] },
    ...{ grid: [1, 1, 1], flops: 0, bytes: 4, us: null, gflops: null, gbs: null },
  };
  return {
    ...{ view, data: { at: 0, bindings: [y], params: [], paramsBytes: 0 }, invocation: [0, 0, 0] },
    ...{ output: "y", element: 0, value: 0, note: null },
  };
}

const told: StepperMessage[] = [];
const scope = {
  onmessage: null as ((event: { data: StepperRequest }) => void) | null,
  postMessage: (m: StepperMessage) => told.push(m),
};
const error = console.error;

beforeAll(async () => {
  vi.stubGlobal("self", scope);
  await import("../../site/parts/inspector/stepper_worker.ts");
});
afterAll(() => {
  console.error = error;
  vi.unstubAllGlobals();
});
beforeEach(() => {
  told.length = 0;
});

const ask = (request: StepperRequest) => scope.onmessage!({ data: request });
const open = (turns: number) =>
  ask({ ask: "open", invocation: invocation(LOOP.replace("TURNS", `${turns}u`)) });
const last = () => told.at(-1) as StepperState;

test("opens at the first line, steps, runs to a line and to the end, begins again", () => {
  open(10);
  expect(last()).toMatchObject({ line: 4, done: false, steps: 0, output: 0, running: false });
  ask({ ask: "line" });
  expect(last()).toMatchObject({ line: 5, steps: 1 });
  expect(last().variables).toContainEqual({ name: "sum", value: 0 });
  ask({ ask: "run", to: 8 });
  expect(last()).toMatchObject({ line: 8, done: false, output: 0, running: false });
  expect(last().variables).toContainEqual({ name: "sum", value: 5 });
  ask({ ask: "run", to: null });
  expect(last()).toMatchObject({ line: 0, done: true, output: 5, running: false });
  ask({ ask: "restart" });
  expect(last()).toMatchObject({ line: 4, done: false, steps: 0, output: 0 });
});

test("a long run is told of on the way, and paused", async () => {
  open(100_000_000);
  ask({ ask: "run", to: null });
  await vi.waitUntil(() => told.length >= 4);
  const states = told as StepperState[];
  expect(last().running).toBe(true);
  expect(last().steps).toBeGreaterThan(states[1]!.steps);
  ask({ ask: "pause" });
  const { steps, running } = last();
  expect(running).toBe(false);
  const heard = told.length;
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(told.length).toBe(heard);
  ask({ ask: "line" });
  expect(last().steps).toBeGreaterThan(steps);
});

test("what the interpreter cannot read or do is told in words", () => {
  ask({ ask: "open", invocation: invocation("fn main( {") });
  expect(told).toEqual([{ failed: expect.stringMatching(/./) }]);
  told.length = 0;
  ask({
    ask: "open",
    invocation: invocation(LOOP.replace("TURNS", "10u").replace("y[0] = sum", "y[0] = nothing(sum)")),
  });
  expect(last()).toMatchObject({ line: 4 });
  ask({ ask: "run", to: null });
  expect(told.at(-1)).toEqual({ failed: expect.stringMatching(/nothing/) });
});
