// WFDB records: headers, format 212, annotations, broken files; and the real record 100.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readWfdbAnnotations, readWfdbHeader, readWfdbSignals } from "../../src/data/formats/wfdb.ts";
import { dataReader } from "../../src/data/sets/files.ts";
import { cutBeats, loadEcg, MITBIH_SOURCE } from "../../src/data/sets/mitbih.ts";
import { FormatError, OptionError } from "../../src/gpu/errors.ts";
import { missing } from "../recipes/memory_files.ts";

/** Format 212. */
function pack(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((3 * values.length) / 2));
  values.forEach((v, i) => {
    const at = 3 * (i >> 1);
    if (i & 1) {
      bytes[at + 1]! |= ((v & 0xf00) >> 8) << 4;
      bytes[at + 2] = v & 0xff;
    } else {
      bytes[at] = v & 0xff;
      bytes[at + 1]! |= (v & 0xf00) >> 8;
    }
  });
  return bytes;
}

const sum16 = (values: readonly number[]) => (values.reduce((a, b) => a + b, 0) << 16) >> 16;

/** A record of two signals, `a` and `b`. */
function record(a: readonly number[], b: readonly number[]): { text: string; bytes: Uint8Array } {
  const line = (values: readonly number[], name: string) =>
    `x.dat 212 100(10)/mV 11 1024 ${values[0]} ${sum16(values)} 0 ${name}`;
  const text = `# a comment\nx 2 360 ${a.length}\n${line(a, "MLII")}\r\n${line(b, "V5 lead")}\n# 69 M\n`;
  return { text, bytes: pack(a.flatMap((v, i) => [v, b[i]!])) };
}

describe("header and signals", () => {
  const { text, bytes } = record([10, 110, -2048, 2047, 5], [-90, 0, 1, 2, 3]);

  test("what a header says", () => {
    const header = readWfdbHeader(text);
    expect(header).toMatchObject({ name: "x", frequency: 360, samples: 5 });
    expect(header.signals[1]).toEqual({
      file: "x.dat",
      gain: 100,
      baseline: 10,
      units: "mV",
      description: "V5 lead",
      first: -90,
      checksum: -84,
    });
    const short = readWfdbHeader("x 1 250/1000(3) 4\nx.dat 212").signals[0]!;
    expect(short).toMatchObject({ gain: 200, baseline: 0, first: null, checksum: null });
    expect(readWfdbHeader("x 1 250 4\nx.dat 212 0 11 7").signals[0]).toMatchObject({
      gain: 200,
      baseline: 7,
    });
  });

  test("samples of 12 bits with sign", () => {
    const [a, b] = readWfdbSignals(readWfdbHeader(text), bytes);
    expect(Array.from(a!)).toEqual([0, 1, -20.58, 20.37, -0.05].map(Math.fround));
    expect(Array.from(b!)).toEqual([-1, -0.1, -0.09, -0.08, -0.07].map(Math.fround));
  });

  test("an odd number of samples", () => {
    const header = readWfdbHeader("x 1 250 3\nx.dat 212 1 11 0 1 6");
    expect(Array.from(readWfdbSignals(header, pack([1, 2, 3]))[0]!)).toEqual([1, 2, 3]);
  });

  const headers: [string, string, RegExp][] = [
    ["empty", "", /signals must be a whole number in \[1, 64\], got nothing/],
    ["no lines", "x 2 360 5\nx.dat 212", /2 signals need a line each, there are 1/],
    ["format", text.replace("212", "16"), /only format 212 is read, x.dat has 16/],
    ["path", text.replaceAll("x.dat", "../x.dat"), /must be a plain name, got \.\.\/x\.dat/],
    ["segments", "x/3 2 360 5", /several segments/],
    ["frequency", "x 1 -3 5\nx.dat 212", /frequency must be a number above 0/],
    ["length", "x 1 360 1e9\nx.dat 212", /samples must be a whole number/],
    ["huge", "x 1 360 99999999999\nx.dat 212", /samples must be a whole number/],
    ["no length", "x 1\nx.dat 212", /samples must be .*got nothing/],
    ["gain", "x 1 360 5\nx.dat 212 ten", /gain must be a number/],
    ["checksum", "x 1 360 5\nx.dat 212 200 11 0 5 sum", /checksum must be a whole number/],
  ];
  test.each(headers)("a broken header: %s", (_, broken, message) => {
    expect(() => readWfdbHeader(broken)).toThrow(FormatError);
    expect(() => readWfdbHeader(broken)).toThrow(message);
  });

  test("signals that are not the header's", () => {
    const header = readWfdbHeader(text);
    expect(() => readWfdbSignals(header, bytes.subarray(1))).toThrow(/needs 15 bytes, has 14/);
    expect(() => readWfdbSignals({ ...header, samples: 2 ** 30 }, bytes)).toThrow(/needs 3221225472 bytes/);
    const changed = bytes.slice();
    changed[6]! ^= 1;
    expect(() => readWfdbSignals(header, changed)).toThrow(/must sum to .* corrupt/);
    changed.set(bytes);
    changed[0]! ^= 1;
    expect(() => readWfdbSignals(header, changed)).toThrow(/must begin with 10, begins with 11/);
  });
});

