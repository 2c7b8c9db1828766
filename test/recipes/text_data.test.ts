// Text as data: characters and stretches of a book, words and their phonemes, and what of a malformed file is refused.

import { describe, expect, test } from "vitest";
import { CMUDICT_SOURCE, loadCmudict, PHONEMES, type Pronunciation } from "../../src/data/sets/cmudict.ts";
import { dataReader } from "../../src/data/sets/files.ts";
import { loadMobyDick, MOBY_DICK_FILES, MOBY_DICK_SOURCE } from "../../src/data/sets/moby_dick.ts";
import { CharacterVocabulary, holdOutEnd } from "../../src/data/text/characters.ts";
import {
  END,
  holdOutWords,
  lettersOf,
  phonemesOf,
  SpellingBatches,
  START,
} from "../../src/data/text/spelling.ts";
import { Lanes, windowsAt } from "../../src/data/text/stretches.ts";
import { FormatError, OptionError } from "../../src/gpu/errors.ts";
import { missing } from "./memory_files.ts";

const noBook = await missing(MOBY_DICK_SOURCE, "chapter_1.txt");
const noWords = await missing(CMUDICT_SOURCE, "dict.txt");

const bytes = (text: string) => new TextEncoder().encode(text);

describe("characters", () => {
  test("are numbered by code point; what was never read has a number of its own", () => {
    const v = new CharacterVocabulary("banana—\u{1F40B}");
    expect(v.characters).toEqual(["a", "b", "n", "—", "\u{1F40B}", "\ufffd"]);
    expect([...v.encode("nab\u{1F40B}x")]).toEqual([2, 0, 1, 4, 5]);
    expect(v.decode([1, 0, 5, 99])).toBe("ba\ufffd\ufffd");
    expect(() => new CharacterVocabulary("")).toThrow(OptionError);
  });

  test("the end is held out by characters, not by halves of them", () => {
    expect(holdOutEnd("abcdefghi\u{1F40B}", 0.1)).toEqual({ train: "abcdefghi", held: "\u{1F40B}" });
    expect(() => holdOutEnd("abc", 1)).toThrow(/share must be between 0 and 1, got 1/);
  });
});

describe("stretches", () => {
  const tokens = Int32Array.from({ length: 23 }, (_, i) => i);

  test("lanes go on where they ended, and begin again at their end", () => {
    const lanes = new Lanes(tokens, { batch: 2, t: 3 }); // two lanes of 11: three stretches and a last target
    expect(lanes.length).toBe(3);
    expect([...lanes.at(0).x.data]).toEqual([0, 1, 2, 11, 12, 13]);
    expect([...lanes.at(0).y.data]).toEqual([1, 2, 3, 12, 13, 14]);
    expect([...lanes.at(1).x.data]).toEqual([3, 4, 5, 14, 15, 16]);
    expect(lanes.at(3)).toEqual(lanes.at(0));
    expect([0, 1, 2, 3].map((i) => lanes.starts(i))).toEqual([true, false, false, true]);
    expect(lanes.at(2).x.shape).toEqual([2, 3]);
  });

  test("refuse what leaves the text", () => {
    expect(() => new Lanes(tokens, { batch: 8, t: 3 })).toThrow(/23 tokens are too few for 8 lanes of 3/);
    expect([...windowsAt(tokens, [19], 3).y.data]).toEqual([20, 21, 22]);
    expect(() => windowsAt(tokens, [20], 3)).toThrow(OptionError);
    expect(() => windowsAt(tokens, [-1], 3)).toThrow(OptionError);
  });
});

describe("Moby-Dick", () => {
  test("is read file by file, in the order of the book", async () => {
    const text = await loadMobyDick(async (file) => bytes(`<${file}>`));
    expect(text.split("\n")).toEqual(MOBY_DICK_FILES.map((f) => `<${f}>`));
    expect(MOBY_DICK_FILES).toHaveLength(138);
    expect(MOBY_DICK_FILES).not.toContain("data.txt");
  });

  test("refuses files that are empty, huge or no UTF-8", async () => {
    const withFile = (content: Uint8Array) =>
      loadMobyDick(async (file) => (file === "chapter_2.txt" ? content : bytes("x")));
    await expect(withFile(bytes(""))).rejects.toThrow(/chapter_2.txt must have 1 to/);
    await expect(withFile(new Uint8Array(1 << 20))).rejects.toThrow(FormatError);
    await expect(withFile(Uint8Array.of(0x61, 0xff))).rejects.toThrow(/chapter_2.txt is no UTF-8/);
  });

  test.skipIf(noBook)("as the package has it", async () => {
    const text = await loadMobyDick(dataReader(MOBY_DICK_SOURCE));
    expect(text).toHaveLength(1_212_979);
    expect(text.split("Call me Ishmael.")).toHaveLength(2); // once: the whole book is not in it twice
  });
});

