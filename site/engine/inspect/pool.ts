// Pooling over windows of k x k that tile the picture: the largest element, or the mean.

import type { LayerSpec } from "../layers.ts";
import { at, named } from "./places.ts";
import { roundings } from "./rounding.ts";
import type { Explain, Rule } from "./rule.ts";
import { Sum } from "./sum.ts";
import type { Tensors } from "./tensors.ts";

type Pool = Extract<LayerSpec, { kind: "maxpool" | "avgpool" }>;

const sizeOf = (t: Tensors, layer: number) => (t.step.layers[layer] as Pool).kernel;

/** Places in x of a window, in the order in which the first of equal ones wins. */
function windowOf([n, c, i, j]: readonly number[], k: number): number[][] {
  return Array.from({ length: k * k }, (_, q) => [n, c, i * k + Math.floor(q / k), j * k + (q % k)]);
}

function winner(t: Tensors, layer: number, index: readonly number[]): readonly number[] {
  const x = t.input(layer);
  const places = windowOf(index, sizeOf(t, layer));
  let best = places[0];
  for (const place of places) if (at(x, ...place) > at(x, ...best)) best = place;
  return best;
}

const largest: Explain = (t, layer, index) => {
  const x = t.input(layer);
  const places = windowOf(index, sizeOf(t, layer));
  const terms = places.map((place) => {
    const value = at(x, ...place);
    return { factors: [{ name: named("x", ...place), value }], value };
  });
  const best = winner(t, layer, index);
  const expected = at(x, ...best);
  const steps = [{ name: `largest: ${named("x", ...best)}`, value: expected }];
  const value = at(t.output(layer), ...index);
  const formula = "y = the largest element of the window";
  return { formula, combine: "max", terms, count: terms.length, steps, expected, value, bound: 0 };
};

/** The window that holds an element of x; null beyond the last whole window. */
function windowAround(t: Tensors, layer: number, [n, c, y, z]: readonly number[]): readonly number[] | null {
  const k = sizeOf(t, layer);
  const [, , oh, ow] = t.shape(layer);
  const [i, j] = [Math.floor(y / k), Math.floor(z / k)];
  return i < oh && j < ow ? [n, c, i, j] : null;
}

const fromWinner: Explain = (t, layer, index) => {
  const sum = new Sum();
  const window = windowAround(t, layer, index);
  if (window) {
    const best = winner(t, layer, window);
    const wins = best.every((place, axis) => place === index[axis]) ? 1 : 0;
    const dy = at(t.gradient(layer)!, ...window);
    sum.add(dy, wins, () => [
      named("dy", ...window),
      wins ? "it was the largest" : `${named("x", ...best)} was larger`,
    ]);
  }
  const formula = window
    ? "dx = dy of the window if the element was its largest, else 0"
    : "dx = 0: the element lies beyond the last whole window";
  return sum.arithmetic(formula, at(t.gradient(layer - 1)!, ...index), { bound: 0 });
};

const mean: Explain = (t, layer, index) => {
  const k = sizeOf(t, layer);
  const x = t.input(layer);
  const sum = new Sum();
  for (const place of windowOf(index, k))
    sum.add(1 / (k * k), at(x, ...place), () => [`1/${k * k}`, named("x", ...place)]);
  return sum.arithmetic(`y = the mean of the window of ${k}x${k}`, at(t.output(layer), ...index));
};

const fromMean: Explain = (t, layer, index) => {
  const k = sizeOf(t, layer);
  const sum = new Sum();
  const window = windowAround(t, layer, index);
  if (window)
    sum.add(1 / (k * k), at(t.gradient(layer)!, ...window), () => [`1/${k * k}`, named("dy", ...window)]);
  const formula = window
    ? "dx = dy of the window / its size"
    : "dx = 0: the element lies beyond the last whole window";
  return sum.arithmetic(formula, at(t.gradient(layer - 1)!, ...index), { bound: roundings(3, sum.total) });
};

export const maxPoolRule: Rule = { why: largest, back: fromWinner };
export const avgPoolRule: Rule = { why: mean, back: fromMean };
