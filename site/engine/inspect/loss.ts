// The end: mean cross entropy of the last layer's outputs. Element [] is the loss, [n] the log-sum of a sample, from which its
// probabilities follow.

import type { Arithmetic } from "../protocol.ts";
import { at, named } from "./places.ts";
import { roundings } from "./rounding.ts";
import { Sum } from "./sum.ts";
import type { Tensors } from "./tensors.ts";

interface Row {
  readonly label: number;
  readonly highest: number;
  /** Of e^(x - highest). */
  readonly total: number;
  readonly logSum: number;
  readonly loss: number;
  probability(c: number): number;
}

function rowOf(t: Tensors, n: number): Row {
  const x = t.output(t.step.layers.length - 1);
  const logits = Array.from({ length: x.shape[1] }, (_, c) => at(x, n, c));
  const highest = Math.max(...logits);
  const total = logits.reduce((sum, v) => sum + Math.exp(v - highest), 0);
  const label = t.step.y[n];
  const logSum = Math.log(total);
  const probability = (c: number) => Math.exp(logits[c] - highest) / total;
  return { label, highest, total, logSum, loss: logSum + highest - logits[label], probability };
}

/** The mean over the batch of -log of the probability of the label. */
export function lossWhy(t: Tensors): Arithmetic {
  const sum = new Sum();
  let size = 0;
  for (let n = 0; n < t.batch; n++) {
    const { loss, label, highest, logSum, probability } = rowOf(t, n);
    sum.add(1 / t.batch, loss, () => [
      `1/${t.batch}`,
      `-log p[${n},${label}], p = ${probability(label).toPrecision(4)}`,
    ]);
    size += (8 + logSum + 2 * Math.abs(highest - (highest + logSum - loss))) / t.batch;
  }
  const formula = "loss = mean over the batch of -log p[n, label], p = softmax of the last layer's outputs";
  return sum.arithmetic(formula, t.step.loss, { bound: sum.bound() + roundings(1, size) });
}

/** log of the sum of e^(x - max), as the GPU has it; the probability of the label in the steps. */
export function sampleWhy(t: Tensors, n: number): Arithmetic {
  const x = t.output(t.step.layers.length - 1);
  const { label, highest, logSum, loss, probability } = rowOf(t, n);
  const sum = new Sum();
  for (let c = 0; c < x.shape[1]; c++)
    sum.addTerm({
      name: `e^(${named("x", n, c)} - ${highest.toPrecision(6)})`,
      value: Math.exp(at(x, n, c) - highest),
    });
  const stats = t.step.kept.get("crossEntropy.stats")!;
  const steps = [
    { name: `p[${n},${label}], the probability of the label`, value: probability(label) },
    { name: "its loss, -log p", value: loss },
    { name: "log of the sum", value: logSum },
  ];
  const formula = "log-sum = log of the sum over the classes of e^(x - max); p = e^(x - max - log-sum)";
  // log near 1 keeps absolute digits only; the exponentials are good to some units in the last place.
  return sum.arithmetic(formula, at(stats, 1, n), { steps, bound: roundings(16 + x.shape[1], 1 + logSum) });
}

/** The gradient by an output of the last layer: (p - [c is the label]) / batch. */
export function lossBack(t: Tensors, [n, c]: readonly number[]): Arithmetic {
  const { label, highest, logSum, probability } = rowOf(t, n);
  const p = probability(c);
  const share = { name: `1/${t.batch}`, value: 1 / t.batch };
  const sum = new Sum();
  sum.addTerm(share, { name: named("p", n, c), value: p });
  if (c === label)
    sum.addTerm({ name: `-1/${t.batch}`, value: -1 / t.batch }, { name: "it is the label", value: 1 });
  const below = highest - at(t.output(t.step.layers.length - 1), n, c);
  // The exponent is rounded before e^ is taken, and e^ itself is good to 3 + 2 |exponent| units.
  const units = 16 + 6 * (below + logSum);
  const bound = (roundings(units, p) + roundings(4, p - (c === label ? 1 : 0))) / t.batch;
  return sum.arithmetic(
    "dx[n,c] = (p[n,c] - [c is the label]) / batch",
    at(t.gradient(t.step.layers.length - 1)!, n, c),
    { bound },
  );
}