describe("CMUdict", () => {
  const load = (text: string) => loadCmudict(async () => bytes(text));

  test("words of letters, first pronunciations, no stress", async () => {
    const text = ";;; comment\nA  AH0\nA(1)  EY1\nA'S  EY1 Z\nREAD  R EH1 D\n\nREAD(1)  R IY1 D\n";
    expect(await load(text)).toEqual([
      { word: "A", phonemes: [PHONEMES.indexOf("AH")] },
      { word: "READ", phonemes: ["R", "EH", "D"].map((p) => PHONEMES.indexOf(p)) },
    ]);
  });

  test("refuses malformed lines by their number", async () => {
    await expect(load("A  AH0\nB B IY1\n")).rejects.toThrow(/line 2 has no two spaces/);
    await expect(load("A  AH0\nB  B QQ1\n")).rejects.toThrow(/line 2 has no phoneme at "QQ1"/);
    await expect(load("A  \n")).rejects.toThrow(/line 1 has no phoneme at ""/);
    await expect(load(";;; nothing\n")).rejects.toThrow(/holds no word/);
    await expect(loadCmudict(async () => Uint8Array.of(0xc3, 0x28))).rejects.toThrow(/no UTF-8/);
    await expect(loadCmudict(async () => new Uint8Array(1 << 26))).rejects.toThrow(FormatError);
  });

  test.skipIf(noWords)("as the package has it", async () => {
    const words = await loadCmudict(dataReader(CMUDICT_SOURCE));
    expect(words).toHaveLength(116_506);
    expect(new Set(words.map((w) => w.word)).size).toBe(words.length);
  });
});

describe("spelling", () => {
  const word = (text: string, phonemes: number): Pronunciation => ({
    word: text,
    phonemes: Array.from({ length: phonemes }, (_, i) => i),
  });
  const words = [
    ...["A", "BE", "CAT", "DOOR", "EARTH"].map((w, i) => word(w, i + 1)),
    ...["FORTIES", "GARMENTS", "HARVEST"].map((w) => word(w, 6)),
    word("INCOMPREHENSIBILITIES", 20),
  ];

  test("words of like length share a batch; too long ones are left out", () => {
    const batches = new SpellingBatches(words, { batch: 3, seed: 1 });
    expect(batches.length).toBe(2);
    const two = [batches.at(0), batches.at(1)];
    expect(two.map((b) => b.letters.shape[1]).sort()).toEqual([6, 8]);
    const first = new SpellingBatches(words, { batch: 3, seed: 1, longest: 6 });
    expect(first.length).toBe(1);
    expect(batches.at(7)).toEqual(new SpellingBatches(words, { batch: 3, seed: 1 }).at(7));
    expect(() => new SpellingBatches(words, { batch: 99, seed: 1 })).toThrow(/9 words are too few/);
  });

  test("what a model is given and asked", () => {
    const { letters, lengths, given, labels } = new SpellingBatches([word("BAD", 2)], {
      batch: 1,
      seed: 0,
    }).at(0);
    expect([...letters.data]).toEqual([2, 1, 4, 0, 0, 0]);
    expect([...lengths.data]).toEqual([3]);
    expect([...given.data]).toEqual([START, 3, 4, 0, 0, 0]);
    expect([...labels.data]).toEqual([3, 4, END, -100, -100, -100]);
    expect(phonemesOf([3, 4, 41, 0])).toEqual([0, 1, 38, -1]);
    expect(lettersOf([word("AB", 1), word("ABC", 1)]).letters.shape).toEqual([2, 3]);
  });

  test("words are held out by the seed, and not trained on", () => {
    const { train, held } = holdOutWords(words, 4, 5);
    expect(new Set([...train, ...held])).toEqual(new Set(words));
    expect([train.length, held.length]).toEqual([5, 4]);
    expect(holdOutWords(words, 4, 5).held).toEqual(held);
    expect(holdOutWords(words, 4, 6).held).not.toEqual(held);
    expect(() => holdOutWords(words, 9, 0)).toThrow(/cannot hold out 9 of 9/);
  });
});
