// Layers that change no numbers or drop some: flatten, and dropout y = x mask / (1 - p).

import type { LayerSpec } from "../layers.ts";
import { at, indexOf, named, placeOf } from "./places.ts";
import { roundings } from "./rounding.ts";
import type { Explain, Rule } from "./rule.ts";
import { Sum } from "./sum.ts";
import { passesOn, type Tensors } from "./tensors.ts";

/** The element of x that stands at a place of y. */
const same: Explain = (t, layer, index) => {
  const from = indexOf(t.shape(layer - 1), placeOf(t.shape(layer), index));
  const sum = new Sum();
  sum.addTerm({ name: named("x", ...from), value: at(t.input(layer), ...from) });
  return sum.arithmetic("y = x: the same number, no arithmetic", at(t.output(layer), ...index), { bound: 0 });
};

const sameBack: Explain = (t, layer, index) => {
  const to = indexOf(t.shape(layer), placeOf(t.shape(layer - 1), index));
  const sum = new Sum();
  sum.addTerm({ name: named("dy", ...to), value: at(t.gradient(layer)!, ...to) });
  return sum.arithmetic("dx = dy: the same number, no arithmetic", at(t.gradient(layer - 1)!, ...index), {
    bound: 0,
  });
};

/** 1 or 0 of each element, as it was drawn; and 1 / (1 - p). */
function drawn(t: Tensors, layer: number, index: readonly number[]) {
  const { p } = t.step.layers[layer] as Extract<LayerSpec, { kind: "dropout" }>;
  const { values } = t.beside(layer, "dropout.mask")!;
  const mask = { name: named("mask", ...index), value: values[placeOf(t.shape(layer), index)] };
  return { mask, scale: { name: `1/(1-${p})`, value: 1 / (1 - p) } };
}

const drop: Explain = (t, layer, index) => {
  if (passesOn(t.step.layers[layer])) return same(t, layer, index);
  const { mask, scale } = drawn(t, layer, index);
  const sum = new Sum();
  sum.addTerm({ name: named("x", ...index), value: at(t.input(layer), ...index) }, mask, scale);
  const value = at(t.output(layer), ...index);
  return sum.arithmetic("y = x mask / (1 - p), mask drawn anew for every step", value, {
    bound: roundings(2, sum.total),
  });
};

const dropBack: Explain = (t, layer, index) => {
  if (passesOn(t.step.layers[layer])) return sameBack(t, layer, index);
  const { mask, scale } = drawn(t, layer, index);
  const sum = new Sum();
  sum.addTerm({ name: named("dy", ...index), value: at(t.gradient(layer)!, ...index) }, mask, scale);
  const value = at(t.gradient(layer - 1)!, ...index);
  return sum.arithmetic("dx = dy mask / (1 - p)", value, { bound: roundings(2, sum.total) });
};

export const flattenRule: Rule = { why: same, back: sameBack };
export const dropoutRule: Rule = { why: drop, back: dropBack };
