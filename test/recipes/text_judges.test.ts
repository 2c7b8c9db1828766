// How texts are judged and written: edit distance, counts of pairs, a phoneme for each letter, drawing from logits, and the
// sections of the report.

import { describe, expect, test } from "vitest";
import { PHONEMES } from "../../src/data/sets/cmudict.ts";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { letterPhonemes } from "../../src/train/baselines/letter_phonemes.ts";
import { ngramNats } from "../../src/train/baselines/ngram.ts";
import { editDistance, errorRates } from "../../src/train/metrics/edit_distance.ts";
import { slidingWindows } from "../../src/train/recipes/gpt.ts";
import { attentionSection } from "../../src/train/report/attention_map.ts";
import { samplesSection } from "../../src/train/report/samples.ts";
import { drawToken, write } from "../../src/train/sampling.ts";

const codes = (text: string) => Array.from(text, (c) => c.charCodeAt(0));

describe("edit distance", () => {
  test.each([
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["flaw", "lawn", 2],
    ["same", "same", 0],
    ["ab", "ba", 2],
  ])("%s, %s: %i", (a, b, distance) => {
    expect(editDistance(codes(a), codes(b))).toBe(distance);
    expect(editDistance(codes(b), codes(a))).toBe(distance);
  });

  test("rates count all tokens of the references, and sequences", () => {
    const pairs = [
      { written: codes("kitten"), reference: codes("sitting") },
      { written: codes("abc"), reference: codes("abc") },
    ];
    expect(errorRates(pairs)).toEqual({ tokens: 3 / 10, sequences: 1 / 2 });
    expect(() => errorRates([])).toThrow(OptionError);
  });
});

describe("n-grams", () => {
  test("a text without order is as hard as its frequencies, one with order far easier by pairs", () => {
    const coin = new Generator(1).integers(20_000, 0, 2);
    const fair = ngramNats(coin.subarray(0, 10_000), coin.subarray(10_000), 2);
    expect(fair.unigram).toBeCloseTo(Math.LN2, 2);
    expect(fair.bigram).toBeCloseTo(Math.LN2, 2);
    const circle = Int32Array.from({ length: 3000 }, (_, i) => i % 3);
    const { unigram, bigram } = ngramNats(circle.subarray(0, 2000), circle.subarray(2000), 4);
    expect(unigram).toBeCloseTo(Math.log(3), 2);
    expect(bigram).toBeLessThan(1e-4);
  });

  test("a pair never seen costs what smoothing gives it", () => {
    const train = Int32Array.from({ length: 41 }, (_, i) => i % 2);
    const { bigram } = ngramNats(train, Int32Array.of(0, 0), 2); // k = 0.01: no such pair in its last tenth either
    expect(bigram).toBeCloseTo(-Math.log(0.01 / (20 + 0.02)), 10);
  });

  test("refuses ids out of range and texts without a pair", () => {
    expect(() => ngramNats(Int32Array.of(0, 2), Int32Array.of(0, 1), 2)).toThrow(/from 0 to 1, got 2/);
    expect(() => ngramNats(Int32Array.of(0, 1), Int32Array.of(0), 2)).toThrow(/two tokens or more/);
  });
});

describe("a phoneme for each letter", () => {
  const p = (text: string) => text.split(" ").map((name) => PHONEMES.indexOf(name));
  const words = [
    ["TAX", "T AE K S"],
    ["TEXT", "T EH K S T"],
    ["MAT", "M AE T"],
    ["MET", "M EH T"],
    ["EXAM", "EH K S AE M"],
    ["MATE", "M EY T"],
    ["AM", "AE M"],
    ["GEM", "JH EH M"],
    ["AT", "AE T"],
    ["TAM", "T AE M"],
    ["MAX", "M AE K S"],
    ["TAT", "T AE T"],
    ["XAT", "K S AE T"],
    ["XEM", "K S EH M"],
  ].map(([word, phonemes]) => ({ word, phonemes: p(phonemes) }));

  test("is found by aligning; one letter may say two, or none", () => {
    const table = letterPhonemes(words);
    expect(table.says["X".charCodeAt(0) - 65]).toEqual(p("K S"));
    expect(table.read("MAX")).toEqual(p("M AE K S"));
    expect(table.says["Q".charCodeAt(0) - 65]).toEqual([]);
  });

  test("words with too many phonemes teach nothing", () => {
    expect(letterPhonemes([{ word: "W", phonemes: p("D AH B AH L Y UW") }]).says.flat()).toEqual([]);
  });
});

describe("writing", () => {
  test("draws in proportion to softmax(logits / temperature)", () => {
    const logits = [Math.log(1), Math.log(3)];
    expect([0, 0.24, 0.26, 0.99].map((u) => drawToken(logits, 1, u))).toEqual([0, 0, 1, 1]);
    expect(drawToken(logits, 0.5, 0.11)).toBe(1); // 1 : 9
    expect(drawToken([-1000, 0, Number.NEGATIVE_INFINITY], 1, 1 - 2 ** -24)).toBe(1);
    expect(() => drawToken(logits, 0, 0.5)).toThrow(/temperature must be positive/);
  });

  test("feeds what was written back", async () => {
    const heard: number[][] = [];
    const writer = {
      read: async (tokens: Int32Array) => {
        heard.push([...tokens]);
        return [0, 1, 2].map((k) => (k === (tokens.at(-1)! + 1) % 3 ? 100 : 0));
      },
    };
    const options = { count: 4, temperature: 1, generator: new Generator(0) };
    const written = await write(writer, { prompt: Int32Array.of(0, 1), ...options });
    expect([...written]).toEqual([2, 0, 1, 2]);
    expect(heard).toEqual([[0, 1], [2], [0], [1]]);
    await expect(write(writer, { prompt: new Int32Array(0), ...options })).rejects.toThrow(/prompt is empty/);
  });
});

test("sliding windows judge every target once, with half a window of context or more", () => {
  for (const count of [8, 9, 12, 30, 31]) {
    const judged = slidingWindows(count, 8).flatMap(({ start, counted }) =>
      Array.from({ length: counted }, (_, k) => start + 8 - counted + k),
    );
    expect(judged).toEqual(Array.from({ length: count }, (_, i) => i));
  }
  expect(
    slidingWindows(30, 8)
      .slice(1)
      .every(({ counted }) => counted <= 4),
  ).toBe(true);
});

describe("sections of the report", () => {
  test("samples are escaped", () => {
    const html = samplesSection([{ title: "temperature 1", prompt: "<i>", text: "a & b" }], "A note.");
    expect(html).toContain("&lt;i&gt;");
    expect(html).toContain("a &amp; b");
    expect(samplesSection([], "A note.")).toBe("");
  });

  test("attention has a row for each phoneme and a column for each letter", () => {
    const map = { title: "AB: X", source: ["A", "B"], target: ["X"], weights: [[0.25, 0.75, 0]] };
    const html = attentionSection([map], "A note.");
    expect(html).toContain('title="X looks at B: 75.0');
    expect(html.match(/<td class="right"/g)).toHaveLength(2);
    expect(() => attentionSection([{ ...map, target: ["X", "Y"] }], "")).toThrow(ShapeError);
    expect(() => attentionSection([{ ...map, weights: [[1]] }], "")).toThrow(
      /source \[2\], weights \[1, 1\]/,
    );
  });
});
