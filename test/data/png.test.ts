// Grey images from PNG: every kind of pixel, against files made by fast-png and by hand; broken files.
import fc from "fast-check";
import { encode } from "fast-png";
import { zlibSync } from "fflate";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/data/formats/gzip.ts";
import { readGreyPng } from "../../src/data/formats/png.ts";
import { FormatError } from "../../src/gpu/errors.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function chunk(type: string, body: ArrayLike<number>): number[] {
  const named = Uint8Array.from([...[...type].map((c) => c.charCodeAt(0)), ...Array.from(body)]);
  const word = (v: number) => [v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255];
  return [...word(body.length), ...named, ...word(crc32(named))];
}

const header = (w: number, h: number, depth: number, colour: number, interlace = 0) => {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, w);
  view.setUint32(4, h);
  view.setUint8(8, depth);
  view.setUint8(9, colour);
  view.setUint8(12, interlace);
  return chunk("IHDR", new Uint8Array(view.buffer));
};

/** `rows`: each begins with its filter, 0. */
function png(head: number[], rows: number[], between: number[] = []): Uint8Array {
  const data = chunk("IDAT", zlibSync(Uint8Array.from(rows)));
  return Uint8Array.from([...SIGNATURE, ...head, ...between, ...data, ...chunk("IEND", [])]);
}

