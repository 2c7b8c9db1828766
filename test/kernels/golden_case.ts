// Runs one golden case of PyTorch through an op: values, gradients, gradients of gradients, inputs changed in place.
import { expect } from "vitest";
import { grad } from "../../src/tensor/autograd.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { judge } from "../golden/judge.ts";
import type { GoldenCase, GoldenTensor } from "../golden/load.ts";

export type Inputs = Readonly<Record<string, Tensor>>;

/** |got - want| <= bound (1 + |want|). For what is not golden: golden values have their judge. */
export function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, bound: number, what = ""): void {
  expect(got.length, what).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const a = got[i]!;
    const b = want[i]!;
    if (Object.is(a, b) || a === b) continue;
    if (!(Math.abs(a - b) <= bound * (1 + Math.abs(b))))
      expect.fail(`${what}: at ${i} got ${a}, expected ${b}`);
  }
}

export function fromGolden(t: GoldenTensor, requiresGrad = false): Tensor {
  const data = t.dtype === "I32" ? (t.data as Int32Array) : (t.data as Float32Array);
  const made = tensor(data, { shape: t.shape });
  made.requiresGrad = requiresGrad;
  return made;
}

/** `run` gives all outputs that the case lists. */
export async function checkGolden(c: GoldenCase, run: (inputs: Inputs) => readonly Tensor[]): Promise<void> {
  const recorded = c.dy.some((t) => t);
  const inputs: Record<string, Tensor> = {};
  for (const [name, t] of Object.entries(c.inputs)) inputs[name] = fromGolden(t, name in c.grads);
  const outputs = run(inputs);
  for (const [i, t] of c.outputs.entries()) {
    expect(outputs[i]!.shape, `shape of output ${i}`).toEqual(t.shape);
    judge(c, `out.${i}`, await outputs[i]!.data(), t);
  }
  for (const [name, t] of Object.entries(c.after)) {
    judge(c, `after.${name}`, await inputs[name]!.data(), t);
  }
  if (!recorded) return;

  const names = Object.keys(c.grads);
  const wanted = names.map((name) => inputs[name]!);
  const used = outputs.map((_, i) => i).filter((i) => c.dy[i]);
  const roots = used.map((i) => outputs[i]!);
  const plain = grad(roots, wanted, {
    gradOutputs: used.map((i) => fromGolden(c.dy[i]!)),
    retainGraph: true,
    allowUnused: true,
  }).map((g, k) => g ?? zeros(wanted[k]!.shape));
  for (const [k, name] of names.entries()) {
    judge(c, `grad.${name}`, await plain[k]!.data(), c.grads[name]!);
  }
  if (Object.keys(c.v).length === 0) return;

  const dys = used.map((i) => fromGolden(c.dy[i]!, true));
  const gradients = grad(roots, wanted, { gradOutputs: dys, createGraph: true });
  for (const [k, name] of names.entries()) {
    judge(c, `grad.${name}`, await gradients[k]!.data(), c.grads[name]!);
  }
  // sum over k of sum(grad_k * v_k): roots are those gradients that are on the tape, cotangents the v.
  const taped = names.map((_, k) => k).filter((k) => gradients[k]!.requiresGrad);
  const targets = [...wanted, ...dys];
  const seconds = grad(
    taped.map((k) => gradients[k]!),
    targets,
    { gradOutputs: taped.map((k) => fromGolden(c.v[names[k]!]!)), allowUnused: true },
  );
  const keys = [...names, ...used.map((i) => `dy.${i}`)];
  for (const [k, key] of keys.entries()) {
    const want = c.gg[key]!;
    const got = seconds[k] ? await seconds[k]!.data() : new Float32Array(want.data.length);
    judge(c, `gg.${key}`, got, want);
  }
}
