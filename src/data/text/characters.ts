// A vocabulary of characters: the code points of a training text by number, and one number for all that it does not have. Words
// and their parts: none.
import { OptionError } from "../../gpu/errors.ts";

/** What a character shows as that the vocabulary does not have. */
const UNKNOWN = "\ufffd";

export class CharacterVocabulary {
  /** In the order of their code points; the last stands for all others. */
  readonly characters: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** Throws OptionError for an empty text. */
  constructor(text: string) {
    const known = [...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
    if (known.length === 0) throw new OptionError("CharacterVocabulary: the text is empty");
    this.#ids = new Map(known.map((c, i) => [c, i]));
    this.characters = [...known, UNKNOWN];
  }

  get size(): number {
    return this.characters.length;
  }

  /** -> i32 [characters] */
  encode(text: string): Int32Array {
    return Int32Array.from([...text], (c) => this.#ids.get(c) ?? this.size - 1);
  }

  decode(ids: Iterable<number>): string {
    return Array.from(ids, (i) => this.characters[i] ?? UNKNOWN).join("");
  }
}

/** A text in two: all but the last `share` of its characters, and those. Throws OptionError unless 0 < share < 1. */
export function holdOutEnd(text: string, share: number): { train: string; held: string } {
  if (!(share > 0 && share < 1))
    throw new OptionError(`holdOutEnd: share must be between 0 and 1, got ${share}`);
  const characters = [...text];
  const cut = characters.length - Math.floor(characters.length * share);
  return { train: characters.slice(0, cut).join(""), held: characters.slice(cut).join("") };
}