describe("readGreyPng", () => {
  test("8 and 16 bits", () => {
    const data = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
    expect(readGreyPng(encode({ width: 4, height: 3, data, channels: 1 }))).toEqual({
      width: 4,
      height: 3,
      data,
    });
    const wide = Uint16Array.of(0, 258, 65535, 7);
    const file = encode({ width: 2, height: 2, data: wide, channels: 1, depth: 16 });
    expect(readGreyPng(file)).toEqual({ width: 2, height: 2, data: wide });
  });

  test("colours by luminance; transparency is left out", () => {
    const rgb = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 10, 10);
    const grey = Uint8Array.of(76, 150, 29, 10); // as PIL's convert("L")
    expect(readGreyPng(encode({ width: 2, height: 2, data: rgb, channels: 3 })).data).toEqual(grey);
    const rgba = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 3 ? 0 : rgb[3 * (i >> 2) + (i % 4)]!));
    expect(readGreyPng(encode({ width: 2, height: 2, data: rgba, channels: 4 })).data).toEqual(grey);
    const both = Uint8Array.of(9, 255, 8, 0);
    expect(readGreyPng(encode({ width: 2, height: 1, data: both, channels: 2 })).data).toEqual(
      Uint8Array.of(9, 8),
    );
  });

  test("1, 2 and 4 bits a pixel, rows that end within a byte", () => {
    expect([...readGreyPng(png(header(3, 2, 1, 0), [0, 0b10100000, 0, 0b01000000])).data]).toEqual([
      255, 0, 255, 0, 255, 0,
    ]);
    expect([...readGreyPng(png(header(3, 1, 2, 0), [0, 0b00011000])).data]).toEqual([0, 85, 170]);
    expect([...readGreyPng(png(header(3, 1, 4, 0), [0, 0x0f, 0x80])).data]).toEqual([0, 255, 136]);
  });

  // 3 x 3 pixels, Adam7: passes 1, 4, 5, 6, 7 hold 1, 1, 2, 2 and 3 of them, 2 and 3 none.
  const interlaced = [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6];

  test("interlaced, 8 and 16 bits", () => {
    expect([...readGreyPng(png(header(3, 3, 8, 0, 1), interlaced)).data]).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    const wide = [0, 1, 0, 0, 2, 1]; // 2 x 1: pixel 0 in pass 1, pixel 1 in pass 6
    expect([...readGreyPng(png(header(2, 1, 16, 0, 1), wide)).data]).toEqual([256, 513]);
  });

  test("data beyond the last row is left alone, in one chunk or several", () => {
    expect([...readGreyPng(png(header(2, 1, 8, 0), [0, 5, 6, 7, 8, 9])).data]).toEqual([5, 6]);
    expect([...readGreyPng(png(header(3, 3, 8, 0, 1), [...interlaced, 0, 0])).data][8]).toBe(9);
    const packed = zlibSync(Uint8Array.from([0, 5, 6, 0, 7, 8]));
    const chunks = [...packed].flatMap((byte) => chunk("IDAT", [byte]));
    const file = [...SIGNATURE, ...header(2, 2, 8, 0), ...chunks, ...chunk("IEND", [])];
    expect([...readGreyPng(Uint8Array.from(file)).data]).toEqual([5, 6, 7, 8]);
  });

  test("a palette, and an index beyond it", () => {
    const palette = chunk("PLTE", [255, 255, 255, 255, 0, 0]);
    expect([...readGreyPng(png(header(2, 1, 8, 3), [0, 1, 0], palette)).data]).toEqual([76, 255]);
    expect([...readGreyPng(png(header(3, 1, 1, 3), [0, 0b01000000], palette)).data]).toEqual([255, 76, 255]);
    expect(() => readGreyPng(png(header(2, 1, 8, 3), [0, 1, 2], palette))).toThrow(/has no colour 2/);
  });

  test("other chunks do not matter, whatever they hold", () => {
    const odd = [...chunk("tEXt", [0, 0, 0]), ...chunk("iCCP", [1, 2, 3]), ...chunk("tRNS", [1])];
    expect([...readGreyPng(png(header(2, 1, 8, 0), [0, 5, 6], odd)).data]).toEqual([5, 6]);
  });

  const good = png(header(2, 1, 8, 0), [0, 5, 6]);
  const changed = (at: number) => good.map((v, i) => (i === at ? v ^ 1 : v));
  const broken: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /slice is not PNG/],
    ["JPEG", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70), /slice is not PNG/],
    ["signature alone", good.subarray(0, 8), /truncated: it ends after 8 bytes/],
    ["truncated data", good.subarray(0, good.length - 20), /truncated/],
    ["no header", Uint8Array.from([...SIGNATURE, ...chunk("IEND", [])]), /must begin with one IHDR/],
    [
      "two headers",
      Uint8Array.from([...good.subarray(0, 33), ...good.subarray(8)]),
      /must begin with one IHDR/,
    ],
    ["a short header", Uint8Array.from([...SIGNATURE, ...chunk("IHDR", [0, 0, 0, 1])]), /IHDR of 4 bytes/],
    [
      "absurd size",
      png(header(0x7fffffff, 0x7fffffff, 16, 6), [0]),
      /more than its \d+ compressed bytes can hold/,
    ],
    ["no pixels", png(header(0, 4, 8, 0), [0]), /has 0 x 4 pixels/],
    ["odd depth", png(header(1, 1, 3, 0), [0, 0]), /pixels of 3 bits/],
    ["odd colour type", png(header(1, 1, 8, 5), [0, 0]), /colour type 5/],
    ["odd filter", png(header(2, 1, 8, 0), [9, 5, 6]), /is corrupt/],
    ["checksum", changed(good.length - 16), /is corrupt/],
    ["too few rows", png(header(2, 3, 8, 0), [0, 5, 6]), /2 x 3 pixels take 9 bytes, it holds 3/],
    ["a short row", png(header(3, 2, 8, 0), [0, 1, 2, 3, 0, 4, 5]), /3 x 2 pixels take 8 bytes, it holds 7/],
    ["half a short row", png(header(9, 1, 1, 0), [0, 255]), /9 x 1 pixels take 3 bytes, it holds 2/],
    [
      "interlaced, a short row",
      png(header(3, 3, 8, 0, 1), interlaced.slice(0, -1)),
      /3 x 3 pixels take 15 bytes, it holds 14/,
    ],
    ["interlaced bits", png(header(2, 1, 1, 0, 1), [0, 0, 0, 0]), /interlaced with 1 bits a pixel/],
    ["an unknown interlace", png(header(2, 1, 8, 0, 2), [0, 1, 2, 3, 4]), /is corrupt/],
    ["no data", Uint8Array.from([...SIGNATURE, ...header(1, 1, 8, 0), ...chunk("IEND", [])]), /0 compressed/],
  ];
  test.each(broken)("refused: %s", (_, bytes, message) => {
    expect(() => readGreyPng(bytes, { name: "slice" })).toThrow(FormatError);
    expect(() => readGreyPng(bytes, { name: "slice" })).toThrow(message);
  });

  test("refused: a bomb behind a small picture", () => {
    const bomb = chunk("IDAT", new Uint8Array(200_000));
    const file = Uint8Array.from([...SIGNATURE, ...header(1, 1, 8, 0), ...bomb, ...chunk("IEND", [])]);
    expect(() => readGreyPng(file)).toThrow(/more than 1 x 1 pixels take raw/);
  });

  test("any corruption gives an image or a FormatError", () => {
    const data = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 255);
    const sample = encode({ width: 8, height: 8, data, channels: 1 });
    const hits = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(hits, (changes) => {
        const bytes = sample.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          readGreyPng(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
