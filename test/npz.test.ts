// ZIP, npy and npz: every dtype, archives as numpy writes them, and everything that can be wrong with them.
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { npzNames, readNpy, readNpz } from "../src/data/formats/npz.ts";
import { readZip } from "../src/data/formats/zip.ts";
import { FormatError } from "../src/gpu/errors.ts";

/** A file as numpy.save writes it. */
function npy(
  descr: string,
  shape: string,
  payload: ArrayBufferView | number[],
  fortran = "False",
): Uint8Array<ArrayBuffer> {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
  const data = Array.isArray(payload)
    ? Uint8Array.from(payload)
    : new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  const bytes = new Uint8Array(10 + padded.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  bytes.set(new TextEncoder().encode(padded), 10);
  bytes.set(data, 10 + padded.length);
  return bytes;
}

describe("readNpy", () => {
  test("all dtypes", () => {
    expect(readNpy(npy("|u1", "2, 1", [1, 255]))).toEqual({ data: Uint8Array.of(1, 255), shape: [2, 1] });
    expect(readNpy(npy("|b1", "2,", [1, 0]))).toEqual({ data: Uint8Array.of(1, 0), shape: [2] });
    expect(readNpy(npy("|i1", "2,", [1, 255])).data).toEqual(Int8Array.of(1, -1));
    expect(readNpy(npy("<i2", "1,", Int16Array.of(-2))).data).toEqual(Int16Array.of(-2));
    expect(readNpy(npy("<u2", "1,", Uint16Array.of(65535))).data).toEqual(Uint16Array.of(65535));
    expect(readNpy(npy("<i4", "1,", Int32Array.of(-3))).data).toEqual(Int32Array.of(-3));
    expect(readNpy(npy("<u4", "1,", Uint32Array.of(4e9))).data).toEqual(Uint32Array.of(4e9));
    expect(readNpy(npy("<f4", "1,", Float32Array.of(1.5))).data).toEqual(Float32Array.of(1.5));
    expect(readNpy(npy("<f8", "1,", Float64Array.of(0.1))).data).toEqual(Float64Array.of(0.1));
    expect(readNpy(npy("<i8", "2,", BigInt64Array.of(-5n, 7n))).data).toEqual(Int32Array.of(-5, 7));
    expect(readNpy(npy("<u8", "1,", BigUint64Array.of(9n))).data).toEqual(Int32Array.of(9));
    expect(readNpy(npy("<f8", "", Float64Array.of(3)))).toEqual({ data: Float64Array.of(3), shape: [] });
    expect(readNpy(npy("|u1", "0, 28", []))).toEqual({ data: new Uint8Array(0), shape: [0, 28] });
    expect(readNpy(npy("<f4", "1,", Float32Array.of(2), "True")).data).toEqual(Float32Array.of(2)); // one axis: no order
  });

  const good = npy("<f4", "2,", Float32Array.of(1, 2));
  const broken: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /x\.npy is not npy/],
    ["text", new TextEncoder().encode("<!DOCTYPE html>"), /is not npy/],
    ["version 4", good.with(6, 4), /has version 4/],
    ["truncated header", good.subarray(0, 40), /is truncated: a header of 128 bytes, 40 in all/],
    ["truncated data", good.subarray(0, -1), /shape \[2\] and dtype <f4 must have 136 bytes, has 135/],
    ["data left over", npy("|u1", "2,", [1, 2, 3]), /must have 130 bytes, has 131/],
    ["absurd shape", npy("<f8", "999999999999999, 999999999999999", [1]), /truncated or corrupt/],
    ["negative size", npy("|u1", "-1,", [1]), /header that is not read/],
    ["big-endian", npy(">f4", "1,", [0, 0, 0, 0]), /has dtype >f4, read are/],
    ["pickle", npy("|O", "1,", [0]), /has dtype \|O/],
    ["an inherited name", npy("constructor", "1,", [0]), /has dtype constructor/],
    ["column-major", npy("|u1", "2, 2", [1, 2, 3, 4], "True"), /column-major/],
    [
      "wide integer",
      npy("<i8", "2,", BigInt64Array.of(1n, 2n ** 40n)),
      /element 1 is 1099511627776, which does not fit/,
    ],
  ];
  test.each(broken)("%s", (_, bytes, message) => {
    expect(() => readNpy(bytes, "x.npy")).toThrow(FormatError);
    expect(() => readNpy(bytes, "x.npy")).toThrow(message);
  });
});

describe("readNpz", () => {
  const archive = zipSync({
    "a.npy": npy("|u1", "3,", [1, 2, 3]),
    "b.npy": [npy("<f4", "1,", Float32Array.of(4)), { level: 0 }],
  });

  test("packed and stored, some or all", () => {
    expect(npzNames(archive)).toEqual(["a", "b"]);
    expect(readNpz(archive).get("a")).toEqual({ data: Uint8Array.of(1, 2, 3), shape: [3] });
    expect([...readNpz(archive, { only: ["b"] })]).toEqual([["b", { data: Float32Array.of(4), shape: [1] }]]);
    expect(() => readNpz(archive, { name: "x.npz", only: ["c"] })).toThrow(
      /x\.npz has no array c, it has a, b/,
    );
  });

  test("a comment behind it, and a view into a larger buffer", () => {
    const noted = new Uint8Array(archive.length + 9);
    noted.set(archive, 4);
    const inside = noted.subarray(4, 4 + archive.length);
    expect(readNpz(inside).size).toBe(2);
    const comment = new Uint8Array(archive.length + 2);
    comment.set(archive);
    comment[archive.length - 2] = 2;
    expect(readNpz(comment).size).toBe(2);
  });

  test("every truncation and every flipped byte is refused or changes nothing", () => {
    for (let length = 0; length < archive.length; length++)
      expect(() => readNpz(archive.subarray(0, length))).toThrow(FormatError);
    const wanted = readNpz(archive);
    for (let at = 0; at < archive.length; at++) {
      const flipped = archive.with(at, archive[at] ^ 0x10);
      try {
        const found = readNpz(flipped, { only: ["a", "b"] }); // times and versions are not read
        expect(found).toEqual(wanted);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
  });

  test("noise is refused quickly", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readNpz(bytes)).toThrow(FormatError);
      }),
    );
  });

  test("sizes that the file cannot hold are not allocated", () => {
    const view = new DataView(archive.slice().buffer);
    const end = archive.length - 22;
    const directory = view.getUint32(end + 16, true);
    view.setUint32(directory + 24, 0xfffffff0, true);
    const bytes = new Uint8Array(view.buffer);
    expect(() => readZip(bytes, "x.zip")).toThrow(
      /member a\.npy is corrupt: \d+ bytes claim to hold 4294967280/,
    );
    view.setUint32(directory + 24, 0xffffffff, true);
    expect(() => readZip(bytes)).toThrow(/ZIP64/);
    view.setUint16(directory + 8, 1, true);
    expect(() => readZip(bytes)).toThrow(/encrypted/);
  });
});
