// Golden training: nets built and filled as training.py does, and compared with what it wrote: state dicts, outputs, losses,
// gradients, running statistics, and the losses of some steps, captured and eager.

import { expect } from "vitest";
import type { Module } from "../../../src/layers/module.ts";
import { AdamW } from "../../../src/optim/adam.ts";
import { SGD } from "../../../src/optim/sgd.ts";
import { backward } from "../../../src/tensor/autograd.ts";
import { compile } from "../../../src/tensor/compile.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { noGrad } from "../../../src/tensor/mode.ts";
import { scope } from "../../../src/tensor/scope.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type GoldenTensor, goldenFile } from "../../golden/load.ts";
import { fillWeights, labels, picture } from "../formula.ts";
import { CURVE_BOUNDS, digestErrors, errorOf, gradients, statistics } from "../run.ts";

/** max |y - ref| / max |ref| of a tensor. */
const BOUND = 5e-5;
/** Between captured and eager steps. */
const CAPTURE_BOUND = 1e-5;
const EAGER_STEPS = 3;
const STRIPE = 16; // elements of one value in a picture: ../formula.ts

export type Inputs = Readonly<Record<string, Tensor>>;
export type Outputs = Readonly<Record<string, Tensor | Int32Array>>;

/** As in training.py: what a case is made of. Nets and losses under the same names. */
export interface Spec<N extends Readonly<Record<string, Module>>> {
  readonly nets: () => N;
  readonly inputs: (x: Draw) => Inputs;
  readonly outputs: (nets: N, x: Inputs) => Outputs;
  /** What needs a read-back. */
  readonly later?: (nets: N, x: Inputs) => Promise<Outputs>;
  readonly losses: Readonly<Record<string, (nets: N, x: Inputs) => Tensor>>;
}

/** Inputs by formula, each under its own name. */
export class Draw {
  constructor(private readonly prefix: string) {}

  /** A value of its own for each element: one of each stripe of a picture. */
  real(name: string, ...shape: number[]): Tensor {
    const { data } = picture(`${this.prefix} ${name}`, [...shape, STRIPE]);
    return tensor(
      data.filter((_, i) => i % STRIPE === 0),
      { shape },
    );
  }

  ids(name: string, classes: number, ...shape: number[]): Tensor {
    return tensor(this.numbers(name, classes, ...shape), { shape });
  }

  numbers(name: string, classes: number, ...shape: number[]): Int32Array {
    const count = shape.reduce((n, s) => n * s, 1);
    return labels(`${this.prefix} ${name}`, count, classes);
  }
}

export interface GoldenCase {
  readonly name: string;
  readonly number: number;
  readonly steps: number;
  readonly rates: readonly [sgd: number, adamw: number];
  readonly betas: readonly [number, number];
  readonly parameters: Readonly<Record<string, number>>;
  readonly entries: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly part: (name: string) => GoldenTensor | undefined;
}

export function readCases(file: string): GoldenCase[] {
  const { tensors, metadata } = goldenFile(`../parity/training/${file}`);
  const listed = JSON.parse(metadata.cases) as Omit<GoldenCase, "part">[];
  return listed.map((c) => ({ ...c, part: (name) => tensors.get(`${c.name}/${name}`) }));
}

type Nets = Readonly<Record<string, Module>>;

function build<N extends Nets>(golden: GoldenCase, spec: Spec<N>): { nets: N; x: Inputs } {
  const nets = spec.nets();
  for (const net of Object.values(nets)) fillWeights(net);
  return { nets, x: spec.inputs(new Draw(`${golden.name} ${golden.number}`)) };
}

