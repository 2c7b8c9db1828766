// Words and their phonemes as batches of a sequence-to-sequence model. Words of like length share a batch, so that little padding is
// computed and a compiled step sees few shapes. Letters: 1 to 26, 0 behind the end. Targets: phoneme p as p + 3, see below.
import { OptionError } from "../../gpu/errors.ts";
import type { HostArray } from "../../tensor/compile.ts";
import { Generator } from "../../tensor/philox.ts";
import { PHONEMES, type Pronunciation } from "../sets/cmudict.ts";

export const LETTERS = 27;
export const PADDING = 0;
export const START = 1;
export const END = 2;
const FIRST = 3;
export const TARGETS = FIRST + PHONEMES.length;
/** What a label is where nothing is to be predicted: crossEntropy's ignoreIndex. */
const IGNORED = -100;

/** Lengths of batches: letters, or phonemes and the end, fit into one of them. Longer words are not trained on. */
export const LENGTHS = [6, 8, 10, 12, 16] as const;

export interface SpellingBatch {
  readonly letters: HostArray; // i32 [b, length]
  readonly lengths: HostArray; // i32 [b], letters of each word
  readonly given: HostArray; // i32 [b, length], the start and the phonemes
  readonly labels: HostArray; // i32 [b, length], the phonemes and the end
}

/** All words of at most `longest`, each epoch in another order. Batch i depends on the words, the seed and i alone. */
export class SpellingBatches {
  /** Batches of an epoch. */
  readonly length: number;
  readonly #words: readonly (readonly Pronunciation[])[]; // by length
  readonly #seed: Generator;
  #epoch = -1;
  #order: readonly (readonly Pronunciation[])[] = [];

  /** Throws OptionError if no length has a batch of words. */
  constructor(
    words: readonly Pronunciation[],
    private readonly options: { readonly batch: number; readonly seed: number; readonly longest?: number },
  ) {
    const { batch, seed, longest = Number.POSITIVE_INFINITY } = options;
    this.#words = LENGTHS.filter((l) => l <= longest).map((l) => words.filter((w) => lengthOf(w) === l));
    this.#seed = new Generator(seed).fork("spelling");
    this.length = this.#words.reduce((n, own) => n + Math.floor(own.length / batch), 0);
    if (this.length === 0)
      throw new OptionError(`SpellingBatches: ${words.length} words are too few for batches of ${batch}`);
  }

  at(i: number): SpellingBatch {
    const epoch = Math.floor(i / this.length);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#order = this.#shuffled(this.#seed.fork(epoch));
    }
    const words = this.#order[i % this.length];
    return spellingBatch(words, lengthOf(words[0])!);
  }

  /** Words shuffled within their lengths, cut into batches, and those shuffled. */
  #shuffled(generator: Generator): Pronunciation[][] {
    const { batch } = this.options;
    const batches: Pronunciation[][] = [];
    for (const own of this.#words) {
      const order = generator.permutation(own.length);
      for (let from = 0; from + batch <= own.length; from += batch)
        batches.push(Array.from(order.subarray(from, from + batch), (k) => own[k]));
    }
    return Array.from(generator.permutation(batches.length), (k) => batches[k]);
  }
}

/** The length of batches that a word is in; undefined for one that is too long. */
function lengthOf({ word, phonemes }: Pronunciation): number | undefined {
  return LENGTHS.find((l) => word.length <= l && phonemes.length + 1 <= l);
}

function spellingBatch(words: readonly Pronunciation[], length: number): SpellingBatch {
  const shape = [words.length, length];
  const given = new Int32Array(words.length * length);
  const labels = new Int32Array(words.length * length).fill(IGNORED);
  words.forEach(({ phonemes }, k) => {
    const tokens = [START, ...phonemes.map((p) => p + FIRST), END];
    given.set(tokens.slice(0, -1), k * length);
    labels.set(tokens.slice(1), k * length);
  });
  return { ...lettersOf(words, length), given: { data: given, shape }, labels: { data: labels, shape } };
}

/** The letters alone, padded to `length` or the longest word. */
export function lettersOf(
  words: readonly Pronunciation[],
  length = Math.max(...words.map((w) => w.word.length)),
): Pick<SpellingBatch, "letters" | "lengths"> {
  const letters = new Int32Array(words.length * length);
  words.forEach(({ word }, k) => {
    for (let i = 0; i < word.length; i++) letters[k * length + i] = word.charCodeAt(i) - 64;
  });
  return {
    letters: { data: letters, shape: [words.length, length] },
    lengths: { data: Int32Array.from(words, (w) => w.word.length), shape: [words.length] },
  };
}

/** What a model wrote as places in PHONEMES; padding or a start among it counts as -1, no phoneme. */
export function phonemesOf(tokens: readonly number[]): number[] {
  return tokens.map((t) => (t >= FIRST ? t - FIRST : -1));
}

/** `count` words chosen by the seed, and the others. Throws OptionError unless some are left. */
export function holdOutWords(
  words: readonly Pronunciation[],
  count: number,
  seed: number,
): { train: Pronunciation[]; held: Pronunciation[] } {
  if (!(count > 0 && count < words.length))
    throw new OptionError(`holdOutWords: cannot hold out ${count} of ${words.length} words`);
  const order = Array.from(new Generator(seed).fork("held out").permutation(words.length), (k) => words[k]);
  return { train: order.slice(count), held: order.slice(0, count) };
}
