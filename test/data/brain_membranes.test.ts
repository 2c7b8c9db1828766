// The two segmentation sets: made-up files of their form, wrong ones, and the real ones where they are.
import { encode } from "fast-png";
import { gunzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { BRAIN_SOURCE, loadBrain } from "../../src/data/sets/brain.ts";
import { dataReader } from "../../src/data/sets/files.ts";
import { loadMembranes, MEMBRANES_SOURCE } from "../../src/data/sets/membranes.ts";
import { halve } from "../../src/data/transforms/halve.ts";
import { FormatError } from "../../src/gpu/errors.ts";
import { neighbourMasks } from "../../src/train/baselines/neighbour_masks.ts";
import { below, bestThreshold } from "../../src/train/baselines/threshold.ts";
import { diceOf, overlap, pooled } from "../../src/train/metrics/overlap.ts";
import { missing } from "../recipes/memory_files.ts";
import { nifti1, type Parts } from "./nifti_file.ts";

test("halve: means of 2 x 2, odd rows and columns left out", () => {
  expect([...halve([0, 1, 9, 2, 5, 9, 9, 9, 9], [1, 3, 3])]).toEqual([2]);
  expect([...halve([1, 1, 2, 2, 1, 1, 2, 6], [1, 2, 4])]).toEqual([1, 3]);
});

describe("loadBrain", () => {
  const [nx, ny, nz] = [5, 7, 60];
  const volume = (value: (x: number, y: number, z: number) => number, more: Parts = {}) =>
    nifti1({
      dims: [3, nx, ny, nz],
      pixdim: [1, 1, 1, 1],
      sform: [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
      ],
      bytes: nx * ny * nz,
      write: (view, at) => {
        for (let i = 0; i < nx * ny * nz; i++)
          view.setUint8(at + i, value(i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))));
      },
      ...more,
    });
  const head = volume((x, y, z) => 10 + x + y + z);
  const reader = (a: Uint8Array, b: Uint8Array) => async (file: string) => (file === "ch2.nii.gz" ? a : b);
  // The left two columns are brain, at the nose only.
  const bet = volume((x, y) => (x < 2 && y >= 4 ? 9 : 0));

  test("halved, filled up, nose up; blocks of 24 in turn", async () => {
    const brain = await loadBrain(reader(head, bet));
    expect([brain.count, brain.height, brain.width]).toEqual([60, 16, 16]);
    expect(brain.training.length).toBe(36);
    expect(brain.heldOut).toEqual(Array.from({ length: 24 }, (_, i) => 24 + i));
    expect(brain.blocks).toEqual([[24, 48]]);
    const at = (z: number, y: number, x: number) => (z * 16 + y) * 16 + x;
    // 3 rows and 2 columns from (6, 7) on; the first row is the nose, y 4 and 5 of the file.
    expect(brain.images[at(2, 6, 7)]).toBe(10 + 0.5 + 4.5 + 2);
    expect(brain.images[at(2, 8, 8)]).toBe(10 + 2.5 + 0.5 + 2);
    expect(brain.images[at(2, 5, 7)]).toBe(0);
    const marks = [...brain.masks.subarray(at(2, 0, 0), at(3, 0, 0))];
    expect(marks.flatMap((m, i) => (m ? [i] : []))).toEqual([6 * 16 + 7]);
    const pixels = brain.training.flatMap((z) => [...brain.images.subarray(at(z, 0, 0), at(z + 1, 0, 0))]);
    const mean = pixels.reduce((a, b) => a + b, 0) / pixels.length;
    expect(brain.mean).toBeCloseTo(mean, 6);
    expect(brain.std).toBeCloseTo(
      Math.sqrt(pixels.reduce((a, b) => a + (b - mean) ** 2, 0) / pixels.length),
      6,
    );
  });

  test("refused: other sizes, another grid, NaN, no brain in a part", async () => {
    const refused = async (a: Uint8Array, b: Uint8Array, message: RegExp) => {
      await expect(loadBrain(reader(a, b))).rejects.toThrow(FormatError);
      await expect(loadBrain(reader(a, b))).rejects.toThrow(message);
    };
    await refused(
      head,
      volume(() => 1, { dims: [3, nx, nz, ny] }),
      /two volumes of one size, RAS, 1 mm, got \[7,60,5\]/,
    );
    const thick = volume(() => 1, { pixdim: [1, 1, 1, 2] });
    await refused(thick, bet, /\[1,1,2\] mm/);
    const left = volume(() => 1, {
      sform: [
        [-1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
      ],
    });
    await refused(head, left, /LAS/);
    const nan = volume(() => 0, {
      type: 16,
      bits: 32,
      bytes: 4 * nx * ny * nz,
      write: (view, at) => view.setFloat32(at + 4 * 77, Number.NaN, true),
    });
    await refused(nan, bet, /ch2.nii.gz holds NaN at voxel 77/);
    await refused(
      head,
      volume((_x, _y, z) => (z < 24 ? 1 : 0)),
      /no brain/,
    );
    await refused(
      volume(() => 0),
      bet,
      /the same everywhere/,
    );
    await refused(head.subarray(0, 1000), bet, /ch2.nii.gz .*truncated/);
  });
});

