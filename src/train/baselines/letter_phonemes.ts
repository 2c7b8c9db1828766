// Spelling without a network: every letter says what it most often says, no, one or two phonemes. Which phonemes belong to which
// letter is learnt by aligning words and pronunciations again and again (hard EM; compare Pagel, Lenzo & Black 1998): the likeliest
// path under counts, then the counts of the likeliest paths.
import { PHONEMES, type Pronunciation } from "../../data/sets/cmudict.ts";

const ROUNDS = 6;
/** Added to all counts: what was never seen stays possible. */
const K = 0.1;
const LETTERS = 26;

// What a letter says as a number: (first + 1) BASE + second + 1, where a phoneme that is not there counts as -1.
const BASE = PHONEMES.length + 1;
const SAYINGS = BASE * BASE;

export interface LetterPhonemes {
  /** The phonemes of each letter, A to Z. */
  readonly says: readonly (readonly number[])[];
  read(word: string): number[];
}

/** Learns from words that can be aligned: those with at most two phonemes a letter. */
export function letterPhonemes(words: readonly Pronunciation[]): LetterPhonemes {
  const known = words.filter(({ word, phonemes }) => phonemes.length <= 2 * word.length);
  let counts = byPosition(known);
  for (let round = 0; round < ROUNDS; round++) {
    const costs = costsOf(counts);
    counts = new Float64Array(LETTERS * SAYINGS);
    for (const { word, phonemes } of known) align(word, phonemes, costs, counts);
  }
  const says = Array.from({ length: LETTERS }, (_, l) => {
    const own = counts.subarray(l * SAYINGS, (l + 1) * SAYINGS);
    const best = own.reduce((a, c, i) => (c > own[a] ? i : a), 0);
    return [Math.floor(best / BASE) - 1, (best % BASE) - 1].filter((p) => p >= 0);
  });
  return { says, read: (word) => Array.from(word, (_, i) => says[letter(word, i)]).flat() };
}

function letter(word: string, i: number): number {
  return word.charCodeAt(i) - 65;
}

/** The number of the `count` phonemes in front of `end`. */
function saying(phonemes: readonly number[], end: number, count: number): number {
  if (count === 0) return 0;
  if (count === 1) return (phonemes[end - 1] + 1) * BASE;
  return (phonemes[end - 2] + 1) * BASE + phonemes[end - 1] + 1;
}

/** A first guess: phoneme j belongs to the letter at the same share of the word. */
function byPosition(words: readonly Pronunciation[]): Float64Array {
  const counts = new Float64Array(LETTERS * SAYINGS);
  for (const { word, phonemes } of words) {
    let from = 0;
    for (let i = 0; i < word.length; i++) {
      const end = Math.ceil(((i + 1) * phonemes.length) / word.length);
      counts[letter(word, i) * SAYINGS + saying(phonemes, end, end - from)]++;
      from = end;
    }
  }
  return counts;
}

/** -ln of the share of each saying among those of its letter. */
function costsOf(counts: Float64Array): Float64Array {
  const costs = new Float64Array(counts.length);
  for (let l = 0; l < LETTERS; l++) {
    const from = l * SAYINGS;
    const all = counts.subarray(from, from + SAYINGS).reduce((a, b) => a + b, K * SAYINGS);
    for (let i = from; i < from + SAYINGS; i++) costs[i] = -Math.log((counts[i] + K) / all);
  }
  return costs;
}

/** Adds to `counts` what each letter says on the likeliest path through the word. */
function align(word: string, phonemes: readonly number[], costs: Float64Array, counts: Float64Array): void {
  const n = phonemes.length;
  let cost = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY); // of the first j phonemes by the letters so far
  cost[0] = 0;
  const taken: Uint8Array[] = [];
  for (let i = 0; i < word.length; i++) {
    const from = letter(word, i) * SAYINGS;
    const after = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    const choice = new Uint8Array(n + 1);
    for (let j = 0; j <= n; j++) {
      for (let k = 0; k <= Math.min(2, j); k++) {
        const value = cost[j - k] + costs[from + saying(phonemes, j, k)];
        if (value < after[j]) {
          after[j] = value;
          choice[j] = k;
        }
      }
    }
    taken.push(choice);
    cost = after;
  }
  for (let i = word.length - 1, j = n; i >= 0; i--) {
    const k = taken[i][j];
    counts[letter(word, i) * SAYINGS + saying(phonemes, j, k)]++;
    j -= k;
  }
}
