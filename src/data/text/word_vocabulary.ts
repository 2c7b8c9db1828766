// A vocabulary of whole words: the most frequent of a training text by number, and BERT's numbers for everything else. Parts of
// words: none; characters: characters.ts.
import { OptionError } from "../../gpu/errors.ts";

/** Numbers that are no words. */
export const PADDING = 0;
export const UNKNOWN = 1;
/** In front of every text: what is read there becomes its class. */
export const CLASS = 2;
/** In place of a word that is to be guessed. */
export const MASK = 3;
/** The first number that is a word's. */
export const FIRST_WORD = 4;

export class WordVocabulary {
  /** By number; the first are names of what is no word. */
  readonly words: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * The `size` - 4 most frequent words of `texts`; of equally frequent ones the first.
   *
   * @throws OptionError for a size that leaves no word
   */
  constructor(texts: Iterable<readonly string[]>, size: number) {
    if (!(Number.isSafeInteger(size) && size > FIRST_WORD))
      throw new OptionError(`WordVocabulary: size must be a whole number above ${FIRST_WORD}, got ${size}`);
    const counts = new Map<string, number>();
    for (const text of texts) for (const word of text) counts.set(word, (counts.get(word) ?? 0) + 1);
    const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, size - FIRST_WORD);
    this.words = ["[padding]", "[unknown]", "[class]", "[mask]", ...frequent.map(([word]) => word)];
    this.#ids = new Map(frequent.map(([word], i) => [word, i + FIRST_WORD]));
  }

  get size(): number {
    return this.words.length;
  }

  /** i32 [words], UNKNOWN for a word that it does not have. */
  encode(text: readonly string[]): Int32Array {
    return Int32Array.from(text, (word) => this.#ids.get(word) ?? UNKNOWN);
  }
}

/** Texts as rows for a classifier: CLASS, their first words, PADDING: i32 [n, length]. */
export function classRows(texts: readonly Int32Array[], length: number): Int32Array {
  const rows = new Int32Array(texts.length * length);
  texts.forEach((ids, i) => {
    rows[i * length] = CLASS;
    rows.set(ids.subarray(0, length - 1), i * length + 1);
  });
  return rows;
}
