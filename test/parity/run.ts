// One golden run of a model, of whatever family: filled by formula.ts, it gives results, a loss, gradients, running statistics and
// the losses of some steps; each is compared with what PyTorch gave. How a model is made and called: cnn_models.ts,
// transformer_models.ts. Networks of several losses: training/training.ts, which compares by the same functions.

import type { Device } from "../../src/gpu/device.ts";
import type { Module } from "../../src/layers/module.ts";
import { AdamW, SGD } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { GoldenTensor } from "../golden/load.ts";
import { fillWeights, sampled } from "./formula.ts";

/** A golden tensor of a case by its name; parts: README.md. */
export type Part = (name: string) => GoldenTensor | undefined;

export interface GoldenRun {
  readonly name: string;
  readonly model: Module;
  readonly inputs: readonly Tensor[];
  readonly forward: (...inputs: Tensor[]) => Tensor;
  /** What the loss compares logits of this shape with. */
  readonly targets: (logits: Shape) => Tensor;
  readonly loss: (logits: Tensor, targets: Tensor) => Tensor;
  /** Whether the loss is that of training: batch statistics. */
  readonly training: boolean;
  /** Learning rates. */
  readonly rates: { readonly sgd: number; readonly adamw: number };
  readonly part: Part;
}

export interface Checked {
  readonly part: string;
  /** max |y - ref| / max |ref| */
  readonly error: number;
}

/** Of the losses of steps; of AdamW, which divides by small numbers. */
export const CURVE_BOUNDS = { sgd: 1e-4, adamw: 1e-3 } as const;

export async function checkRun(device: Device, run: GoldenRun): Promise<Checked[]> {
  const { name, model, inputs, forward, part } = run;
  fillWeights(model);
  model.eval();
  const logits = noGrad(() => scope(() => forward(...inputs)));
  const found = part("logits.max")
    ? await digestErrors("logits", [[`${name} logits`, logits]], part)
    : [{ part: "logits", error: errorOf(await logits.data(), part("logits")!.data) }];
  const y = run.targets(logits.shape);
  if (part("loss")) found.push(...(await lossErrors(run, y)));
  for (const optimizer of ["sgd", "adamw"] as const) {
    const losses = part(optimizer)?.data;
    if (!losses) continue;
    found.push({ part: optimizer, error: errorOf(await curve(run, y, optimizer, losses.length), losses) });
  }
  for (const t of model.stateDict().values()) t.release("a checked run");
  await device.settle();
  device.pool.trim();
  return found;
}

async function lossErrors(run: GoldenRun, y: Tensor): Promise<Checked[]> {
  const { model, inputs, forward, loss, training, part } = run;
  model.train(training);
  const value = scope(() => {
    const l = loss(forward(...inputs), y);
    if (part("grads")) backward(l);
    return l;
  });
  const found = [{ part: "loss", error: errorOf(await value.data(), part("loss")!.data) }];
  if (part("grads")) found.push(...(await digestErrors("grads", gradients(model), part)));
  if (part("after")) found.push(...(await digestErrors("after", statistics(model), part)));
  return found;
}

export function gradients(model: Module): [string, Tensor][] {
  return model.namedParameters().map(([name, { grad }]) => {
    if (!grad) throw new Error(`${name} has no gradient`);
    return [name, grad];
  });
}

export const statistics = (model: Module): [string, Tensor][] =>
  model.namedBuffers().filter(([, b]) => b.dtype === "f32");

/** The losses of captured steps in training, from the weights of the formula. */
async function curve(
  { model, inputs, forward, loss, rates }: GoldenRun,
  y: Tensor,
  name: "sgd" | "adamw",
  steps: number,
): Promise<number[]> {
  fillWeights(model);
  model.train();
  const params = model.parameters();
  const lr = rates[name];
  const optimizer = name === "sgd" ? new SGD(params, { lr, momentum: 0.9 }) : new AdamW(params, { lr });
  const step = compile((y: Tensor, ...x: Tensor[]) => {
    const l = loss(forward(...x), y);
    optimizer.minimize(l);
    return l;
  });
  const losses = Array.from({ length: steps }, () => step(y, ...inputs));
  return Promise.all(losses.map((l) => l.item()));
}

/** The stored elements of each tensor, against its largest magnitude. */
export async function digestErrors(
  what: string,
  named: readonly (readonly [string, Tensor])[],
  part: Part,
): Promise<Checked[]> {
  const stored = part(what)!;
  const largest = part(`${what}.max`)!.data;
  const each = stored.shape.at(-1)!;
  const count = stored.shape.length === 1 ? 1 : stored.shape[0];
  if (count !== named.length) throw new Error(`${what}: ${count} stored, ${named.length} here`);
  const found: Checked[] = [];
  for (const [i, [name, t]] of named.entries()) {
    const values = await t.data();
    const ref = Array.from(stored.data as ArrayLike<number>).slice(i * each, (i + 1) * each);
    const got = sampled(name, t.size, each).map((at) => values[at]!);
    found.push({ part: `${what} ${name}`, error: errorOf(got, ref, Number(largest[i])) });
  }
  return found;
}

/** max |got - ref| / max |ref|, or / `largest`; infinite where a number is none or missing. */
export function errorOf(got: ArrayLike<number>, ref: GoldenTensor["data"] | number[], largest = 0): number {
  if (got.length !== ref.length) return Number.POSITIVE_INFINITY;
  let [off, most] = [0, largest];
  for (let i = 0; i < ref.length; i++) {
    const wanted = Number(ref[i]);
    off = Math.max(off, Math.abs(got[i]! - wanted));
    if (largest === 0) most = Math.max(most, Math.abs(wanted));
  }
  return Number.isFinite(off) ? off / most : Number.POSITIVE_INFINITY;
}