/** Words of 16 bits, little-endian, code in the upper 6. */
function words(...values: (number | readonly [code: number, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((v, i) => {
    view.setUint16(2 * i, typeof v === "number" ? v : (v[0] << 10) | v[1], true);
  });
  return bytes;
}

describe("annotations", () => {
  test("skips, texts and what is added", () => {
    const text = 0x28 | (0x4e << 8); // "(N"
    const found = readWfdbAnnotations(
      words(
        [28, 18],
        [63, 2],
        text,
        [1, 59],
        [59, 0],
        1,
        2,
        [8, 5],
        [61, 0xff],
        [62, 1],
        [60, 3],
        [5, 10],
        0,
      ),
    );
    expect(found).toEqual([
      { sample: 18, code: 28, subtype: 0, channel: 0, num: 0, text: "(N" },
      { sample: 77, code: 1, subtype: 0, channel: 0, num: 0, text: "" },
      { sample: 77 + 65538 + 5, code: 8, subtype: -1, channel: 1, num: 3, text: "" },
      { sample: 77 + 65538 + 15, code: 5, subtype: 0, channel: 1, num: 3, text: "" }, // these stay
    ]);
    expect(readWfdbAnnotations(words(0))).toEqual([]);
  });

  const broken: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /no end mark in 0 bytes/],
    ["no end", words([1, 5]), /no end mark in 2 bytes/],
    ["half a word", Uint8Array.of(5, 4, 0), /no end mark in 3 bytes/],
    ["half a skip", words([59, 0], 1), /no end mark/],
    ["code", words([55, 5], 0), /code 55, which there is not/],
    ["added to nothing", words([61, 5], 0), /adds to an annotation, but there is none/],
    ["text behind the file", words([1, 5], [63, 900], 0), /a text of 900 bytes at 4 ends behind the file/],
    ["behind the record", words([1, 600], [1, 600], 0), /annotation 1 at 1200 is not in \[0, 1000\)/],
    ["before the record", words([59, 0], 0xffff, 0, [1, 5], 0), /annotation 0 at -65531/],
  ];
  test.each(broken)("a broken file: %s", (_, bytes, message) => {
    expect(() => readWfdbAnnotations(bytes, 1000)).toThrow(FormatError);
    expect(() => readWfdbAnnotations(bytes, 1000)).toThrow(message);
  });

  test("any bytes give annotations or a FormatError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          readWfdbAnnotations(bytes, 1e6);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

test("beats with a window each", () => {
  const signal = Float32Array.from({ length: 100 }, (_, i) => i % 7);
  const beats = [5, 20, 50, 60, 97].map((sample, i) => ({ sample, letter: "NNAVN"[i]! }));
  const record = { name: "x", frequency: 10, leads: ["a"], signals: [signal], beats };
  const found = cutBeats(record, "A", { before: 1, after: 0.4, every: 2 });
  // The first has no interval; the last has no room behind it.
  expect(found).toMatchObject({ count: 3, leads: 1, steps: 7, letter: ["N", "A", "V"], reach: [10, 4] });
  expect(Array.from(found.y)).toEqual([0, 1, 0]);
  expect(Array.from(found.interval)).toEqual([1.5, 3, 1]);
  const pairs = Array.from({ length: 7 }, (_, t) => (signal[10 + 2 * t]! + signal[11 + 2 * t]!) / 2);
  const mean = pairs.reduce((a, b) => a + b, 0) / 7;
  pairs.forEach((v, t) => {
    expect(found.x[t]).toBeCloseTo(v - mean, 5);
  });
  expect(() => cutBeats(record, "A", { every: 0 })).toThrow(OptionError);
});

describe.skipIf(await missing(MITBIH_SOURCE, "100.dat"))("record 100", async () => {
  test("its signals agree with its header, its beats with the database's count", async () => {
    const { beats, signals, leads, frequency } = await loadEcg(dataReader(MITBIH_SOURCE), "100");
    const counts = Object.fromEntries(
      ["N", "A", "V"].map((l) => [l, beats.filter((b) => b.letter === l).length]),
    );
    expect(counts).toEqual({ N: 2239, A: 33, V: 1 });
    expect({ leads, frequency, length: signals[0]!.length }).toEqual({
      leads: ["MLII", "V5"],
      frequency: 360,
      length: 650_000,
    });
    expect(signals[0]![0]).toBeCloseTo((995 - 1024) / 200, 6);
  });
});