describe("loadMembranes", () => {
  const image = Uint8Array.from({ length: 16 }, (_, i) => 10 * i);
  const label = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 0 : 255));
  const png = (data: Uint8Array, width = 4) =>
    encode({ width, height: data.length / width, data, channels: 1 });
  const reader = (files: Record<string, Uint8Array>) => async (file: string) => files[file]!;

  test("half the size, each slice standardised, black is membrane", async () => {
    const files = {
      "image0.png": png(image),
      "label0.png": png(label),
      "image1.png": png(label),
      "label1.png": png(label),
    };
    const slices = await loadMembranes(reader(files), 2);
    expect([slices.count, slices.height, slices.width]).toEqual([2, 2, 2]);
    expect([...slices.masks]).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    const grey = [25, 45, 105, 125];
    const std = Math.sqrt(grey.reduce((s, v) => s + (v - 75) ** 2, 0) / 4);
    for (const [i, v] of grey.entries()) expect(slices.images[i]).toBeCloseTo((v - 75) / std, 5);
    expect([...slices.images.slice(4)].map((v) => Math.round(v))).toEqual([-1, 1, -1, 1]);
  });

  test("refused: sizes that differ or are odd, labels that are no mask, a blank slice", async () => {
    const refused = async (a: Uint8Array, b: Uint8Array, message: RegExp) => {
      const load = () => loadMembranes(reader({ "image0.png": a, "label0.png": b }), 1);
      await expect(load()).rejects.toThrow(FormatError);
      await expect(load()).rejects.toThrow(message);
    };
    await refused(png(image), png(label.subarray(0, 8)), /label0.png must have the even size of image0.png/);
    await refused(png(image.subarray(0, 12)), png(label.subarray(0, 12)), /even size/);
    await refused(png(image), png(image), /black and white, has 10/);
    await refused(png(image), png(label.map(() => 255)), /one class alone/);
    await refused(png(label.map(() => 7)), png(label), /image0.png is the same everywhere/);
    await refused(png(image).subarray(0, 30), png(label), /image0.png is truncated/);
    const two = {
      "image0.png": png(image),
      "label0.png": png(label),
      "image1.png": png(image.subarray(0, 8)),
      "label1.png": png(label.subarray(0, 8)),
    };
    await expect(loadMembranes(reader(two), 2)).rejects.toThrow(/one size, slice 1 \[1,2\]/);
  });
});

const noBrain = await missing(BRAIN_SOURCE, "ch2.nii.gz");
describe.skipIf(noBrain)("the real head", () => {
  test("sizes, and what labels of neighbouring slices reach", { timeout: 60_000 }, async () => {
    const brain = await loadBrain(dataReader(BRAIN_SOURCE), { inflate: gunzipSync });
    expect([brain.count, brain.height, brain.width]).toEqual([181, 112, 96]);
    expect(brain.blocks).toEqual([
      [24, 48],
      [72, 96],
      [120, 144],
      [168, 181],
    ]);
    const plane = brain.height * brain.width;
    const parts = brain.blocks.map((block) =>
      overlap(neighbourMasks(brain, block), brain.masks.subarray(block[0] * plane, block[1] * plane)),
    );
    expect(diceOf(pooled(parts))).toBeCloseTo(0.9174, 4);
  });
});

const noMembranes = await missing(MEMBRANES_SOURCE, "image0.png");
describe.skipIf(noMembranes)("the real membranes", () => {
  test("sizes, and what one threshold reaches", { timeout: 60_000 }, async () => {
    const slices = await loadMembranes(dataReader(MEMBRANES_SOURCE));
    expect([slices.count, slices.height, slices.width]).toEqual([24, 256, 256]);
    const end = 20 * 256 * 256;
    const threshold = bestThreshold(slices.images.subarray(0, end), slices.masks.subarray(0, end));
    const dark = below(slices.images.subarray(end), threshold);
    expect(diceOf(overlap(dark, slices.masks.subarray(end)))).toBeCloseTo(0.577, 3);
  });
});
