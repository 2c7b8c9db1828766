// Fully connected: y[n,o] = b[o] + sum w[o,i] x[n,i], and its three gradients.

import { gradientOf } from "./conv.ts";
import { at, named } from "./places.ts";
import type { Explain, Rule } from "./rule.ts";
import { Sum } from "./sum.ts";

const why: Explain = (t, layer, [n, o]) => {
  const [x, w, b] = [t.input(layer), t.parameter(layer, "weight")!, t.parameter(layer, "bias")!];
  const sum = new Sum();
  sum.add(1, at(b, o), () => ["1", named("b", o)]);
  for (let i = 0; i < x.shape[1]; i++)
    sum.add(at(w, o, i), at(x, n, i), () => [named("w", o, i), named("x", n, i)]);
  return sum.arithmetic("y[n,o] = b[o] + sum over i of w[o,i] x[n,i]", at(t.output(layer), n, o));
};

const back: Explain = (t, layer, index) => {
  const [w, dy] = [t.parameter(layer, "weight")!, t.gradient(layer)!];
  const [n, i] = index;
  const sum = new Sum();
  for (let o = 0; o < dy.shape[1]; o++)
    sum.add(at(w, o, i), at(dy, n, o), () => [named("w", o, i), named("dy", n, o)]);
  return sum.arithmetic("dx[n,i] = sum over o of w[o,i] dy[n,o]", at(t.gradient(layer - 1)!, ...index));
};

const weight: Explain = (t, layer, [o, i]) => {
  const [x, dy] = [t.input(layer), t.gradient(layer)!];
  const sum = new Sum();
  for (let n = 0; n < t.batch; n++)
    sum.add(at(dy, n, o), at(x, n, i), () => [named("dy", n, o), named("x", n, i)]);
  return sum.arithmetic(
    "dw[o,i] = sum over the batch n of dy[n,o] x[n,i]",
    gradientOf(t, layer, "weight", [o, i]),
  );
};

const bias: Explain = (t, layer, [o]) => {
  const dy = t.gradient(layer)!;
  const sum = new Sum();
  for (let n = 0; n < t.batch; n++) sum.add(1, at(dy, n, o), () => ["1", named("dy", n, o)]);
  return sum.arithmetic("db[o] = sum over the batch n of dy[n,o]", gradientOf(t, layer, "bias", [o]));
};

export const linearRule: Rule = { why, back, weight, bias };
