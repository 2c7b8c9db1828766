// Batch norm of a channel over the batch: y = (x - mean) / sqrt(var + eps) gamma + beta, and its three gradients.

import { gradientOf } from "./conv.ts";
import { at, named } from "./places.ts";
import { sumBound, UNIT } from "./rounding.ts";
import type { Explain, Rule } from "./rule.ts";
import { type Step, Sum } from "./sum.ts";
import type { Tensors } from "./tensors.ts";

/** BatchNorm2d's default, which the page leaves as it is. */
export const BATCH_NORM_EPS = 1e-5;

/** Statistics of a channel in float64, of those elements of x that the batch brought. */
interface Channel {
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
  readonly rstd: number;
  readonly gamma: number;
  readonly beta: number;
  /** Largest |x - mean| rstd. */
  readonly spread: number;
  /** Of mean and rstd, in f32, relative to 1 and in units of the spread. */
  readonly error: number;
}

function* placesOf(
  [batch, , h, w]: readonly number[],
  c: number,
): Generator<[number, number, number, number]> {
  for (let n = 0; n < batch; n++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) yield [n, c, y, x];
}

function channelOf(t: Tensors, layer: number, c: number): Channel {
  const x = t.input(layer);
  const all = [...placesOf(x.shape, c)].map((place) => at(x, ...place));
  const n = all.length;
  const mean = all.reduce((sum, v) => sum + v, 0) / n;
  const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
  const rstd = 1 / Math.sqrt(variance + BATCH_NORM_EPS);
  const [gamma, beta] = [at(t.parameter(layer, "weight")!, c), at(t.parameter(layer, "bias")!, c)];
  const spread = rstd * all.reduce((most, v) => Math.max(most, Math.abs(v - mean)), 0);
  return { n, mean, variance, rstd, gamma, beta, spread, error: UNIT * (2 * Math.sqrt(n) + 8) };
}

const why: Explain = (t, layer, index) => {
  const c = index[1];
  const { n, mean, variance, rstd, gamma, beta, spread, error } = channelOf(t, layer, c);
  const x = t.input(layer);
  const sum = new Sum();
  for (const place of placesOf(x.shape, c))
    sum.add(1 / n, at(x, ...place), () => [`1/${n}`, named("x", ...place)]);
  const centred = at(x, ...index) - mean;
  const y = centred * rstd * gamma + beta;
  const steps: Step[] = [
    { name: "mean: the sum, over the whole batch", value: mean },
    { name: "variance: mean of (x - mean)^2", value: variance },
    { name: `rstd = 1 / sqrt(variance + ${BATCH_NORM_EPS})`, value: rstd },
    { name: `${named("x", ...index)} - mean`, value: centred },
    { name: "xhat = (x - mean) rstd", value: centred * rstd },
    { name: `xhat gamma[${c}], gamma = ${gamma.toPrecision(6)}`, value: centred * rstd * gamma },
    { name: `+ beta[${c}], beta = ${beta.toPrecision(6)}`, value: y },
  ];
  const bound = Math.abs(gamma) * error * spread + UNIT * (Math.abs(beta) + 2 * Math.abs(y));
  return sum.arithmetic("y = (x - mean) / sqrt(variance + eps) gamma + beta", at(t.output(layer), ...index), {
    steps,
    bound,
  });
};

/** Sums over a channel that its gradients are made of. */
function gradientSums(t: Tensors, layer: number, c: number, channel: Channel) {
  const [x, dy] = [t.input(layer), t.gradient(layer)!];
  const [plain, product] = [new Sum(), new Sum()];
  const { mean, rstd } = channel;
  for (const place of placesOf(x.shape, c)) {
    const [g, xhat] = [at(dy, ...place), (at(x, ...place) - mean) * rstd];
    plain.add(1, g, () => ["1", named("dy", ...place)]);
    product.add(g, xhat, () => [named("dy", ...place), named("xhat", ...place)]);
  }
  // Each xhat is off by the rounding of its mean.
  const shared = channel.error * channel.spread * Math.abs(plain.total);
  const each = 4 * UNIT * channel.spread * plain.magnitude;
  return {
    plain,
    product,
    productBound: product.bound() + channel.error * product.magnitude + shared + each,
  };
}

const back: Explain = (t, layer, index) => {
  const c = index[1];
  const channel = channelOf(t, layer, c);
  const { n, mean, rstd, gamma, spread, error } = channel;
  const { plain, product, productBound } = gradientSums(t, layer, c, channel);
  const dy = at(t.gradient(layer)!, ...index);
  const xhat = (at(t.input(layer), ...index) - mean) * rstd;
  const scale = { name: "gamma rstd", value: gamma * rstd };
  const share = { name: `-1/${n}`, value: -1 / n };
  const sum = new Sum();
  sum.addTerm(scale, { name: named("dy", ...index), value: dy });
  sum.addTerm(scale, share, { name: "sum of dy (the gradient of beta)", value: plain.total });
  sum.addTerm(
    scale,
    share,
    { name: named("xhat", ...index), value: xhat },
    { name: "sum of dy xhat (the gradient of gamma)", value: product.total },
  );
  const sums = (plain.bound() + Math.abs(xhat) * productBound + error * spread * Math.abs(product.total)) / n;
  const bound =
    Math.abs(scale.value) * sums + sumBound(8, sum.magnitude, sum.total) + error * Math.abs(sum.total);
  const formula =
    "dx = gamma rstd (dy - sum of dy / n - xhat sum of dy xhat / n): mean and variance hang on every x of the channel";
  return sum.arithmetic(formula, at(t.gradient(layer - 1)!, ...index), { bound });
};

const weight: Explain = (t, layer, [c]) => {
  const { product, productBound } = gradientSums(t, layer, c, channelOf(t, layer, c));
  const formula = "dgamma[c] = sum over the batch and the picture of dy xhat, xhat = (x - mean) rstd";
  return product.arithmetic(formula, gradientOf(t, layer, "weight", [c]), { bound: productBound });
};

const bias: Explain = (t, layer, [c]) => {
  const { plain } = gradientSums(t, layer, c, channelOf(t, layer, c));
  return plain.arithmetic(
    "dbeta[c] = sum over the batch and the picture of dy",
    gradientOf(t, layer, "bias", [c]),
  );
};

export const batchNormRule: Rule = { why, back, weight, bias };
