// NIfTI: every datatype, both byte orders and versions, slope and intercept, orientation; broken files of every kind.
import fc from "fast-check";
import { gunzipSync, gzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { readNifti } from "../../src/data/formats/nifti.ts";
import { FormatError } from "../../src/gpu/errors.ts";
import { nifti1 } from "./nifti_file.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("readNifti", () => {
  test("sizes are reversed, x runs fastest; millimetres and orientation", () => {
    const volume = readNifti(nifti1());
    expect(volume.shape).toEqual([2, 3, 2]);
    expect([...volume.data]).toEqual(range(12));
    expect(volume.voxel).toEqual([2, 3, 4]);
    expect(volume.orientation).toBe("RAS");
    expect(volume.affine).toEqual([
      [2, 0, 0, -10],
      [0, 3, 0, -20],
      [0, 0, 4, -30],
      [0, 0, 0, 1],
    ]);
  });

  const one = (type: number, bytes: number, write: (v: DataView, at: number, little: boolean) => void) =>
    [type, bytes, write] as const;
  test.each([
    one(2, 1, (v, at) => v.setUint8(at, 200)),
    one(4, 2, (v, at, l) => v.setInt16(at, -200, l)),
    one(8, 4, (v, at, l) => v.setInt32(at, -70000, l)),
    one(16, 4, (v, at, l) => v.setFloat32(at, 0.5, l)),
    one(64, 8, (v, at, l) => v.setFloat64(at, -0.25, l)),
    one(256, 1, (v, at) => v.setInt8(at, -100)),
    one(512, 2, (v, at, l) => v.setUint16(at, 60000, l)),
    one(768, 4, (v, at, l) => v.setUint32(at, 3_000_000_000, l)),
    one(1024, 8, (v, at, l) => v.setBigInt64(at, -5n, l)),
    one(1280, 8, (v, at, l) => v.setBigUint64(at, 7n, l)),
  ])("datatype %i in both byte orders", (type, bytes, write) => {
    const want = {
      2: 200,
      4: -200,
      8: -70000,
      16: 0.5,
      64: -0.25,
      256: -100,
      512: 60000,
      768: 3e9,
      1024: -5,
      1280: 7,
    };
    for (const little of [true, false]) {
      const file = nifti1({ dims: [3, 1, 1, 1], type, bits: 8 * bytes, bytes, little, write });
      expect([...readNifti(file).data]).toEqual([want[type as keyof typeof want]]);
    }
  });

  test("slope and intercept; a slope of 0 or NaN scales nothing", () => {
    expect([...readNifti(nifti1({ slope: 2, inter: -1 })).data].slice(0, 3)).toEqual([-1, 1, 3]);
    expect([...readNifti(nifti1({ slope: 0, inter: 5 })).data].slice(0, 3)).toEqual([0, 1, 2]);
    expect([...readNifti(nifti1({ slope: Number.NaN })).data].slice(0, 3)).toEqual([0, 1, 2]);
  });

  test("orientation from the affine: flipped, axes exchanged, oblique; without one that of the voxels", () => {
    const of = (sform: number[][] | null) => readNifti(nifti1({ sform })).orientation;
    expect(
      of([
        [-2, 0, 0, 0],
        [0, -3, 0, 0],
        [0, 0, 4, 0],
      ]),
    ).toBe("LPS");
    expect(
      of([
        [0, 0, 1, 0],
        [-1, 0, 0, 0],
        [0, -1, 0, 0],
      ]),
    ).toBe("PIR");
    expect(
      of([
        [1.9, 0.4, 0, 0],
        [-0.4, 2.9, 1, 0],
        [0, -1, 3.8, 0],
      ]),
    ).toBe("RAS");
    expect(of(null)).toBe("RAS");
  });

  test("a quaternion; one whose norm was rounded to a little above 1 is half a turn, a longer one is refused", () => {
    const of = (...quaternion: number[]) => readNifti(nifti1({ quaternion }));
    const half = of(0, 0, 1).affine;
    expect(half.map((row) => row.map((v) => v + 0))).toEqual([
      [-2, 0, 0, 0],
      [0, -3, 0, 0],
      [0, 0, 4, 0],
      [0, 0, 0, 1],
    ]);
    expect(of(0, 0, Math.SQRT1_2).orientation).toBe("ALS");
    const rounded = of(0, 0, 1.0000002);
    expect(rounded.orientation).toBe("LPS");
    for (const [r, row] of rounded.affine.entries())
      for (const [c, v] of row.entries()) expect(v).toBeCloseTo(half[r]![c]!, 5);
    expect(() => of(0, 0, 1.0001)).toThrow(/orientation that is not finite/);
  });

  test("units: metres and micrometres become millimetres", () => {
    const metres = readNifti(nifti1({ units: 1, pixdim: [1, 0.5, 1, 2] }));
    expect(metres.voxel).toEqual([500, 1000, 2000]);
    expect(metres.affine[0]).toEqual([2000, 0, 0, -10000]);
    expect(readNifti(nifti1({ units: 3, pixdim: [1, 500, 1000, 2000] })).voxel[1]).toBeCloseTo(1);
  });

  test("four axes, one axis, trailing ones, bytes after the voxels, an extension in between", () => {
    expect(readNifti(nifti1({ dims: [4, 1, 2, 3, 2] })).shape).toEqual([2, 3, 2, 1]);
    expect(readNifti(nifti1({ dims: [1, 12] })).shape).toEqual([1, 1, 12]);
    expect(readNifti(nifti1({ dims: [5, 2, 3, 2, 1, 1] })).shape).toEqual([2, 3, 2]);
    expect(readNifti(nifti1({ bytes: 40 })).data.length).toBe(12);
    // An extension whose size leads backwards would be walked for ever.
    const extended = nifti1({ offset: 384, extension: true });
    new DataView(extended.buffer).setInt32(352, -16, true);
    expect([...readNifti(extended).data]).toEqual(range(12));
  });

  test("a view into a larger buffer", () => {
    const file = nifti1();
    const moved = new Uint8Array(file.length + 3).subarray(3);
    moved.set(file);
    expect([...readNifti(moved).data]).toEqual(range(12));
  });

  test("NIfTI-2", () => {
    const file = new Uint8Array(544 + 6);
    const view = new DataView(file.buffer);
    view.setInt32(0, 540, true);
    for (const [i, c] of [..."n+2"].entries()) file[4 + i] = c.charCodeAt(0);
    view.setInt16(12, 2, true);
    view.setInt16(14, 8, true);
    for (const [i, d] of [3, 3, 2, 1].entries()) view.setBigInt64(16 + 8 * i, BigInt(d), true);
    for (const [i, d] of [1, 1, 1, 1].entries()) view.setFloat64(104 + 8 * i, d, true);
    view.setBigInt64(168, 544n, true);
    for (let i = 0; i < 6; i++) file[544 + i] = 10 + i;
    const volume = readNifti(file);
    expect(volume.shape).toEqual([1, 2, 3]);
    expect([...volume.data]).toEqual([10, 11, 12, 13, 14, 15]);
    expect(volume.orientation).toBe("RAS");
    view.setInt32(344, 1, true);
    view.setFloat64(368, 1 + 1e-9, true); // a quaternion: half a turn about z
    expect(readNifti(file).orientation).toBe("LPS");
    expect(() => readNifti(file.subarray(0, 549))).toThrow(/needs 550 bytes, has 549/);
  });

  const broken: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /brain has 0 bytes, the header alone takes 352/],
    ["a page of the web", new TextEncoder().encode("<!DOCTYPE html>".repeat(40)), /is not NIfTI/],
    ["no magic", nifti1({ magic: "abc\0" }), /is not NIfTI/],
    ["a pair's header", nifti1({ magic: "ni1\0" }), /in another file/],
    ["truncated", nifti1().subarray(0, 360), /sizes \[2,3,2\] needs 364 bytes, has 360/],
    ["absurd sizes", nifti1({ dims: [7, ...new Array(7).fill(32767)] }), /truncated or corrupt/],
    ["no axes", nifti1({ dims: [0, 2, 3, 2] }), /has 0 axes/],
    ["eight axes", nifti1({ dims: [8, 2, 3, 2] }), /has 8 axes/],
    ["a size of 0", nifti1({ dims: [3, 2, 0, 2] }), /all must be 1 or more/],
    ["a negative size", nifti1({ dims: [3, 2, -3, 2] }), /all must be 1 or more/],
    ["colours", nifti1({ type: 128, bits: 24 }), /datatype 128/],
    ["bits that do not fit", nifti1({ bits: 16 }), /says 16 bits a voxel, datatype 2 has 8/],
    ["voxels of no size", nifti1({ pixdim: [1, 0, 1, 1] }), /voxel sizes \[0,1,1\]/],
    ["voxels of NaN size", nifti1({ pixdim: [1, Number.NaN, 1, 1] }), /voxel sizes/],
    [
      "NaN in the affine",
      nifti1({
        sform: [
          [Number.NaN, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
        ],
      }),
      /not finite/,
    ],
    ["gzip without inflate", gzipSync(nifti1()), /is gzipped: unpack it, or pass inflate/],
  ];
  test.each(broken)("refused: %s", (_, bytes, message) => {
    expect(() => readNifti(bytes, { name: "brain" })).toThrow(FormatError);
    expect(() => readNifti(bytes, { name: "brain" })).toThrow(message);
  });

  test("refused: an offset within the header, or that is no number", () => {
    for (const offset of [0, 100, 352.5, Number.NaN, 1e30]) {
      const file = nifti1();
      new DataView(file.buffer).setFloat32(108, offset, true);
      expect(() => readNifti(file)).toThrow(FormatError);
    }
  });

  test("gzip: read, truncated at every length, wrong checksum, absurd size", () => {
    const gzip = gzipSync(nifti1());
    const options = { inflate: gunzipSync, name: "brain" };
    expect([...readNifti(gzip, options).data]).toEqual(range(12));
    for (let length = 2; length < gzip.length; length++)
      expect(() => readNifti(gzip.slice(0, length), options)).toThrow(FormatError);
    const flipped = gzip.slice();
    flipped[flipped.length - 8]! ^= 1;
    expect(() => readNifti(flipped, options)).toThrow(/checksum or length/);
    const absurd = gzip.slice().fill(0xff, gzip.length - 4);
    expect(() => readNifti(absurd, options)).toThrow(/gzip bytes claim 4294967295/);
  });

  test("any corruption gives a volume or a FormatError", () => {
    const [plain, gzip] = [nifti1(), gzipSync(nifti1())];
    const hits = fc.array(fc.tuple(fc.nat(363), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(hits, fc.boolean(), (changes, zipped) => {
        const bytes = (zipped ? gzip : plain).slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          readNifti(bytes, { inflate: gunzipSync });
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
