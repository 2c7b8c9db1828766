// Affine augmentation against shifts, turns and mirrors worked out by hand.
import { describe, expect, test } from "vitest";
import type { Field } from "../src/data/dataset.ts";
import { affine, randomAffine } from "../src/data/transforms/augment.ts";
import { standardize } from "../src/data/transforms/standardize.ts";
import { OptionError, ShapeError } from "../src/gpu/errors.ts";
import { Generator } from "../src/tensor/philox.ts";

const image: Field = { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), shape: [1, 3, 3] };
const run = (options: Parameters<typeof affine>[1], field = image) => [
  ...affine(field, options, new Generator(1)).data,
];

describe("affine", () => {
  test("no options: the image itself, as f32", () => {
    const out = affine(image, {}, new Generator(1));
    expect(out).toEqual({ data: Float32Array.from(image.data), shape: [1, 3, 3] });
  });

  test("a shift right and down by one, and by half, with fill", () => {
    expect(run({ shift: [1, 1], fill: -1 })).toEqual([-1, -1, -1, -1, 1, 2, -1, 4, 5]);
    // Half a pixel: each output is the mean of four inputs, those outside 0.
    expect(run({ shift: [0.5, 0.5] })).toEqual([0.25, 0.75, 1.25, 1.25, 3, 4, 2.75, 6, 7]);
    expect(run({ shift: [5, 5], fill: 7 })).toEqual(new Array(9).fill(7));
  });

  test("a quarter turn clockwise, and one back", () => {
    expect(run({ rotation: [90, 90] })).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
    expect(run({ rotation: [-90, -90] })).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
    expect(run({ rotation: [180, 180] })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    const even: Field = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] };
    expect(run({ rotation: [90, 90] }, even)).toEqual([3, 1, 4, 2]);
  });

  test("mirror, scale, and turn before shift", () => {
    expect(run({ flip: 1 })).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7]);
    // Twice as large: output (x, y) is the input at 1 + (x - 1) / 2.
    expect(run({ scale: [2, 2] })).toEqual([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7]);
    expect(run({ rotation: [90, 90], shift: [1, 1] })).toEqual([0, 0, 0, 0, 7, 4, 0, 8, 5]);
  });

  test("channels move together, images on their own; not square", () => {
    const data = Float32Array.from({ length: 2 * 2 * 2 * 3 }, (_, i) => i % 6);
    const out = affine({ data, shape: [2, 2, 2, 3] }, { rotation: 30, shift: 1 }, new Generator(3)).data;
    expect(out.slice(0, 6)).toEqual(out.slice(6, 12));
    expect(out.slice(0, 6)).not.toEqual(out.slice(12, 18));
    expect(run({ shift: [1, 1] }, { data: data.slice(0, 6), shape: [1, 2, 3] })).toEqual([0, 0, 0, 0, 0, 1]);
    expect(run({}, { data: new Float32Array(0), shape: [0, 3, 3] })).toEqual([]);
  });

  test("the same generator gives the same images, and an image does not depend on its neighbours", () => {
    const data = Uint8Array.from({ length: 32 * 28 * 28 }, (_, i) => (i * 31) & 255);
    const options = { rotation: 10, scale: [0.9, 1.1], shift: 2, flip: 0.5 } as const;
    const all = affine({ data, shape: [32, 1, 28, 28] }, options, new Generator(4)).data;
    expect(affine({ data, shape: [32, 1, 28, 28] }, options, new Generator(4)).data).toEqual(all);
    const first = affine(
      { data: data.subarray(0, 784), shape: [1, 1, 28, 28] },
      options,
      new Generator(4),
    ).data;
    expect(first).toEqual(all.slice(0, 784));
    expect(all.every((v) => v >= 0 && v <= 255)).toBe(true);
  });

  test("bad input", () => {
    expect(() => run({}, { data: new Float32Array(4), shape: [2, 2] })).toThrow(ShapeError);
    expect(() => run({ scale: [0, 1] })).toThrow(/scale must be above 0/);
    expect(() => run({ rotation: [3, 1] })).toThrow(/rotation needs finite low <= high, got 3, 1/);
    expect(() => run({ shift: Number.NaN })).toThrow(OptionError);
    expect(() => randomAffine({ flip: 2 })).toThrow(/flip must be a probability/);
    expect(() => standardize({ mean: 0, std: 0 })).toThrow(OptionError);
  });
});

test("as transforms: augment bytes, then standardise", () => {
  const batch = { x: image };
  const moved = randomAffine({ shift: [1, 1] })(batch, new Generator(1));
  const out = standardize({ mean: 0.5, std: 0.25 })(moved, new Generator(1));
  expect(out.x.data[4]).toBe(Math.fround((1 / 255 - 0.5) / 0.25));
  expect(batch.x.data[4]).toBe(5);
});
