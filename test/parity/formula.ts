// Weights without weight files: every element of a tensor is a hash of the tensor's name and the element's index, scaled so
// that activations stay of order 1. formula.py computes the same bits, and says what each is for.

import type { Module } from "../../src/layers/module.ts";
import type { StateArray } from "../../src/layers/state_dict.ts";

type Shape = readonly number[];

/** FNV-1a over the UTF-8 bytes, 32 bits. */
function seed(name: string): number {
  let h = 2166136261;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 16777619);
  return h >>> 0;
}

/** u32 [count]: Wellons' lowbias32 of seed + i * golden ratio. */
export function words(name: string, count: number): Uint32Array {
  const out = new Uint32Array(count);
  let state = seed(name);
  for (let i = 0; i < count; i++) {
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    out[i] = x ^ (x >>> 16);
    state = (state + 0x9e3779b9) | 0;
  }
  return out;
}

/** mid + size * U[-1, 1), rounded once to f32. */
function spread(name: string, count: number, mid: number, size: number): Float32Array {
  const out = new Float32Array(count);
  const w = words(name, count);
  for (let i = 0; i < count; i++) out[i] = mid + size * ((w[i] >>> 8) * 2 ** -23 - 1);
  return out;
}

/** Of a norm. */
const scale = (name: string) => (name.endsWith("bn3.weight") ? [0.125, 0.03125] : [1, 0.25]);

/** The tensor of a state dict under this name. */
export function value(name: string, shape: Shape): StateArray {
  const count = shape.reduce((n, s) => n * s, 1);
  if (name.endsWith("num_batches_tracked")) return { data: new Int32Array(count), shape };
  const [mid, size] = name.includes("running_var")
    ? [1, 0.5]
    : name.includes("running_mean") || name.includes("bias")
      ? [0, 0.1]
      : count === shape[0]
        ? scale(name)
        : [0, Math.sqrt((6 * shape[0]) / count)];
  return { data: spread(name, count, mid, size), shape };
}

/** Gives every parameter and buffer of a module its value, one at a time. */
export function fillWeights(model: Module): void {
  for (const [name, { shape }] of model.stateDict()) {
    model.loadStateDict({ [name]: value(name, shape) }, { strict: false });
  }
}

const STRIPE = 16;

/** An input of unit variance. */
export function picture(name: string, shape: Shape): { readonly data: Float32Array; readonly shape: Shape } {
  const count = shape.reduce((n, s) => n * s, 1);
  const stripes = spread(name, Math.ceil(count / STRIPE), 0, Math.sqrt(3));
  return { data: Float32Array.from({ length: count }, (_, i) => stripes[Math.floor(i / STRIPE)]), shape };
}

/** i32 [count] below `classes`. */
export function labels(name: string, count: number, classes: number): Int32Array {
  return Int32Array.from(words(name, count), (w) => w % classes);
}

/** Which elements of a tensor are stored. */
export function sampled(name: string, size: number, count: number): number[] {
  return Array.from(words(`${name} sampled`, count), (w) => w % size);
}
