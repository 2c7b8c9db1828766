// Arithmetic of the microscope: receptive fields against numeric perturbation, windows against a convolution, layouts, addresses.

import { describe, expect, it } from "vitest";
import { checkLayers, PRESETS, parseLayers, type SampleShape } from "../../site/engine/layers.ts";
import { fieldOn } from "../../site/engine/receptive_field.ts";
import { pictureOf, pictureText, turned } from "../../site/pages/microscope/picture_query.ts";
import { cellOf, cellsOf, indexOf, placeOf, viewOf } from "../../site/pages/microscope/view.ts";
import { lookThrough, nextPosition } from "../../site/pages/microscope/windows.ts";

const input = [1, 28, 28];
const network = (text: string) => {
  const layers = parseLayers(text);
  const shapes: SampleShape[] = [input, ...checkLayers(layers, input, 10).layers.map((c) => c.output!)];
  return { layers, shapes };
};
const lenet = network(PRESETS.lenet!);
const field = (layer: number, index: number[], target?: number) =>
  fieldOn(lenet.layers, lenet.shapes, layer, index, target);

describe("receptive field", () => {
  it("of the input is the element", () => {
    expect(field(-1, [0, 3, 4])).toEqual({ top: 3, left: 4, bottom: 4, right: 5 });
  });
  it("of a convolution is its window, clipped at the edge", () => {
    expect(field(0, [2, 10, 20])).toEqual({ top: 8, left: 18, bottom: 13, right: 23 });
    expect(field(0, [2, 0, 27])).toEqual({ top: 0, left: 25, bottom: 3, right: 28 });
  });
  it("grows through pooling and the second convolution", () => {
    // pool cell 5: rows 10, 11 of the convolution: rows 8..13 of the input
    expect(field(2, [0, 5, 5])).toEqual({ top: 8, left: 8, bottom: 14, right: 14 });
    // conv 2 at 5: pool cells 3..7: rows 6..15: 4..17
    expect(field(3, [0, 5, 5])).toEqual({ top: 4, left: 4, bottom: 18, right: 18 });
    expect(field(3, [0, 5, 5], 2)).toEqual({ top: 3, left: 3, bottom: 8, right: 8 });
  });
  it("goes back through flatten by the element, through linear to everything", () => {
    // feature 50 of [32, 7, 7]: channel 1, row 0, column 1
    expect(field(6, [50])).toEqual(field(5, [1, 0, 1]));
    expect(field(7, [3])).toEqual({ top: 0, left: 0, bottom: 28, right: 28 });
  });
  it("has strides", () => {
    const { layers, shapes } = network("conv 4 k3 s2 p1, flatten, linear 10");
    expect(fieldOn(layers, shapes, 0, [0, 4, 0])).toEqual({ top: 7, left: 0, bottom: 10, right: 2 });
  });
});

describe("window", () => {
  const conv = { kind: "conv", channels: 2, kernel: 3, stride: 2, padding: 1 } as const;
  const x = { shape: [2, 5, 5], values: Float32Array.from({ length: 50 }, (_, i) => ((i * 7) % 11) - 5) };
  const weight = {
    shape: [2, 2, 3, 3],
    values: Float32Array.from({ length: 36 }, (_, i) => (((i * 5) % 13) - 6) / 8),
  };
  const layer = { weight, bias: Float32Array.of(0.5, -0.25) };

  it("sums to the convolution", () => {
    const seen = lookThrough(conv, x, layer, { map: 1, y: 0, x: 2 }, 0);
    let expected = -0.25;
    for (let c = 0; c < 2; c++)
      for (let u = 0; u < 3; u++)
        for (let v = 0; v < 3; v++) {
          const [y, z] = [u - 1, 2 * 2 + v - 1];
          if (y >= 0 && z < 5)
            expected += weight.values[18 + 9 * c + 3 * u + v] * x.values[25 * c + 5 * y + z];
        }
    expect(seen.result).toBeCloseTo(expected, 6);
    expect(seen).toMatchObject({ top: -1, left: 3 });
    expect(seen.products!.reduce((a, b) => a + b, 0)).toBeCloseTo(seen.channelSum, 5);
    expect([...seen.patch.subarray(0, 3)]).toEqual([0, 0, 0]); // padding
  });

  it("pools", () => {
    const at = { map: 1, y: 1, x: 0 };
    const none = { weight: null, bias: null };
    const patch = [35, 36, 40, 41].map((i) => x.values[i]);
    expect(lookThrough({ kind: "maxpool", kernel: 2 }, x, none, at, 1).result).toBe(Math.max(...patch));
    const mean = lookThrough({ kind: "avgpool", kernel: 2 }, x, none, at, 1).result;
    expect(mean).toBeCloseTo(patch.reduce((a, b) => a + b) / 4, 6);
  });

  it("slides over every place once and begins again", () => {
    let at = { map: 1, y: 0, x: 0 };
    const seen = new Set<string>();
    for (let i = 0; i < 12; i++) {
      seen.add(`${at.y},${at.x}`);
      at = nextPosition(at, [2, 3, 4]);
    }
    expect(seen.size).toBe(12);
    expect(at).toEqual({ map: 1, y: 0, x: 0 });
  });
});

describe("layout", () => {
  it("keeps pictures, keeps a flattened picture's layout, draws few numbers as bars", () => {
    expect(viewOf([8, 14, 14])).toMatchObject({ maps: 8, height: 14, width: 14, bars: false });
    expect(viewOf([1568], [32, 7, 7])).toMatchObject({ maps: 32, height: 7, width: 7, bars: false });
    expect(viewOf([10])).toMatchObject({ maps: 1, height: 1, width: 10, bars: true });
  });
  it("wraps many numbers into rows, the last one partly empty", () => {
    const view = viewOf([199]);
    expect(view).toMatchObject({ height: 10, width: 20, count: 199 });
    const cells = cellsOf(new Float32Array(199), view);
    expect(cells.length).toBe(200);
    expect(cells.findIndex(Number.isNaN)).toBe(199);
  });
  it("place, cell and index belong together", () => {
    const view = viewOf([32, 7, 7]);
    for (const place of [0, 48, 49, 1567]) expect(placeOf(view, cellOf(view, place))).toBe(place);
    expect(indexOf([32, 7, 7], view, cellOf(view, 50))).toEqual([1, 0, 1]);
    expect(indexOf([1568], view, cellOf(view, 50))).toEqual([50]);
  });
});

describe("picture in the address", () => {
  it("is read, written, and the first one stands in for nonsense", () => {
    expect(pictureOf("train:12")).toEqual({ part: "train", index: 12 });
    for (const bad of [null, "moon:1", "test:-3", "test:12345678"])
      expect(pictureOf(bad)).toEqual({ part: "test", index: 0 });
    expect(pictureText({ part: "test", index: 3 })).toBe("test:3");
    expect(pictureText({ part: "test", index: 0 })).toBeNull();
  });
  it("turns round", () => {
    expect(turned({ part: "test", index: 0 }, -1, 1000)).toEqual({ part: "test", index: 999 });
    expect(turned({ part: "test", index: 999 }, 1, 1000)).toEqual({ part: "test", index: 0 });
  });
});
