// Random crops of images with their masks against moves worked out by hand; the smooth field; random contrast.
import { describe, expect, test } from "vitest";
import { randomContrast } from "../../src/data/transforms/augment_contrast.ts";
import {
  augmentMasks,
  type MaskAugmentOptions,
  randomMasks,
} from "../../src/data/transforms/augment_masks.ts";
import { smoothField } from "../../src/data/transforms/smooth_field.ts";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { Generator } from "../../src/tensor/philox.ts";

/** An image whose values tell their place, and the same as mask. */
function places(n: number, h: number, w: number) {
  const data = Float32Array.from({ length: n * h * w }, (_, i) => i % (h * w));
  return { x: { data, shape: [n, 1, h, w] }, y: { data: Int32Array.from(data), shape: [n, h, w] } };
}

const run = (options: MaskAugmentOptions, [n, h, w] = [1, 3, 3], seed = 1) =>
  augmentMasks(places(n!, h!, w!), options, new Generator(seed));

describe("augmentMasks", () => {
  test("no options: the images themselves", () => {
    const { x, y } = run({}, [2, 3, 4]);
    expect([...x.data]).toEqual([...places(2, 3, 4).x.data]);
    expect(y).toEqual(places(2, 3, 4).y);
  });

  test("mirror, and quarter turns: all eight symmetries come up, image and mask alike", () => {
    expect([...run({ flip: 1 }).x.data]).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6]);
    const { x, y } = run({ flip: 0.5, turns: true }, [200, 3, 3]);
    expect([...x.data]).toEqual([...y.data]);
    const seen = new Set(Array.from({ length: 200 }, (_, i) => x.data.slice(9 * i, 9 * i + 9).join()));
    expect(seen.size).toBe(8);
    expect(seen).toContain("6,3,0,7,4,1,8,5,2"); // a quarter turn clockwise
  });

  test("crops lie within the image and reach its corners", () => {
    const { x, y } = run({ size: [2, 3] }, [200, 4, 5]);
    expect(x.shape).toEqual([200, 1, 2, 3]);
    expect(y.shape).toEqual([200, 2, 3]);
    expect([...x.data]).toEqual([...y.data]);
    const corners = new Set(Array.from({ length: 200 }, (_, i) => x.data[6 * i]!));
    expect([...corners].sort((a, b) => a - b)).toEqual([0, 1, 2, 5, 6, 7, 10, 11, 12]);
    for (let i = 0; i < 200; i++) {
      const at = x.data[6 * i]!;
      expect([...x.data.slice(6 * i, 6 * i + 6)]).toEqual([0, 1, 2, 5, 6, 7].map((d) => at + d));
    }
  });

  test("rotation and stretch turn about the centre, by no more than they may", () => {
    const [h, w] = [41, 41];
    const { x } = run({ rotation: 20, stretch: 0.2 }, [20, h, w]);
    const shifts = [];
    for (let i = 0; i < 20; i++) {
      const at = (r: number, c: number) => x.data[(i * h + r) * w + c]!;
      expect(at(20, 20)).toBeCloseTo(20 * w + 20, 3);
      // The pixel 10 to the right of the centre comes from 8 to 12 away, turned by up to 20 degrees.
      const place = at(20, 30); // row * w + column, both bilinear
      const row = Math.round(place / w);
      expect(Math.abs(row - 20)).toBeLessThanOrEqual(Math.ceil(12 * Math.sin((20 * Math.PI) / 180)));
      shifts.push(place);
    }
    expect(new Set(shifts).size).toBe(20);
  });

  test("bent: smooth, of the given size, and the mask follows the image", () => {
    const [h, w] = [32, 32];
    const inside = (i: number) => (Math.hypot((i % w) - 16, Math.floor(i / w) - 16) < 8 ? 1 : 0);
    const disc = Uint8Array.from({ length: h * w }, (_, i) => inside(i));
    const batch = {
      x: { data: Float32Array.from(disc), shape: [1, 1, h, w] },
      y: { data: disc, shape: [1, h, w] },
    };
    const { x, y } = augmentMasks(batch, { elastic: { std: 2 } }, new Generator(5));
    expect(y.data).toBeInstanceOf(Uint8Array);
    expect([...y.data]).not.toEqual([...disc]);
    const far = [...y.data].filter((m, i) => Math.abs(m - x.data[i]!) > 0.75).length;
    expect(far).toBe(0);
    expect([...augmentMasks(batch, { elastic: { std: 2, share: 0 } }, new Generator(5)).y.data]).toEqual([
      ...disc,
    ]);
  });

  test("sample i depends on the generator and i alone", () => {
    const options = { size: [3, 3], flip: 0.5, turns: true, elastic: { std: 1 } } as const;
    const three = augmentMasks(places(3, 6, 6), options, new Generator(7));
    const one = augmentMasks(places(1, 6, 6), options, new Generator(7));
    expect([...three.x.data.slice(0, 9)]).toEqual([...one.x.data]);
    const batch = randomMasks(options)(places(3, 6, 6), new Generator(7));
    expect(batch.x).toEqual(three.x);
    expect(batch.y).toEqual(three.y);
  });

  test("channels move alike", () => {
    const data = Float32Array.from({ length: 32 }, (_, i) => i % 16);
    const fields = { x: { data, shape: [1, 2, 4, 4] }, y: { data: new Uint8Array(16), shape: [1, 1, 4, 4] } };
    const { x, y } = augmentMasks(fields, { turns: true, elastic: { std: 0.7 } }, new Generator(2));
    expect([...x.data.slice(0, 16)]).toEqual([...x.data.slice(16)]);
    expect(y.shape).toEqual([1, 1, 4, 4]);
  });

  test("refused", () => {
    expect(() => run({ size: [4, 3] })).toThrow(ShapeError);
    expect(() => run({ size: [2, 3], turns: true })).toThrow(/quarter turns need a square crop, got \[2,3\]/);
    expect(() => run({ flip: 2 })).toThrow(OptionError);
    expect(() => run({ stretch: 1 })).toThrow(OptionError);
    expect(() => run({ rotation: Number.NaN })).toThrow(OptionError);
    expect(() => run({ elastic: { std: Number.NaN } })).toThrow(OptionError);
    expect(() => run({ elastic: { std: 1, points: 1 } })).toThrow(/2 points or more/);
    const { x } = places(2, 3, 3);
    expect(() => augmentMasks({ x, y: places(1, 3, 3).y }, {}, new Generator(0))).toThrow(
      /x \[2,1,3,3\], y \[1,3,3\]/,
    );
  });
});

