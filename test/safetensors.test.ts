// safetensors: the reference implementation's bytes, round trips, and every way a file can be broken.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DTypeError, FormatError, OptionError, ShapeError } from "../src/gpu/errors.ts";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "../src/io/half.ts";
import {
  readSafetensors,
  type SafeTensor,
  toF32,
  toI32,
  toI64,
  writeSafetensors,
} from "../src/io/safetensors.ts";
import { ELEMENT_BYTES, type SafeDType } from "../src/io/safetensors_header.ts";

/** A file of this header text (padded to 8 bytes) and so many bytes of data. */
function file(header: string | Uint8Array, dataBytes = 0, headerBytes?: number): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + text.length + dataBytes);
  const length = headerBytes ?? text.length;
  new DataView(out.buffer).setUint32(0, length >>> 0, true);
  new DataView(out.buffer).setUint32(4, Math.floor(length / 2 ** 32), true);
  out.set(text, 8);
  return out;
}

const f32 = (shape: number[], ...values: number[]): SafeTensor => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(values),
});

describe("writeSafetensors", () => {
  test("the bytes of the reference implementation's own test", () => {
    const bytes = writeSafetensors([["attn.0", f32([1, 2, 3], 0, 1, 2, 3, 4, 5)]]);
    const header = '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}';
    expect(header.length).toBe(64);
    const expected = file(header, 24);
    new Float32Array(expected.buffer, 72).set([0, 1, 2, 3, 4, 5]);
    expect(bytes).toEqual(expected);
  });

  test("wide dtypes first, then names; header padded to 8; metadata sorted", () => {
    const bytes = writeSafetensors(
      [
        ["mask", { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) }],
        ["w2", f32([1], 2)],
        ["steps", { dtype: "I64", shape: [], data: BigInt64Array.of(-7n) }],
        ["w10", f32([1], 10)],
      ],
      { b: "2", a: "1" },
    );
    const headerBytes = new DataView(bytes.buffer).getUint32(0, true);
    expect(headerBytes % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)).trimEnd()).toBe(
      '{"__metadata__":{"a":"1","b":"2"},"steps":{"dtype":"I64","shape":[],"data_offsets":[0,8]},' +
        '"w10":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
        '"w2":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},' +
        '"mask":{"dtype":"BOOL","shape":[3],"data_offsets":[16,19]}}',
    );
    expect(bytes.length).toBe(8 + headerBytes + 19);
  });

  test("refuses what would not read back", () => {
    expect(() => writeSafetensors([["a", f32([2, 2], 1, 2, 3)]])).toThrow(ShapeError);
    expect(() => writeSafetensors([["a", f32([-1, -3], 1, 2, 3)]])).toThrow(
      /data must fill the shape, a \[-1,-3\]/,
    );
    expect(() => writeSafetensors([["a", { dtype: "I32", shape: [1], data: new Float32Array(1) }]])).toThrow(
      DTypeError,
    );
    expect(() => writeSafetensors([["__metadata__", f32([0])]])).toThrow(OptionError);
    const twice: [string, SafeTensor][] = [
      ["a", f32([0])],
      ["a", f32([0])],
    ];
    expect(() => writeSafetensors(twice)).toThrow(/name a is taken/);
  });
});

const DTYPES = Object.keys(ELEMENT_BYTES) as SafeDType[];
const tensorArbitrary = fc
  .record({
    dtype: fc.constantFrom(...DTYPES),
    shape: fc.array(fc.nat(3), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ dtype, shape, seed }): SafeTensor => {
    const size = shape.reduce((a, b) => a * b, 1);
    const bytes = Uint8Array.from({ length: size * ELEMENT_BYTES[dtype] }, (_, i) => (i * 37 + seed) & 0xff);
    const header = JSON.stringify({ t: { dtype, shape, data_offsets: [0, bytes.length] } });
    const whole = file(header, bytes.length);
    whole.set(bytes, 8 + header.length);
    return readSafetensors(whole).tensors.get("t")!;
  });
const fileArbitrary = fc.tuple(
  fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), tensorArbitrary), {
    selector: ([name]) => name,
    maxLength: 6,
  }),
  fc.dictionary(fc.string(), fc.string()),
);

