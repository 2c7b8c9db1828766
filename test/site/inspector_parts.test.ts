// Pure parts of the Inspector's panel and of the weights of the microscope: names to elements, numbers to text, cells to indices.

import { describe, expect, it } from "vitest";
import { checkLayers, PRESETS, parseLayers } from "../../site/engine/layers.ts";
import type { ElementRef, LayerMap } from "../../site/engine/protocol.ts";
import { viewOf } from "../../site/pages/microscope/view.ts";
import { weightIndex, weightView } from "../../site/pages/microscope/weights.ts";
import { elementOf, refText } from "../../site/parts/inspector/links.ts";
import { bytes, exact, short, time } from "../../site/parts/inspector/numbers.ts";

const layers = parseLayers(PRESETS.lenet!);
const input = [1, 28, 28];
const shapes = [input, ...checkLayers(layers, input, 10).layers.map((l) => l.output!)];
const open = (name: string, ref: ElementRef, side: "why" | "back") =>
  elementOf(name, ref, side, layers, shapes);
const output = (layer: number, ...index: number[]): ElementRef => ({ layer, tensor: "output", index });

describe("links", () => {
  it("why: x is the layer's input, w and b are its parameters", () => {
    const ref = output(3, 0, 5, 6, 7);
    expect(open("x[0,1,6,7]", ref, "why")).toEqual(output(2, 0, 1, 6, 7));
    expect(open("w[5,1,0,0]", ref, "why")).toEqual({ layer: 3, tensor: "weight", index: [5, 1, 0, 0] });
    expect(open("b[5]", ref, "why")).toEqual({ layer: 3, tensor: "bias", index: [5] });
  });
  it("back of an output: names are those of the next layer that computes", () => {
    expect(open("dy[0,1,6,7]", output(0, 0, 1, 6, 7), "back")).toEqual(output(1, 0, 1, 6, 7));
    // maxpool (5), flatten (6), linear (7): flatten computes nothing
    expect(open("dy[0,3]", output(5, 0, 1, 2, 3), "back")).toEqual(output(7, 0, 3));
    expect(open("w[3,50]", output(5, 0, 1, 0, 1), "back")).toEqual({
      layer: 7,
      tensor: "weight",
      index: [3, 50],
    });
  });
  it("back of a parameter: names are those of its own layer", () => {
    const ref: ElementRef = { layer: 3, tensor: "weight", index: [0, 0, 0, 0] };
    expect(open("dy[2,0,1,1]", ref, "back")).toEqual(output(3, 2, 0, 1, 1));
    expect(open("x[2,0,1,1]", ref, "back")).toEqual(output(2, 2, 0, 1, 1));
  });
  it("of the loss: a sample's log-sum, and the outputs that it is made of", () => {
    const loss = output(layers.length);
    expect(open("-log p[3,7], p = 0.1234", loss, "why")).toEqual(output(layers.length, 3));
    expect(open("p[3,7]", output(layers.length - 1, 3, 7), "back")).toEqual(output(layers.length, 3));
    const sample = output(layers.length, 3);
    expect(open("e^(x[3,7] - 2.5)", sample, "why")).toEqual(output(layers.length - 1, 3, 7));
    expect(open("e^(x[3,7] - -2.5e-7)", sample, "why")).toEqual(output(layers.length - 1, 3, 7));
    expect([refText(loss), refText(sample)]).toEqual(["loss", "loss of sample 3"]);
  });
  it("what is no element is no link", () => {
    for (const name of ["1", "0 (padding -1,0)", "mask[0,1]", "x[0,1]", "1/4"])
      expect(open(name, output(3, 0, 5, 6, 7), "why")).toBeNull();
  });
  it("are named in words", () => {
    expect(refText(output(-1, 0, 0, 3, 4))).toBe("input[0, 0, 3, 4]");
    expect(refText(output(2, 0, 1))).toBe("layer 3 output[0, 1]");
  });
});

describe("numbers", () => {
  it("have the digits of f32", () => {
    expect(exact(Math.fround(0.1))).toBe("0.1");
    expect(exact(-8.205043e-8)).toBe("-8.205043e-8");
    expect(exact(0)).toBe("0");
    expect(exact(Number.NaN)).toBe("NaN");
    expect(short(1234.567)).toBe("1235");
    expect(short(2.5e7)).toBe("2.5e7");
  });
  it("have units", () => {
    expect(time(12.34)).toBe("12.34 µs");
    expect(time(271_000)).toBe("271 ms");
    expect(bytes(1536)).toBe("1.5 KiB");
  });
});

describe("weights", () => {
  const map = (shape: number[]): LayerMap => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i);
    const weight = { shape, values };
    return { layer: 0, text: "", shape: [], values, weight, bias: null };
  };
  it("filters: a row for each output, a tile for each channel", () => {
    const shown = weightView(map([4, 3, 5, 5]), viewOf([3, 8, 8]), 0)!;
    expect(shown).toMatchObject({ columns: 3, view: { maps: 12, height: 5, width: 5 } });
    expect(weightIndex([4, 3, 5, 5], shown, { map: 7, y: 2, x: 4 })).toEqual([2, 1, 2, 4]);
  });
  it("of many filters those of one output", () => {
    const shown = weightView(map([64, 32, 3, 3]), viewOf([32, 8, 8]), 63)!;
    expect(shown.view.maps).toBe(32);
    const index = weightIndex([64, 32, 3, 3], shown, { map: 1, y: 0, x: 2 })!;
    expect(index).toEqual([63, 1, 0, 2]);
    expect(shown.values[9 + 2]).toBe(((63 * 32 + 1) * 3 + 0) * 3 + 2);
  });
  it("of a linear layer a row, laid out as its input", () => {
    const shown = weightView(map([10, 1568]), viewOf([1568], [32, 7, 7]), 3)!;
    expect(weightIndex([10, 1568], shown, { map: 1, y: 0, x: 1 })).toEqual([3, 50]);
  });
  it("empty cells have no index", () => {
    const shown = weightView(map([2, 199]), viewOf([199]), 1)!;
    expect(weightIndex([2, 199], shown, { map: 0, y: 9, x: 19 })).toBeNull();
  });
});
