// Whether probabilities mean what they say: reliability bins, the expected calibration error, and temperature scaling, which
// divides the logits by one number T (Guo et al. 2017, On calibration of modern neural networks). On the host, in f64.

import { OptionError, ShapeError } from "../../gpu/errors.ts";
import { Generator } from "../../tensor/philox.ts";

export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean of the probabilities in it; NaN if it is empty. */
  readonly probability: number;
  /** Share of its samples in which the event came; NaN if it is empty. */
  readonly share: number;
}

const BINS = 10;

/**
 * Samples by probability, in `bins` equal parts of [0, 1]; 1 belongs to the last.
 *
 * @param probabilities [n] of an event @param events [n], 1 where it came, else 0
 * @throws ShapeError if lengths differ; OptionError for a probability outside [0, 1], another event, bins that are no positive integer
 */
export function reliabilityBins(
  probabilities: ArrayLike<number>,
  events: ArrayLike<number>,
  bins = BINS,
): ReliabilityBin[] {
  if (!(Number.isSafeInteger(bins) && bins > 0))
    throw new OptionError(`reliabilityBins: bins must be a positive integer, got ${bins}`);
  if (probabilities.length !== events.length)
    throw new ShapeError(
      `reliabilityBins: one event a probability, probabilities [${probabilities.length}], events [${events.length}]`,
    );
  const sums = Array.from({ length: bins }, () => ({ count: 0, probability: 0, events: 0 }));
  for (let i = 0; i < events.length; i++) {
    const [p, event] = [probabilities[i]!, events[i]!];
    if (!(p >= 0 && p <= 1)) throw new OptionError(`reliabilityBins: probabilities[${i}] is ${p}`);
    if (event !== 0 && event !== 1) throw new OptionError(`reliabilityBins: events[${i}] is ${event}`);
    const sum = sums[Math.min(bins - 1, Math.floor(p * bins))]!;
    sum.count++;
    sum.probability += p;
    sum.events += event;
  }
  return sums.map(({ count, probability, events }, k) => ({
    low: k / bins,
    high: (k + 1) / bins,
    count,
    probability: probability / count,
    share: events / count,
  }));
}

/** Expected calibration error: the mean of |probability - share| over bins, weighted by their samples. NaN without samples. */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const filled = bins.filter((b) => b.count > 0);
  const total = filled.reduce((n, b) => n + b.count, 0);
  return filled.reduce((sum, b) => sum + b.count * Math.abs(b.probability - b.share), 0) / total;
}

/** Logits and the classes they should have named. */
export interface JudgedLogits {
  /** [n, classes] */
  readonly logits: ArrayLike<number>;
  /** [n] */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

// Of 1 / T. Logits that are right everywhere want it infinite, logits worse than none negative: the ends of what is sensible.
const LEAST = 0.01;
const MOST = 100;
const STEPS = 100;
const TOLERANCE = 1e-12;

/**
 * The T > 0 whose softmax(logits / T) has the least cross entropy, by Newton's method on 1 / T, in which it is convex; kept in
 * [0.01, 100].
 *
 * @throws ShapeError if sizes do not fit; OptionError for no samples, a label out of range or a logit that is not finite
 */
export function fitTemperature(judged: JudgedLogits): number {
  checkJudged("fitTemperature", judged);
  let [low, high] = [LEAST, MOST]; // where the slope falls and where it rises
  if (slopes(judged, low)[0] >= 0) return 1 / low;
  if (slopes(judged, high)[0] <= 0) return 1 / high;
  let inverse = 1;
  for (let i = 0; i < STEPS; i++) {
    const [slope, bend] = slopes(judged, inverse);
    if (slope < 0) low = inverse;
    else high = inverse;
    const newton = inverse - slope / bend;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    const done = Math.abs(next - inverse) <= TOLERANCE * inverse;
    inverse = next;
    if (done) break;
  }
  return 1 / inverse;
}

/**
 * Temperature scaling judged fairly: the samples are parted at random in two halves, and each half gets the T of the other.
 *
 * @returns the logits / T, [n, classes], and both T
 * @throws as fitTemperature; OptionError for fewer than 2 samples
 */
export function crossFitTemperature(
  judged: JudgedLogits,
  seed = 0,
): { readonly logits: Float64Array; readonly temperatures: readonly [number, number] } {
  checkJudged("crossFitTemperature", judged);
  const { logits, labels, classes } = judged;
  const n = labels.length;
  if (n < 2) throw new OptionError(`crossFitTemperature: needs 2 samples, got ${n}`);
  const order = new Generator(seed).fork("halves").permutation(n);
  const halves = [order.slice(0, n >> 1), order.slice(n >> 1)] as const;
  const fit = (half: Int32Array) =>
    fitTemperature({
      logits: Float64Array.from({ length: half.length * classes }, (_, k) => {
        const row = half[Math.floor(k / classes)]!;
        return logits[row * classes + (k % classes)]!;
      }),
      labels: Array.from(half, (i) => labels[i]!),
      classes,
    });
  const temperatures = [fit(halves[1]), fit(halves[0])] as const;
  const scaled = new Float64Array(n * classes);
  for (const [h, half] of halves.entries())
    for (const row of half)
      for (let c = 0; c < classes; c++)
        scaled[row * classes + c] = logits[row * classes + c]! / temperatures[h]!;
  return { logits: scaled, temperatures };
}

/** softmax of each row, [n, classes]. */
export function probabilitiesOf(logits: ArrayLike<number>, classes: number): Float64Array {
  const out = Float64Array.from(logits);
  for (let at = 0; at < out.length; at += classes) softmaxRow(out.subarray(at, at + classes));
  return out;
}

/** First and second derivative of the summed cross entropy by b = 1 / T: sum of (E[z] - z_label), and of Var[z], under softmax(b z). */
function slopes({ logits, labels, classes }: JudgedLogits, b: number): [first: number, second: number] {
  let [first, second] = [0, 0];
  const p = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) {
    const z = (c: number) => logits[i * classes + c]!;
    for (let c = 0; c < classes; c++) p[c] = b * z(c);
    softmaxRow(p);
    const mean = p.reduce((sum, v, c) => sum + v * z(c), 0);
    first += mean - z(labels[i]!);
    second += p.reduce((sum, v, c) => sum + v * (z(c) - mean) ** 2, 0);
  }
  return [first, second];
}

function softmaxRow(row: Float64Array): void {
  const most = row.reduce((a, v) => Math.max(a, v), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let c = 0; c < row.length; c++) sum += row[c] = Math.exp(row[c]! - most);
  for (let c = 0; c < row.length; c++) row[c]! /= sum;
}

function checkJudged(name: string, { logits, labels, classes }: JudgedLogits): void {
  if (labels.length === 0) throw new OptionError(`${name}: no samples`);
  if (logits.length !== labels.length * classes)
    throw new ShapeError(
      `${name}: logits must be [n, classes], logits [${logits.length}], labels [${labels.length}], classes ${classes}`,
    );
  for (let i = 0; i < labels.length; i++)
    if (!(Number.isInteger(labels[i]) && labels[i]! >= 0 && labels[i]! < classes))
      throw new OptionError(`${name}: labels[${i}] is ${labels[i]}, not 0 .. ${classes - 1}`);
  for (let i = 0; i < logits.length; i++)
    if (!Number.isFinite(logits[i])) throw new OptionError(`${name}: logits[${i}] is ${logits[i]}`);
}
