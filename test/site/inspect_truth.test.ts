// Inspector truth: the terms shown are the value shown, within the rounding that is claimed, forward, backward and through the
// optimizer, for every kind of layer; and the WGSL shown is what was compiled.

import { beforeAll, describe, expect, test } from "vitest";
import { bindingData } from "../../site/engine/inspect/binding_data.ts";
import { inspect } from "../../site/engine/inspect/inspect.ts";
import { ladder } from "../../site/engine/inspect/ladder.ts";
import type { RetainedStep } from "../../site/engine/inspect/retained_step.ts";
import { shaderViews } from "../../site/engine/inspect/shader_view.ts";
import { Tensors } from "../../site/engine/inspect/tensors.ts";
import { LAYER_KINDS, type LayerKind } from "../../site/engine/layers.ts";
import type { Arithmetic, ElementRef, Inspection } from "../../site/engine/protocol.ts";
import { RUNS, retainedStep, theDevice, uniforms } from "./retained_steps.ts";

const OUTPUTS = 8;
const PARAMETERS = 4;

const compiled = new Set<string>();
const steps: RetainedStep[] = [];
const opened: { step: RetainedStep; kind: LayerKind | "input" | "loss"; inspection: Inspection }[] = [];

beforeAll(async () => {
  const { gpu } = await theDevice();
  const original = gpu.createShaderModule.bind(gpu);
  gpu.createShaderModule = (descriptor) => {
    compiled.add(descriptor.code);
    return original(descriptor);
  };
  for (const run of RUNS) steps.push(await retainedStep(run));
  const draw = uniforms(7);
  for (const step of steps)
    for (const ref of elements(step, draw)) {
      const kind = step.layers[ref.layer]?.kind ?? (ref.layer < 0 ? "input" : "loss");
      opened.push({ step, kind, inspection: inspect(step, ref) });
    }
}, 300_000);

/** Random elements of every output and every parameter of a step. */
function* elements(step: RetainedStep, draw: () => number): Generator<ElementRef> {
  const t = new Tensors(step);
  const pick = (shape: readonly number[]) => shape.map((size) => Math.floor(draw() * size));
  const end = step.layers.length;
  for (let layer = -1; layer < end; layer++) {
    for (let k = 0; k < OUTPUTS; k++) yield { layer, tensor: "output", index: pick(t.shape(layer)) };
    for (const tensor of ["weight", "bias"] as const) {
      const shape = t.parameter(layer, tensor)?.shape;
      for (let k = 0; shape && k < PARAMETERS; k++) yield { layer, tensor, index: pick(shape) };
    }
  }
  yield { layer: end, tensor: "output", index: [] };
  yield { layer: end, tensor: "output", index: pick([t.batch]) };
}

const combined = ({ terms, combine }: Arithmetic): number =>
  combine === "max" ? Math.max(...terms.map((t) => t.value)) : terms.reduce((sum, t) => sum + t.value, 0);

describe("terms", () => {
  test("of at least 200 elements over all kinds of layers", () => {
    expect(opened.length).toBeGreaterThan(200);
    expect(new Set(opened.map((o) => o.kind))).toEqual(new Set([...LAYER_KINDS, "input", "loss"]));
    expect(new Set(steps.map((s) => s.optimizer.name))).toEqual(new Set(["sgd", "adam", "adamw", "rmsprop"]));
  });

  test.each(["why", "back"] as const)("%s: give the GPU's value within their bound", (side) => {
    let compared = 0;
    for (const { inspection } of opened) {
      const a = inspection[side];
      if (!a) continue;
      compared++;
      const what = `${inspection.label} ${side}: ${a.value} against ${a.expected}, bound ${a.bound}`;
      expect(Math.abs(a.value - a.expected), what).toBeLessThanOrEqual(a.bound);
      expect(a.expected).toBe(a.steps.at(-1)!.value);
      for (const t of a.terms) expect(t.value).toBe(t.factors.reduce((p, f) => p * f.value, 1));
      expect(a.terms.length).toBe(Math.min(a.count, 512));
      if (a.count === a.terms.length) expect(combined(a)).toBeCloseTo(a.steps[0].value, 12);
    }
    expect(compared).toBeGreaterThan(200);
  });

  test("values are the GPU's: those of the tensor opened", () => {
    for (const { inspection: i } of opened) {
      if (i.why) expect(i.why.value).toBe(i.value);
      expect(i.value).toBeGreaterThanOrEqual(i.statistics.min);
      expect(i.value).toBeLessThanOrEqual(i.statistics.max);
    }
  });

  test("every layer in front of a parameter's gradient has one, parameters all", () => {
    for (const { step, kind, inspection: i } of opened) {
      if (i.ref.tensor !== "output") expect(i.back, i.label).not.toBeNull();
      else if (kind !== "input" && kind !== "loss" && step.layers[0].kind === "conv")
        expect(i.back, i.label).not.toBeNull();
    }
  });
});