describe("smoothField", () => {
  test("keeps the grid's values at its points, is cubic between", () => {
    const grid = new Generator(3).normal(16, 0, 2);
    const field = smoothField(4, [10, 7], 2, new Generator(3));
    for (let r = 0; r < 4; r++)
      for (let c = 0; c < 4; c++) expect(field[3 * r * 7 + 2 * c]).toBeCloseTo(grid[4 * r + c]!, 5);
    // Halfway between the second and third of four points: (-a + 9 b + 9 c - d) / 16.
    const [a, b, c, d] = grid.slice(0, 4) as unknown as [number, number, number, number];
    expect(field[3]).toBeCloseTo((-a + 9 * b + 9 * c - d) / 16, 5);
  });
});

describe("randomContrast", () => {
  test("one gain and offset a sample, within their ranges", () => {
    const x = { data: Float32Array.of(0, 1, 0, 1), shape: [2, 2] };
    const out = randomContrast({ gain: 0.5, offset: 0.25 })({ x }, new Generator(1)).x.data;
    for (const i of [0, 2]) {
      expect(Math.abs(out[i]!)).toBeLessThanOrEqual(0.25);
      expect(Math.abs(out[i + 1]! - out[i]! - 1)).toBeLessThanOrEqual(0.5);
    }
    expect(out[0]).not.toBe(out[2]);
    expect(() => randomContrast({ gain: 1 })).toThrow(OptionError);
  });
});
