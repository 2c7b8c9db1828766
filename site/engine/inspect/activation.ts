// relu, gelu, tanh, sigmoid: y = f(x), dx = dy f'(x), element by element.

import type { LayerKind } from "../layers.ts";
import { at, named } from "./places.ts";
import { roundings } from "./rounding.ts";
import type { Explain, Rule } from "./rule.ts";
import { type Step, Sum } from "./sum.ts";

type Kind = Extract<LayerKind, "relu" | "gelu" | "tanh" | "sigmoid">;

interface Curve {
  readonly y: string;
  readonly slope: string;
  /** The way from x to f(x); the last step is it. */
  steps(x: number): readonly Step[];
  derivative(x: number, y: number): number;
  /** Bounds of the GPU's f and of dy f'(x): the functions of WGSL are less exact than its sums. */
  error(x: number): number;
  slopeError(x: number, dy: number): number;
}

/** Phi and phi, the normal distribution and its density. */
const density = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Phi by the series about 0, beyond 6 by the continued fraction of its tail: float64 to about 1e-15. */
function normal(x: number): number {
  if (x < -4) return tail(-x);
  if (x > 4) return 1 - tail(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + sum * density(x);
}

function tail(x: number): number {
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / fraction;
  return density(x) / fraction;
}

/** Roundings that an exponential in WGSL may be worth: 3 + 2 |x| units in the last place (specification, 15.7.4). */
const expUnits = (x: number) => 8 + 4 * Math.abs(x);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const CURVES: Record<Kind, Curve> = {
  relu: {
    y: "y = max(x, 0)",
    slope: "dx = dy where x > 0, else 0",
    steps: (x) => [{ name: "max(x, 0)", value: Math.max(x, 0) }],
    derivative: (x) => (x > 0 ? 1 : 0),
    error: () => 0,
    slopeError: () => 0,
  },
  gelu: {
    y: "y = x Phi(x), Phi the normal distribution",
    slope: "dx = dy (Phi(x) + x phi(x))",
    steps: (x) => [
      { name: "Phi(x)", value: normal(x) },
      { name: "x Phi(x)", value: x * normal(x) },
    ],
    derivative: (x) => normal(x) + x * density(x),
    error: (x) => roundings(expUnits((x * x) / 2), Math.max(Math.abs(x * normal(x)), Math.abs(x) * 2 ** -4)),
    slopeError: (x, dy) => roundings(expUnits((x * x) / 2), dy),
  },
  tanh: {
    y: "y = tanh(x)",
    slope: "dx = dy (1 - y^2)",
    steps: (x) => [{ name: "tanh(x)", value: Math.tanh(x) }],
    derivative: (_, y) => 1 - y * y,
    error: (x) => roundings(16, Math.tanh(x)),
    slopeError: (_, dy) => roundings(6, dy),
  },
  sigmoid: {
    y: "y = 1 / (1 + e^-x)",
    slope: "dx = dy y (1 - y)",
    steps: (x) => [
      { name: "e^-x", value: Math.exp(-x) },
      { name: "1 / (1 + e^-x)", value: sigmoid(x) },
    ],
    derivative: (_, y) => y * (1 - y),
    error: (x) => roundings(expUnits(x), sigmoid(x)),
    slopeError: (_, dy) => roundings(6, dy),
  },
};

const curveOf = (kind: LayerKind): Curve => CURVES[kind as Kind];

const why: Explain = (t, layer, index) => {
  const curve = curveOf(t.step.layers[layer].kind);
  const x = at(t.input(layer), ...index);
  const sum = new Sum();
  sum.addTerm({ name: named("x", ...index), value: x });
  return sum.arithmetic(curve.y, at(t.output(layer), ...index), {
    steps: curve.steps(x),
    bound: curve.error(x),
  });
};

const back: Explain = (t, layer, index) => {
  const curve = curveOf(t.step.layers[layer].kind);
  const [x, y] = [at(t.input(layer), ...index), at(t.output(layer), ...index)];
  const dy = at(t.gradient(layer)!, ...index);
  const sum = new Sum();
  sum.add(dy, curve.derivative(x, y), () => [named("dy", ...index), `f'(${named("x", ...index)})`]);
  return sum.arithmetic(curve.slope, at(t.gradient(layer - 1)!, ...index), {
    bound: curve.slopeError(x, dy),
  });
};

export const activationRule: Rule = { why, back };
