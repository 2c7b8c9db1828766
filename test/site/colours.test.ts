// Colour tables order by lightness, and stay apart for eyes without one kind of cone.

import { describe, expect, it } from "vitest";
import { colourOf, paint, scaleOf, TABLES } from "../../site/parts/colours.ts";

const linear = (byte: number) => {
  const v = byte / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
};
const luminance = (table: Uint8Array, i: number) =>
  0.2126 * linear(table[3 * i]) + 0.7152 * linear(table[3 * i + 1]) + 0.0722 * linear(table[3 * i + 2]);

describe("colour tables", () => {
  it.each(["sequential", "grey"] as const)("%s: luminance rises all the way", (name) => {
    for (let i = 8; i < 256; i += 8)
      expect(luminance(TABLES[name], i)).toBeGreaterThan(luminance(TABLES[name], i - 8));
  });

  it("diverging: lightest in the middle, about equal at equal distance, and blue against orange", () => {
    const table = TABLES.diverging;
    for (let d = 16; d < 128; d += 16) {
      const [below, above] = [luminance(table, 127 - d), luminance(table, 128 + d)];
      expect(below).toBeLessThan(luminance(table, 127 - d + 16));
      expect(above).toBeLessThan(luminance(table, 128 + d - 16));
      expect(Math.abs(below - above)).toBeLessThan(0.08);
    }
    // Blue against red tells the arms apart for protanopes and deuteranopes, whose blue cones see as others' do.
    for (const d of [40, 80, 120]) {
      expect(table[3 * (127 - d) + 2] - table[3 * (127 - d)]).toBeGreaterThan(40);
      expect(table[3 * (128 + d)] - table[3 * (128 + d) + 2]).toBeGreaterThan(40);
    }
  });
});

describe("scale and paint", () => {
  it("starts at 0 without negative values, is symmetric with them", () => {
    expect(scaleOf([0, 2, 1])).toEqual({ low: 0, high: 2, table: "sequential" });
    expect(scaleOf([-3, 2])).toEqual({ low: -3, high: 3, table: "diverging" });
    expect(scaleOf([0, 0])).toEqual({ low: 0, high: 1, table: "sequential" });
  });

  it("paints ends of the table at and beyond the ends of the range, and nothing for NaN", () => {
    const rgba = new Uint8ClampedArray(16);
    paint([-9, 0, 9, Number.NaN], { low: -1, high: 1, table: "grey" }, rgba);
    expect([...rgba.slice(0, 4)]).toEqual([0, 0, 0, 255]);
    expect([...rgba.slice(8, 12)]).toEqual([255, 255, 255, 255]);
    expect(rgba[15]).toBe(0);
    expect(colourOf(1, { low: 0, high: 1, table: "grey" })).toBe("rgb(255 255 255)");
    expect(colourOf(Number.NaN, { low: 0, high: 1, table: "grey" })).toBe("transparent");
  });
});