test("the loss of many rows is their mean, by both of its dispatches", async () => {
  const layers = "maxpool 4, flatten, linear 10";
  const step = await retainedStep({ layers, optimizer: "sgd", batch: 420, before: 0 });
  const { value, why, shape, forward } = inspect(step, { layer: 3, tensor: "output", index: [] });
  expect([value, why!.value, shape]).toEqual([step.loss, step.loss, []]);
  expect(Math.abs(why!.value - why!.expected)).toBeLessThanOrEqual(why!.bound);
  expect(forward.map((view) => view.kernel)).toEqual(["cross_entropy", "cross_entropy_total"]);
});

test("bounds are tight: operands shifted by one index, or two of them exchanged, break them", () => {
  let [shifts, caughtShifts, swaps, caughtSwaps] = [0, 0, 0, 0];
  for (const { inspection } of opened)
    for (const a of [inspection.why, inspection.back]) {
      if (!a || a.combine === "max" || a.steps.length > 1 || a.count !== a.terms.length || a.count < 4)
        continue;
      const [first, second] = [0, 1].map((f) => a.terms.map((t) => t.factors[f].value));
      if (new Set(first).size < 3 || new Set(second).size < 3) continue; // 1 * x: an exchange changes nothing
      const off = (others: readonly number[]) =>
        Math.abs(first.reduce((sum, v, i) => sum + v * others[i], 0) - a.value) > a.bound;
      shifts++;
      if (off([...second.slice(1), second[0]])) caughtShifts++;
      const at = second.findIndex((v, i) => i > 0 && v !== second[i - 1] && first[i] !== first[i - 1]);
      if (at < 0) continue;
      swaps++;
      const swapped = [...second];
      [swapped[at], swapped[at - 1]] = [second[at - 1], second[at]];
      if (off(swapped)) caughtSwaps++;
    }
  expect(shifts).toBeGreaterThan(100);
  expect(caughtShifts / shifts).toBeGreaterThan(0.95);
  // Two terms of hundreds that hardly differ may hide in the rounding of the others.
  expect(caughtSwaps / swaps).toBeGreaterThan(0.9);
});

test("the last line of the optimizer is the weight that the GPU wrote", () => {
  for (const { inspection: i } of opened) {
    if (i.ref.tensor === "output") {
      expect(i.update).toBeNull();
      continue;
    }
    const { value, expected, bound } = i.after!;
    expect(Math.abs(value - expected), `${i.label}: ${value} against ${expected}`).toBeLessThanOrEqual(bound);
    expect(i.update!.at(-1)!.value).toBe(expected);
    // A step that is not made would be seen.
    if (Math.abs(expected - i.value) > 1e-6) expect(Math.abs(i.value - expected)).toBeGreaterThan(bound);
  }
});

describe("shaders", () => {
  test("the WGSL shown is the string given to createShaderModule", () => {
    let shown = 0;
    for (const { inspection: i } of opened)
      for (const view of [...i.forward, ...i.backward]) {
        shown++;
        expect(compiled.has(view.wgsl), `${i.label}: ${view.file}`).toBe(true);
        expect(view.wgsl).toContain("@compute");
      }
    expect(shown).toBeGreaterThan(opened.length);
  });

  test("the last dispatch shown is one that writes the element's tensor", () => {
    for (const { kind, inspection: i } of opened) {
      if (i.ref.tensor !== "output" || kind === "loss" || i.ref.layer < 0) continue;
      const size = i.shape.reduce((n, s) => n * s, 1);
      for (const [views, needed] of [
        [i.forward, i.why],
        [i.backward, i.back],
      ] as const) {
        const written = views.at(-1)?.bindings.filter((b) => b.access === "read_write" && b.shape);
        // Nothing computes what a leading flatten passes on.
        if (!needed || (views.length === 0 && kind === "flatten")) continue;
        expect(
          written!.some((b) => b.shape!.reduce((n, s) => n * s, 1) === size),
          i.label,
        ).toBe(true);
      }
    }
  });

  test("every dispatch has its time, where the adapter has timestamps", () => {
    for (const step of steps)
      for (const { us, label } of shaderViews(step)) {
        if (step.us) expect(us, label).toBeGreaterThanOrEqual(0);
        else expect(us).toBeNull();
      }
    expect(steps.every((step) => step.us === null || step.us.length === step.program.dispatches.length)).toBe(
      true,
    );
  });

  test("parameters show the dispatches of their gradient and the optimizer's", () => {
    for (const { inspection: i } of opened) {
      if (i.ref.tensor === "output") continue;
      expect(i.forward.length, i.label).toBe(1);
      expect(i.backward.length, i.label).toBeGreaterThan(0);
    }
  });
});

