// One golden run of a transformer: builds it, fills it by formula.ts, and compares results, gradients and the losses of 20
// training steps with the file that make_transformers.py wrote.

import type { Device } from "../../src/gpu/device.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { reshape } from "../../src/kernels/reshape.ts";
import type { Module } from "../../src/layers/module.ts";
import { AdamW, SGD } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenTensor, goldenFile } from "../golden/load.ts";
import { sampled } from "./formula.ts";
import { build, type GoldenRun, inputsOf, targets } from "./transformer_models.ts";

export interface Checked {
  readonly part: string;
  /** max |y - ref| / max |ref| */
  readonly error: number;
}

type Part = (name: string) => GoldenTensor | undefined;

export async function checkTransformer(device: Device, file: string): Promise<Checked[]> {
  const { tensors, metadata } = goldenFile(`../parity/transformers/${file}`);
  const run = JSON.parse(metadata.case) as GoldenRun;
  const part: Part = (name) => tensors.get(`${run.case}/${name}`);
  const inputs = inputsOf(run);
  const { model, forward } = build(run);
  const found: Checked[] = [];
  const trained = part("loss") !== undefined;

  // One forward for the results and the gradients.
  const { logits, loss } = scope(() => {
    const logits = forward(...inputs);
    if (!trained) return { logits, loss: null };
    const loss = crossEntropy(reshape(logits, [-1, run.classes]), targets(run, logits.size / run.classes));
    backward(loss);
    return { logits, loss };
  });
  const values = await logits.data();
  const stored = part("logits")!.data as Float32Array;
  const taken = sampled(`${run.case} logits`, logits.size, stored.length).map((i) => values[i]);
  found.push({ part: "logits", error: errorOf(taken, stored, part("logits.max")!.data[0] as number) });
  if (loss) {
    found.push({ part: "loss", error: errorOf(await loss.data(), numbers(part("loss")!)) });
    found.push(...(await gradientErrors(model, part)));
    await release(device, model);
    for (const name of ["sgd", "adamw"] as const) {
      const seen = await curve(device, run, inputs, name, logits.size / run.classes);
      found.push({ part: name, error: errorOf(seen, numbers(part(name)!)) });
    }
  } else await release(device, model);
  return found;
}

const numbers = (t: GoldenTensor) => t.data as Float64Array;

async function gradientErrors(model: Module, part: Part): Promise<Checked[]> {
  const [stored, most] = [part("grads")!, numbers(part("grads.max")!)];
  const named = model.namedParameters();
  const [count, each] = stored.shape;
  if (count !== named.length) throw new Error(`${count} gradients stored, ${named.length} here`);
  const found: Checked[] = [];
  for (const [i, [name, p]] of named.entries()) {
    if (!p.grad) throw new Error(`${name} has no gradient`);
    const values = await p.grad.data();
    const ref = (stored.data as Float32Array).subarray(i * each, (i + 1) * each);
    const got = sampled(name, p.size, each).map((at) => values[at]);
    found.push({ part: `gradient of ${name}`, error: errorOf(got, ref, most[i]) });
  }
  return found;
}

const OPTIMIZERS = {
  sgd: (params: Tensor[]) => new SGD(params, { lr: 0.02, momentum: 0.9 }),
  adamw: (params: Tensor[]) => new AdamW(params, { lr: 1e-3, weightDecay: 0.01 }),
};
const STEPS = 20;

/** The loss before each of 20 captured steps. */
async function curve(
  device: Device,
  run: GoldenRun,
  inputs: readonly Tensor[],
  name: keyof typeof OPTIMIZERS,
  rows: number,
): Promise<number[]> {
  const { model, forward } = build(run);
  const optimizer = OPTIMIZERS[name](model.parameters());
  const step = compile((y: Tensor, ...x: Tensor[]) => {
    const loss = crossEntropy(reshape(forward(...x), [-1, run.classes]), y);
    optimizer.minimize(loss);
    return { loss };
  });
  const y = targets(run, rows);
  const losses = Array.from({ length: STEPS }, () => step(y, ...inputs).loss);
  const seen: number[] = [];
  for (const loss of losses) seen.push(await loss.item());
  await release(device, model);
  return seen;
}

async function release(device: Device, model: Module): Promise<void> {
  for (const p of model.stateDict().values()) p.release("a checked run");
  await device.settle();
  device.pool.trim();
}

function errorOf(got: ArrayLike<number>, ref: ArrayLike<number>, largest = 0): number {
  let off = got.length === ref.length ? 0 : Number.POSITIVE_INFINITY;
  let most = largest;
  for (let i = 0; i < ref.length; i++) {
    off = Math.max(off, Math.abs(got[i] - ref[i]));
    if (largest === 0) most = Math.max(most, Math.abs(ref[i]));
  }
  return Number.isFinite(off) ? off / most : Number.POSITIVE_INFINITY;
}
