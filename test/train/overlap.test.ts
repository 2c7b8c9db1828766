// Dice and IoU of masks, what labels of neighbours and a threshold reach on made-up images, and the overlays of the report.
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/gpu/errors.ts";
import { neighbourMasks } from "../../src/train/baselines/neighbour_masks.ts";
import { below, bestThreshold } from "../../src/train/baselines/threshold.ts";
import { diceOf, iouOf, overlap, overlaps, pooled } from "../../src/train/metrics/overlap.ts";
import { type Overlay, outlined, overlaySection } from "../../src/train/report/overlays.ts";

describe("overlap", () => {
  test("Dice is the F1 score, IoU = Dice / (2 - Dice)", () => {
    const part = overlap([1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0]); // tp 2, fp 1, fn 2
    expect(part).toEqual({ predicted: 3, truth: 4, both: 2 });
    const [precision, recall] = [2 / 3, 2 / 4];
    expect(diceOf(part)).toBeCloseTo((2 * precision * recall) / (precision + recall), 12);
    expect(iouOf(part)).toBeCloseTo(2 / 5, 12);
    expect(iouOf(part)).toBeCloseTo(diceOf(part) / (2 - diceOf(part)), 12);
  });

  test("nothing to find: 1 if nothing was marked, else 0", () => {
    expect([diceOf(overlap([0, 0], [0, 0])), iouOf(overlap([0], [0]))]).toEqual([1, 1]);
    expect([diceOf(overlap([1, 0], [0, 0])), iouOf(overlap([1], [0]))]).toEqual([0, 0]);
  });

  test("planes one by one and together; sizes that differ are refused", () => {
    const parts = overlaps(Uint8Array.of(1, 0, 1, 1), Uint8Array.of(1, 1, 0, 1), 2);
    expect(parts.map(diceOf)).toEqual([2 / 3, 2 / 3]);
    expect(pooled(parts)).toEqual(overlap([1, 0, 1, 1], [1, 1, 0, 1]));
    expect(() => overlap([1], [1, 0])).toThrow(ShapeError);
    expect(() => overlaps(new Uint8Array(3), new Uint8Array(3), 2)).toThrow(ShapeError);
  });
});

test("neighbourMasks: linear between the neighbours, from half on; beyond the stack nothing", () => {
  // Two pixels: the first marked below the block only, the second above it only; the third on both sides.
  const masks = Uint8Array.of(1, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 1, 1);
  const between = neighbourMasks({ count: 5, masks }, [1, 4]);
  expect([...between]).toEqual([1, 0, 1, 1, 1, 1, 0, 1, 1]);
  expect([...neighbourMasks({ count: 2, masks: Uint8Array.of(1, 1) }, [1, 2])]).toEqual([1]);
  expect([...neighbourMasks({ count: 3, masks: Uint8Array.of(1, 1, 1) }, [1, 3])]).toEqual([1, 0]);
});

describe("bestThreshold", () => {
  test("finds the value that parts dark masks from light ground", () => {
    const x = Float32Array.of(0, 1, 2, 3, 7, 8, 9, 10);
    const best = bestThreshold(x, Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0));
    expect(best.dice).toBe(1);
    expect([...below(x, best)]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test("no threshold is better, on values that overlap", () => {
    const x = Float32Array.from({ length: 200 }, (_, i) => ((i * 7919) % 97) + (i % 3 === 0 ? 0 : 30));
    const masks = Uint8Array.from(x, (_, i) => (i % 3 === 0 ? 1 : 0));
    const best = bestThreshold(x, masks);
    expect(best.dice).toBeCloseTo(diceOf(overlap(below(x, best), masks)), 12);
    for (const value of x) {
      const dice = diceOf(overlap(below(x, { value: value + 0.01, dice: 0 }), masks));
      expect(dice).toBeLessThanOrEqual(best.dice + 1e-12);
    }
  });

  test("a constant image: all or nothing", () => {
    expect(bestThreshold(new Float32Array(4), Uint8Array.of(1, 0, 0, 1)).dice).toBeCloseTo(2 / 3);
  });
});

describe("overlays", () => {
  const overlay: Overlay = {
    name: "slice <7>",
    width: 4,
    height: 3,
    image: Float32Array.from({ length: 12 }, (_, i) => i - 5),
    truth: Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    prediction: Uint8Array.of(0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    overlap: { predicted: 2, truth: 2, both: 1 },
  };

  test("outlines run inside the masks, white where both do", () => {
    const rgb = outlined(overlay, 3);
    const at = (x: number, y: number) => [...rgb.subarray((y * 12 + x) * 3, (y * 12 + x) * 3 + 3)];
    expect(at(0, 1)).toEqual([86, 180, 233]); // left border of the truth
    expect(at(1, 1)).toEqual([0, 0, 0]); // within it
    expect(at(8, 1)).toEqual([240, 148, 30]); // right border of the prediction
    expect(at(4, 0)).toEqual([255, 255, 255]); // upper border of both
    expect(at(5, 1)).toEqual([86, 180, 233]); // the truth ends within the prediction
    expect(at(11, 8)).toEqual([255, 255, 255]); // the lightest pixel
  });

  test("the section names its pictures and says their Dice", () => {
    const html = overlaySection({ id: "o", title: "A & B", text: "t", overlays: [overlay], size: 11 });
    expect(html).toContain("A &amp; B");
    expect(html).toContain("slice &lt;7&gt;</b>: Dice 0.5 <small>IoU 0.333");
    const png = html.match(/base64,([^"]+)"/)![1]!;
    expect(decode(Buffer.from(png, "base64"))).toMatchObject({ width: 12, height: 9, channels: 3 });
    expect(overlaySection({ id: "o", title: "t", text: "t", overlays: [] })).not.toContain("<img");
  });
});