describe("round trip", () => {
  test("any tensors, names and metadata, at any alignment of the bytes", () => {
    fc.assert(
      fc.property(fileArbitrary, fc.nat(7), ([tensors, metadata], shift) => {
        fc.pre(tensors.every(([name]) => name !== "__metadata__"));
        const bytes = writeSafetensors(tensors, metadata);
        const moved = new Uint8Array(bytes.length + shift).subarray(shift);
        moved.set(bytes);
        const read = readSafetensors(moved);
        expect(new Map(read.tensors)).toEqual(new Map(tensors));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(writeSafetensors(read.tensors, read.metadata)).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  test("keys that JavaScript objects treat specially", () => {
    const names = ["10", "9", "__proto__", "constructor", "toString"];
    const tensors = names.map((name, i): [string, SafeTensor] => [name, f32([1], i)]);
    const read = readSafetensors(writeSafetensors(tensors));
    expect([...read.tensors.keys()].sort()).toEqual([...names].sort());
    expect(read.tensors.get("__proto__")!.data).toEqual(Float32Array.of(2));
  });
});

describe("readSafetensors of a broken file", () => {
  const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) =>
    `{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":[${begin},${end}]}`;
  const one = (dtype: string, shape: unknown, begin: unknown, end: unknown) =>
    `{"a":${entry(dtype, shape, begin, end)}}`;
  const cases: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /the file has 0 bytes/],
    ["seven bytes", new Uint8Array(7), /the file has 7 bytes/],
    ["no header", new Uint8Array(8), /does not begin with \{/],
    [
      "header longer than the file",
      file("{}", 0, 1000),
      /header of 1000 bytes is longer than the file of 10/,
    ],
    ["header above 100 MB", file("{}", 0, 100_000_001), /header of 100000001 bytes, more than/],
    ["header of 2^63 bytes", file("{}", 0, 2 ** 63), /more than 100000000/],
    ["not JSON", file("{oops}"), /header is not JSON/],
    ["truncated JSON", file(`{"a":{"dtype":`), /header is not JSON/],
    ["not UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /not UTF-8/],
    ["not an object", file("[]"), /does not begin with/],
    ["entry not an object", file(`{"a":3}`), /tensor "a" must be an object/],
    ["entry null", file(`{"a":null}`), /tensor "a" must be an object/],
    ["unknown dtype", file(one("F7", [1], 0, 4), 4), /dtype "F7", known are BOOL, U8/],
    ["dtype of the prototype", file(one("toString", [1], 0, 4), 4), /dtype "toString"/],
    ["dtype missing", file(`{"a":{"shape":[],"data_offsets":[0,4]}}`, 4), /dtype nothing/],
    ["negative dimension", file(one("F32", [-1], 0, 4), 4), /shape \[-1\], not sizes >= 0/],
    ["two negative dimensions", file(one("F32", [-1, -1], 0, 4), 4), /not sizes >= 0/],
    ["fractional dimension", file(one("F32", [0.5, 2], 0, 4), 4), /not sizes >= 0/],
    ["dimension as text", file(one("F32", ["1"], 0, 4), 4), /not sizes >= 0/],
    ["shape not a list", file(one("F32", 1, 0, 4), 4), /not sizes >= 0/],
    ["product overflows", file(one("F32", [2 ** 32, 2 ** 32], 0, 4), 4), /does not take 4 bytes/],
    [
      "product overflows to zero modulo 2^64",
      file(one("U8", [2 ** 40, 2 ** 40], 0, 0)),
      /does not take 0 bytes/,
    ],
    [
      "dimension above 2^53",
      file(`{"a":${entry("U8", [], 0, 1).replace("[]", "[1e300]")}}`, 1),
      /not sizes >= 0/,
    ],
    ["absurd count", file(one("F32", [2 ** 50], 0, 2 ** 52), 4), /outside of 4 bytes/],
    [
      "shape and offsets disagree",
      file(one("F32", [2], 0, 4), 4),
      /\[2\] and dtype F32 does not take 4 bytes/,
    ],
    ["offsets missing", file(`{"a":{"dtype":"F32","shape":[1]}}`, 4), /data_offsets nothing/],
    [
      "three offsets",
      file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, 4),
      /not \[begin, end\]/,
    ],
    ["negative offset", file(one("F32", [1], -4, 0), 4), /not \[begin, end\]/],
    ["end before begin", file(one("F32", [1], 4, 0), 4), /data_offsets 4, 0 outside/],
    ["beyond the file", file(one("F32", [2], 0, 8), 4), /data_offsets 0, 8 outside of 4 bytes/],
    ["bytes left over", file(one("F32", [1], 0, 4), 5), /take 4 bytes, the file has 5/],
    ["hole at the start", file(one("F32", [1], 4, 8), 8), /bytes 0 to 4 before "a" belong to no tensor/],
    ["overlap", file(`{"a":${entry("F32", [2], 0, 8)},"b":${entry("F32", [2], 4, 12)}}`, 12), /overlap: "b"/],
    ["shared bytes", file(`{"a":${entry("F32", [1], 0, 4)},"b":${entry("F32", [1], 0, 4)}}`, 4), /overlap/],
    [
      "duplicate name",
      file(`{"a":${entry("F32", [0], 0, 0)},"\\u0061":${entry("F32", [1], 0, 4)}}`, 4),
      /"a" twice/,
    ],
    [
      "duplicate key within",
      file(`{"a":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}`),
      /"dtype" twice/,
    ],
    ["metadata not text", file(`{"__metadata__":{"a":1}}`), /__metadata__ "a" must be a string/],
    ["metadata a list", file(`{"__metadata__":[]}`), /__metadata__ must be an object/],
    ["deeply nested", file(`{"a":${"[".repeat(1e6)}`), /not JSON/],
    [
      "deeply nested and closed",
      file(`{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}`),
      /must be an object|not JSON/,
    ],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(FormatError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  test("an object in a list may repeat a key of its neighbour; long strings are fine", () => {
    const text = JSON.stringify({ __metadata__: { config: '\\"dtype":'.repeat(200_000), dtype: "x" } });
    expect(readSafetensors(file(text)).metadata.dtype).toBe("x");
  });

  test("zero-size tensors and scalars", () => {
    const text = `{"a":${entry("F32", [0, 5], 0, 0)},"b":${entry("F64", [], 0, 8)},"c":${entry("I8", [2, 0], 8, 8)}}`;
    const { tensors } = readSafetensors(file(text, 8));
    expect([...tensors].map(([name, t]) => [name, t.data.length])).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 0],
    ]);
    expect(readSafetensors(file(`{"a":${entry("U8", [2 ** 52, 2 ** 52, 0], 0, 0)}}`)).tensors.size).toBe(1);
    expect(readSafetensors(file("{}")).tensors.size).toBe(0);
  });

  const sample = writeSafetensors(
    [
      ["w", f32([2, 2], 1, 2, 3, 4)],
      ["n", { dtype: "I64", shape: [1], data: BigInt64Array.of(3n) }],
      ["h", { dtype: "F16", shape: [3], data: new Uint16Array(3) }],
    ],
    { step: "12" },
  );
  const readsOrFails = (bytes: Uint8Array) => {
    try {
      readSafetensors(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
    }
  };

  test("every flipped bit and every truncation gives a file or a FormatError", () => {
    for (let i = 0; i < sample.length; i++) {
      expect(() => readSafetensors(sample.slice(0, i))).toThrow(FormatError);
      for (let bit = 0; bit < 8; bit++) {
        const bytes = sample.slice();
        bytes[i]! ^= 1 << bit;
        readsOrFails(bytes);
      }
    }
  });

  test("random corruption and random bytes", () => {
    const hits = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(hits, fc.uint8Array({ maxLength: 64 }), (changes, noise) => {
        const bytes = sample.slice();
        for (const [at, value] of changes) bytes[at] = value;
        readsOrFails(bytes);
        readsOrFails(noise);
      }),
      { numRuns: 500 },
    );
  });
});

describe("conversions", () => {
  test("F16 and BF16: known values, and every bit pattern survives the round trip", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    expect([...f16ToF32(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0x8000))]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
      Infinity,
      -0,
    ]);
    expect([...bf16ToF32(Uint16Array.of(0x3f80, 0xc000, 0x7f80))]).toEqual([1, -2, Infinity]);
    const back16 = f32ToF16(f16ToF32(all));
    const backB16 = f32ToBf16(bf16ToF32(all));
    for (let i = 0; i < 65536; i++) {
      const nan16 = (i & 0x7fff) > 0x7c00;
      const nanB16 = (i & 0x7fff) > 0x7f80;
      if (nan16 ? (back16[i]! & 0x7fff) <= 0x7c00 : back16[i] !== i) expect.fail(`F16 ${i} -> ${back16[i]}`);
      if (nanB16 ? (backB16[i]! & 0x7fff) <= 0x7f80 : backB16[i] !== i)
        expect.fail(`BF16 ${i} -> ${backB16[i]}`);
    }
  });

  test("rounding is to the nearest, ties to even", () => {
    const nearest = (value: number, decoded: Float32Array) => {
      const sorted = [...decoded].filter(Number.isFinite).map((v) => Math.abs(v - value));
      return Math.min(...sorted);
    };
    const all = f16ToF32(Uint16Array.from({ length: 0x7c00 }, (_, i) => i));
    const values = fc.oneof(
      fc.double({ min: 0, max: 65504, noNaN: true }),
      fc.double({ min: 0, max: 2 ** -13, noNaN: true }),
    );
    fc.assert(
      fc.property(values, (v) => {
        const value = Math.fround(v);
        const got = f16ToF32(f32ToF16([value]))[0]!;
        expect(Math.abs(got - value)).toBe(nearest(value, all));
      }),
      { numRuns: 50 },
    );
    expect([
      ...f32ToF16([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -25, NaN]),
    ]).toEqual([0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 2, 0x7e00]);
    expect([...f32ToBf16([1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, -Infinity])]).toEqual([
      0x3f80, 0x3f82, 0x7f80, 0xff80,
    ]);
  });

  test("toF32, toI32, toI64", () => {
    const i64 = (...values: bigint[]): SafeTensor => ({
      dtype: "I64",
      shape: [values.length],
      data: BigInt64Array.from(values),
    });
    expect(toI32(i64(-1n, 2n ** 31n - 1n))).toEqual(Int32Array.of(-1, 2 ** 31 - 1));
    expect(() => toI32(i64(0n, 2n ** 31n))).toThrow(/I64 value 2147483648 at 1 is beyond i32/);
    expect(() => toI32(i64(2n ** 62n))).toThrow(FormatError);
    expect(() => toI32(f32([1], 1))).toThrow(DTypeError);
    expect(() => toF32(i64(1n))).toThrow(/needs a float tensor, got I64 \[1\]/);
    expect(toF32({ dtype: "F64", shape: [1], data: Float64Array.of(0.1) })).toEqual(Float32Array.of(0.1));
    expect(toI64(Int32Array.of(-5, 5))).toEqual(BigInt64Array.of(-5n, 5n));
  });
});
