// One step of the further optimizers over a run of parameters, one dispatch each, and the average of weights. Formulas: the
// shaders' headers. SGD, Adam and clipping: optimizer.ts.

import { grid1d, type Kernel, kernel } from "../gpu/kernel.ts";
import type { Shader } from "../gpu/shader.ts";
import {
  adadelta as adadeltaShader,
  adagrad as adagradShader,
  adamax as adamaxShader,
  ema as emaShader,
  lion as lionShader,
  muon as muonShader,
  nadam as nadamShader,
  radam as radamShader,
  rmsprop as rmspropShader,
} from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";

const WG = 64;

const nadam = kernel(nadamShader);
const radam = kernel(radamShader);
const rmsprop = kernel(rmspropShader);
const adagrad = kernel(adagradShader);
const adadelta = kernel(adadeltaShader);
const adamax = kernel(adamaxShader);
const lion = kernel(lionShader);
const ema = kernel(emaShader);
const muon = kernel(muonShader);

/** `control`: what a gradient scaler decided (step_control.ts), null without. */
type Bound<K> =
  K extends Kernel<infer S extends Shader>
    ? { readonly [N in keyof S["bindings"]]: N extends "control" ? Tensor | null : Tensor }
    : never;
type Scalars<K> =
  K extends Kernel<infer S extends Shader> ? Omit<Parameters<Kernel<S>>[1], "n4" | "n"> : never;

/** Four elements a thread. */
function slab(length: number, label: string, flops: number) {
  return { grid: grid1d(Math.ceil(length / 4 / WG)), label, flops: flops * length };
}

/** The same for a rule that a gradient scaler may gate. */
function gated({ p, control }: { p: Tensor; control: Tensor | null }, label: string, flops: number) {
  return { ...slab(p.size, label, flops), constants: { HAS_CONTROL: control !== null } };
}

export function nadamStep(run: Bound<typeof nadam>, scalars: Scalars<typeof nadam>): void {
  nadam(run, { n4: run.p.size / 4, ...scalars }, gated(run, "nadam", 15));
}

export function radamStep(run: Bound<typeof radam>, scalars: Scalars<typeof radam>): void {
  radam(run, { n4: run.p.size / 4, ...scalars }, gated(run, "radam", 13));
}

export function adagradStep(run: Bound<typeof adagrad>, scalars: Scalars<typeof adagrad>): void {
  adagrad(run, { n4: run.p.size / 4, ...scalars }, gated(run, "adagrad", 9));
}

export function adadeltaStep(run: Bound<typeof adadelta>, scalars: Scalars<typeof adadelta>): void {
  adadelta(run, { n4: run.p.size / 4, ...scalars }, gated(run, "adadelta", 17));
}

export function adamaxStep(run: Bound<typeof adamax>, scalars: Scalars<typeof adamax>): void {
  adamax(run, { n4: run.p.size / 4, ...scalars }, gated(run, "adamax", 12));
}

export function lionStep(run: Bound<typeof lion>, scalars: Scalars<typeof lion>): void {
  lion(run, { n4: run.p.size / 4, ...scalars }, gated(run, "lion", 9));
}

/** `a` centers, `m` is the momentum; null without. */
export function rmspropStep(
  run: Omit<Bound<typeof rmsprop>, "a" | "m"> & { readonly a: Tensor | null; readonly m: Tensor | null },
  scalars: Scalars<typeof rmsprop>,
): void {
  const constants = { CENTERED: run.a !== null, MOMENTUM: run.m !== null, HAS_CONTROL: run.control !== null };
  const options = { ...slab(run.p.size, "rmsprop", 15), constants };
  rmsprop(run, { n4: run.p.size / 4, ...scalars }, options);
}

/** s += fresh (x - s), over whole slabs. */
export function emaStep(x: Tensor, s: Tensor, scalars: Scalars<typeof ema>): void {
  ema({ x, s }, { n4: Math.ceil(x.size / 4), ...scalars }, slab(x.size, "ema", 3));
}

/** Updates the momentum m of one matrix with g, and writes the update to be made orthogonal into u. */
export function muonMomentum(
  { g, m, u, control }: { g: Tensor; m: Tensor; u: Tensor; control: Tensor | null },
  scalars: { a: Scalars<typeof muon>["a"]; b: Scalars<typeof muon>["b"] },
  nesterov: boolean,
): void {
  const constants = { NESTEROV: nesterov, HAS_CONTROL: control !== null };
  const options = { grid: grid1d(Math.ceil(u.size / WG)), constants };
  muon(
    { x: g, y: m, u, control },
    { n: u.size, ...scalars },
    { ...options, entry: "momentum", label: "muon_momentum" },
  );
}

/** p = a p - b o. */
export function muonApply(
  p: Tensor,
  o: Tensor,
  control: Tensor | null,
  scalars: { a: Scalars<typeof muon>["a"]; b: Scalars<typeof muon>["b"] },
): void {
  const constants = { HAS_CONTROL: control !== null };
  const options = { grid: grid1d(Math.ceil(p.size / WG)), entry: "apply", label: "muon", constants } as const;
  muon({ x: o, y: p, u: null, control }, { n: p.size, ...scalars }, options);
}
