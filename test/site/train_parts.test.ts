// Pure parts of the Train page: columns of a chart, ink, numbers in words.
import { expect, test } from "vitest";
import { bytes, duration, short } from "../../site/parts/format.ts";
import { centred, SIDE, stroke } from "../../site/parts/ink.ts";
import { align, thin } from "../../site/parts/series.ts";

test("series lie over the union of their steps", () => {
  const a = [1, 3].map((step) => ({ step, value: step / 10 }));
  const b = [2, 3].map((step) => ({ step, value: step }));
  expect(align([a, b, []])).toEqual({
    steps: [1, 2, 3],
    values: [
      [0.1, null, 0.3],
      [null, 2, 3],
      [null, null, null],
    ],
  });
});

test("many points are thinned to means that keep the last step; NaN is left out", () => {
  const points = Array.from({ length: 1000 }, (_, i) => ({ step: i + 1, value: i % 2 }));
  const few = thin(points, 300);
  expect(few).toHaveLength(250);
  expect(few.at(-1)).toEqual({ step: 1000, value: 0.5 });
  expect(thin([{ step: 1, value: Number.NaN }, ...points.slice(1, 3)], 10)).toEqual(points.slice(1, 3));
  expect(thin([], 10)).toEqual([]);
});

test("a stroke leaves ink along its line and nowhere far from it", () => {
  const pixels = new Uint8Array(SIDE * SIDE);
  stroke(pixels, 4.5, 10.5, 20.5, 10.5);
  for (let x = 4; x <= 20; x++) expect(pixels[10 * SIDE + x]).toBe(255);
  expect(pixels[14 * SIDE + 10]).toBe(0);
  const before = pixels.slice();
  stroke(pixels, -50, -50, -40, -40); // outside: nothing
  expect(pixels).toEqual(before);
});

test("a drawing is moved so that its mass lies in the middle; an empty one stays empty", () => {
  const pixels = new Uint8Array(SIDE * SIDE);
  stroke(pixels, 3, 3, 3, 9);
  const moved = centred(pixels);
  let [mass, mx, my] = [0, 0, 0];
  moved.forEach((v, i) => {
    mass += v;
    mx += v * ((i % SIDE) + 0.5);
    my += v * (Math.floor(i / SIDE) + 0.5);
  });
  expect(Math.abs(mx / mass - 14)).toBeLessThanOrEqual(0.5);
  expect(Math.abs(my / mass - 14)).toBeLessThanOrEqual(0.5);
  expect(centred(new Uint8Array(SIDE * SIDE)).every((v) => v === 0)).toBe(true);
});

test("numbers in words", () => {
  expect([bytes(12), bytes(2048), bytes(35 * 2 ** 20)]).toEqual(["12 bytes", "2.00 KiB", "35.0 MiB"]);
  expect([duration(4.2), duration(200), duration(7500)]).toEqual(["5 s", "3 min 20 s", "2 h 5 min"]);
  expect([short(0.31234), short(0), short(1e-7), short(Number.NaN)]).toEqual([
    "0.312",
    "0",
    "1.00e-7",
    "NaN",
  ]);
});