describe("receptive fields", () => {
  const fieldOf = (index: number, layer: number, at: number[]) => {
    const { top, left, bottom, right } = inspect(steps[index], { layer, tensor: "output", index: at }).field!;
    return [top, left, bottom, right];
  };

  test("of convolutions and poolings, cut off at the border", () => {
    expect(fieldOf(0, 0, [0, 0, 0, 0])).toEqual([0, 0, 3, 3]); // 5x5 with padding 2
    expect(fieldOf(0, 0, [0, 0, 10, 12])).toEqual([8, 10, 13, 15]);
    expect(fieldOf(0, 3, [0, 0, 5, 5])).toEqual([8, 8, 14, 14]); // two of them side by side
    expect(fieldOf(0, 7, [0, 0, 3, 3])).toEqual([6, 6, 22, 22]);
  });

  test("of what hangs on the whole picture, and of flattened elements", () => {
    expect(fieldOf(0, 10, [0, 1])).toEqual([0, 0, 28, 28]);
    expect(fieldOf(0, 8, [0, 3 * 7 + 3])).toEqual([6, 6, 22, 22]);
    expect(fieldOf(3, 0, [0, 29])).toEqual([1, 1, 2, 2]);
  });

  /** A change of the input outside the field leaves the output as it was; the corners of the field do not. */
  test("hold every input that has a part in the value", () => {
    const t = new Tensors(steps[1]);
    const [top, left, bottom, right] = fieldOf(1, 0, [0, 0, 6, 6]);
    const terms = inspect(steps[1], { layer: 0, tensor: "output", index: [0, 0, 6, 6] }).why!.terms;
    const places = terms.flatMap(
      (term) =>
        term.factors[1]?.name
          .match(/x\[0,0,(\d+),(\d+)\]/)
          ?.slice(1)
          .map(Number) ?? [],
    );
    const [ys, xs] = [places.filter((_, i) => i % 2 === 0), places.filter((_, i) => i % 2 === 1)];
    expect([Math.min(...ys), Math.min(...xs), Math.max(...ys) + 1, Math.max(...xs) + 1]).toEqual([
      top,
      left,
      bottom,
      right,
    ]);
    expect(t.shape(0)).toEqual([5, 4, 14, 14]);
  });
});

describe("bindings of dispatches", () => {
  test("hold what the kernels read: of every one that an element shows", () => {
    for (const step of steps)
      for (const { at, kernel, label } of shaderViews(step)) {
        const { bindings } = bindingData(step, at);
        for (const b of bindings) {
          // Running statistics and host-side stand-ins are not read back.
          if (b.shape === null || /batch_norm_fold/.test(kernel)) continue;
          expect((b.access === "read" ? b.before : b.after)?.length, `${label}: ${b.name}`).toBe(
            b.shape.reduce((n, size) => n * size, 1),
          );
        }
      }
  });

  test("are those of a dispatch of the program", () => {
    expect(() => bindingData(steps[0], 1000)).toThrow(/there is no 1000/);
  });
});

test("the ladder times every rung that takes the shape, and shows what it compiled", async () => {
  const device = await theDevice();
  const rungs = await ladder(
    device,
    { kind: "conv", channels: 4, kernel: 3, stride: 1, padding: 1 },
    [2, 3, 8, 8],
  );
  expect(rungs.map((r) => r.name.split(":")[0])).toEqual(expect.arrayContaining(["naive", "register"]));
  for (const { us, wgsl, name } of rungs) {
    expect(us, name).toBeGreaterThan(0);
    for (const text of wgsl.split("\n// ---- the next dispatch ----\n"))
      expect(compiled.has(text), name).toBe(true);
  }
});

test("elements that do not exist are refused with the shape", () => {
  const open = (layer: number, tensor: ElementRef["tensor"], index: number[]) => () =>
    inspect(steps[0], { layer, tensor, index });
  expect(open(0, "output", [0, 0, 0, 28])).toThrow(
    /conv 8 k5 p2 has the shape \[8,8,28,28\], there is no element \[0,0,0,28\]/,
  );
  expect(open(0, "output", [0, 0])).toThrow(RangeError);
  expect(open(0, "weight", [0, 0, -1, 0])).toThrow(/weight .* \[8,1,5,5\]/);
  expect(open(0, "bias", [0.5])).toThrow(RangeError);
  expect(open(2, "weight", [0])).toThrow(/relu \(layer 2\) has no weight/);
  expect(open(12, "output", [0])).toThrow(/there is no layer 12, the model has 11/);
  expect(open(-2, "output", [0])).toThrow(RangeError);
  expect(open(-1, "weight", [0])).toThrow(/layer -1 has no weight/);
  expect(open(11, "output", [8])).toThrow(/the loss has the shape \[8\]/);
});
