// How well counts alone predict a text: p(token | the one before) = (count + k) / (all + k vocab), counted on the training text
// (add-k smoothing; Jurafsky & Martin, chapter 3), judged by mean -ln p on another. What a language model has to beat.
import { OptionError } from "../../gpu/errors.ts";

/** Of the k tried, the one that predicts the last tenth of the training tokens best is taken. */
const SMOOTHING = [0.01, 0.03, 0.1, 0.3, 1];

export interface NgramNats {
  /** Each token by its frequency. */
  readonly unigram: number;
  /** Each by its frequency behind the token before. */
  readonly bigram: number;
}

/** Nats a token of `held`, its first left out: a bigram knows nothing before it. Throws OptionError for ids out of range. */
export function ngramNats(train: Int32Array, held: Int32Array, vocab: number): NgramNats {
  check(train, vocab);
  check(held, vocab);
  return { unigram: nats(train, held, vocab, 1), bigram: nats(train, held, vocab, vocab) };
}

/** `contexts` 1: all tokens share one; vocab: each follows its own. */
function nats(train: Int32Array, held: Int32Array, vocab: number, contexts: number): number {
  const cut = Math.floor(train.length * 0.9);
  const part = count(train.subarray(0, cut), vocab, contexts);
  const tries = SMOOTHING.map((k) => judge(part, train.subarray(cut), vocab, contexts, k));
  const k = SMOOTHING[tries.indexOf(Math.min(...tries))];
  return judge(count(train, vocab, contexts), held, vocab, contexts, k);
}

function count(tokens: Int32Array, vocab: number, contexts: number): Float64Array {
  const counts = new Float64Array(contexts * vocab);
  for (let i = 1; i < tokens.length; i++) counts[(tokens[i - 1] % contexts) * vocab + tokens[i]]++;
  return counts;
}

function judge(counts: Float64Array, held: Int32Array, vocab: number, contexts: number, k: number): number {
  const sums = Float64Array.from({ length: contexts }, (_, c) =>
    counts.subarray(c * vocab, (c + 1) * vocab).reduce((a, b) => a + b, 0),
  );
  let total = 0;
  for (let i = 1; i < held.length; i++) {
    const context = held[i - 1] % contexts;
    total -= Math.log((counts[context * vocab + held[i]] + k) / (sums[context] + k * vocab));
  }
  return total / (held.length - 1);
}

function check(tokens: Int32Array, vocab: number): void {
  if (tokens.length < 2) throw new OptionError(`ngramNats: needs two tokens or more, got ${tokens.length}`);
  const wrong = tokens.find((id) => !(id >= 0 && id < vocab));
  if (wrong !== undefined)
    throw new OptionError(`ngramNats: tokens must be from 0 to ${vocab - 1}, got ${wrong}`);
}