/** Names, shapes and counts of the state dicts; outputs, losses, gradients, running statistics. */
export async function checkNumbers<N extends Nets>(golden: GoldenCase, spec: Spec<N>): Promise<void> {
  const { nets, x } = build(golden, spec);
  for (const [key, net] of Object.entries(nets)) {
    expect(
      net.parameters().reduce((n, p) => n + p.size, 0),
      key,
    ).toBe(golden.parameters[key]);
    const mine = [...net.stateDict()].map(([k, t]) => [k, t.shape.join("x")]);
    expect(mine, key).toEqual(Object.entries(golden.entries[key]));
    net.eval();
  }
  const out = noGrad(() => scope(() => spec.outputs(nets, x)));
  const all = { ...out, ...(await spec.later?.(nets, x)) };
  for (const [key, t] of Object.entries(all)) await checkTensor(golden, `out.${key}`, key, t);
  for (const net of Object.values(nets)) net.train();
  for (const [key, loss] of Object.entries(spec.losses)) {
    for (const net of Object.values(nets)) net.zeroGrad();
    const value = scope(() => {
      const l = loss(nets, x);
      backward(l);
      return l;
    });
    close(await value.data(), golden.part(`loss.${key}`)!, `loss.${key}`);
    await checkDigest(golden, `grads.${key}`, gradients(nets[key]));
  }
  for (const [key, net] of Object.entries(nets)) {
    if (golden.part(`after.${key}`)) await checkDigest(golden, `after.${key}`, statistics(net));
  }
}

/** The losses of alternating steps, one net after the other, captured, against PyTorch's; the first ones also eager. */
export async function checkCurve<N extends Nets>(
  golden: GoldenCase,
  spec: Spec<N>,
  which: "sgd" | "adamw",
): Promise<void> {
  const eager = stepper(golden, spec, which);
  const plain: number[] = [];
  for (let i = 0; i < EAGER_STEPS; i++) {
    for (const l of scope(() => eager.run(...eager.list))) plain.push(await l.item());
  }
  const captured = stepper(golden, spec, which);
  const step = compile(captured.run);
  const found: number[] = [];
  for (let i = 0; i < golden.steps; i++) {
    const losses = scope(() => step(...captured.list));
    for (const l of losses) found.push(await l.item());
  }
  const ref = golden.part(which)!.data as Float64Array;
  const most = Math.max(...ref.map(Math.abs));
  const captureError = errorOf(plain, found.slice(0, plain.length), most);
  const error = errorOf(found, ref);
  if (process.env.SHOW)
    console.log(golden.name, which, captureError.toExponential(1), error.toExponential(1));
  expect(captureError, "captured against eager").toBeLessThanOrEqual(CAPTURE_BOUND);
  expect(error, "against PyTorch").toBeLessThanOrEqual(CURVE_BOUNDS[which]);
  expect(step.programs.length).toBeLessThanOrEqual(2); // the first step finds no gradients
}

function stepper<N extends Nets>(golden: GoldenCase, spec: Spec<N>, which: "sgd" | "adamw") {
  const { nets, x } = build(golden, spec);
  const [sgd, adamw] = golden.rates;
  const optimizers = Object.fromEntries(
    Object.keys(spec.losses).map((key) => {
      const params = nets[key].parameters();
      const { betas } = golden;
      return [
        key,
        which === "sgd"
          ? new SGD(params, { lr: sgd, momentum: 0.9 })
          : new AdamW(params, { lr: adamw, betas }),
      ];
    }),
  );
  const names = Object.keys(x);
  const run = (...list: Tensor[]): Tensor[] => {
    const given = Object.fromEntries(names.map((name, i) => [name, list[i]]));
    return Object.entries(spec.losses).map(([key, loss]) => {
      const l = loss(nets, given);
      optimizers[key].minimize(l);
      return l;
    });
  };
  return { run, list: Object.values(x) };
}

async function checkTensor(golden: GoldenCase, part: string, key: string, t: Tensor | Int32Array) {
  const stored = golden.part(part)!;
  if (t instanceof Int32Array) return expect([...t], part).toEqual([...stored.data].map(Number));
  if (golden.part(`${part}.max`)) return checkDigest(golden, part, [[key, t]]);
  expect(t.shape, part).toEqual(stored.shape);
  close(await t.data(), stored, part);
}

async function checkDigest(golden: GoldenCase, what: string, named: readonly [string, Tensor][]) {
  for (const { part, error } of await digestErrors(what, named, golden.part))
    expect(error, part).toBeLessThanOrEqual(BOUND);
}

function close(got: ArrayLike<number>, { data }: GoldenTensor, part: string): void {
  expect(errorOf(got, data), part).toBeLessThanOrEqual(BOUND);
}
