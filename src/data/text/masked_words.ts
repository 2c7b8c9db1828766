// Batches for masked-word pretraining (BERT, Devlin et al. 2019, section 3.1): stretches of text in which some words are hidden,
// and what they were.
import { OptionError } from "../../gpu/errors.ts";
import type { HostArray } from "../../tensor/compile.ts";
import { Generator } from "../../tensor/philox.ts";
import { CLASS, FIRST_WORD, MASK, UNKNOWN } from "./word_vocabulary.ts";

/** Of the hidden words: so many are replaced by MASK, and so many by any word; the rest stays as it is. */
const MASKED = 0.8;
const REPLACED = 0.1;
/** A label that no loss counts: cross entropy's default. */
const IGNORED = -100;

export interface MaskedOptions {
  readonly batch: number;
  /** Tokens of a stretch, CLASS in front among them. */
  readonly length: number;
  /** Hidden words of each. */
  readonly hidden: number;
  /** Size of the vocabulary. */
  readonly vocab: number;
  readonly seed: number;
}

export interface MaskedBatch {
  /** i32 [b, length] */
  readonly ids: HostArray;
  /** Where the hidden words are, as rows of [b length, ...]: i32 [b hidden]. */
  readonly places: HostArray;
  /** What they were, IGNORED for a word out of the vocabulary: i32 [b hidden]. */
  readonly labels: HostArray;
}

/** Batches by their number, whatever was drawn before. Texts shorter than a stretch are not read. */
export class MaskedStretches {
  readonly #texts: readonly Int32Array[];
  readonly #generator: Generator;

  /** Throws OptionError if no text is as long as a stretch, or all of it would be hidden. */
  constructor(
    texts: readonly Int32Array[],
    private readonly options: MaskedOptions,
  ) {
    const { length, hidden, seed } = options;
    this.#texts = texts.filter((t) => t.length >= length - 1);
    if (this.#texts.length === 0)
      throw new OptionError(`MaskedStretches: none of ${texts.length} texts has ${length - 1} words`);
    if (!(hidden >= 1 && hidden < length - 1))
      throw new OptionError(`MaskedStretches: must hide 1 to ${length - 2} words, got ${hidden}`);
    this.#generator = new Generator(seed).fork("masked");
  }

  at(i: number): MaskedBatch {
    const { batch, length, hidden, vocab } = this.options;
    const generator = this.#generator.fork(i);
    const ids = new Int32Array(batch * length);
    const places = new Int32Array(batch * hidden);
    const labels = new Int32Array(batch * hidden);
    const texts = generator.integers(batch, 0, this.#texts.length);
    const starts = generator.uniform(batch);
    const fates = generator.uniform(batch * hidden);
    const others = generator.integers(batch * hidden, FIRST_WORD, vocab);
    for (let b = 0; b < batch; b++) {
      const text = this.#texts[texts[b]!]!;
      const start = Math.floor(starts[b]! * (text.length - length + 2));
      ids[b * length] = CLASS;
      ids.set(text.subarray(start, start + length - 1), b * length + 1);
      const order = generator.permutation(length - 1);
      for (let k = b * hidden; k < (b + 1) * hidden; k++) {
        const place = b * length + 1 + order[k - b * hidden]!;
        places[k] = place;
        labels[k] = ids[place] === UNKNOWN ? IGNORED : ids[place]!;
        if (fates[k]! < MASKED) ids[place] = MASK;
        else if (fates[k]! < MASKED + REPLACED) ids[place] = others[k]!;
      }
    }
    return {
      ids: { data: ids, shape: [batch, length] },
      places: { data: places, shape: [places.length] },
      labels: { data: labels, shape: [labels.length] },
    };
  }
}
