// One head, T1-weighted MRI at 1 mm (ch2, "Colin 27": Holmes et al. 1998), and the same with all but the brain removed by BET
// (ch2bet), as axial slices with brain masks. Blocks of slices are held out in turn; neighbouring slices are too alike for
// anything finer.
import { FormatError } from "../../gpu/errors.ts";
import type { Inflate } from "../formats/gzip.ts";
import { readNifti } from "../formats/nifti.ts";
import { halve } from "../transforms/halve.ts";
import type { DataSource } from "./files.ts";

const FILES = {
  "ch2.nii.gz": "a009051127f64dc3dd554d5f5b589870ea72106d9642c21b4e7093e478cfc309",
  "ch2bet.nii.gz": "592a2d20abdf36eefcb540ca8958428040edffc1bc1a18ba1dcfbabac77c5dd1",
} as const;

export const BRAIN_SOURCE: DataSource = {
  folder: "mricron",
  system: "/usr/share/mricron/templates",
  help: (file) =>
    `get it with: apt install mricron-data (https://packages.debian.org/mricron-data); or put it (SHA-256 ${FILES[file as keyof typeof FILES] ?? "unknown"}) into data/mricron`,
};

/** Millimetres of a block along the axis of the body. */
export const BLOCK_MM = 24;
/** Both sides are filled up to a multiple of this: a U-Net halves them up to four times. */
const MULTIPLE = 16;

export interface BrainSlices {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** f32 [count, height, width] of 2 x 2 mm pixels, from below upwards, in the units of the file; nose up. */
  readonly images: Float32Array;
  /** [count, height, width], 1 where half of the pixel or more is brain. */
  readonly masks: Uint8Array;
  /** Slices of the first, third, ... block, and of the others, which are held out. */
  readonly training: readonly number[];
  readonly heldOut: readonly number[];
  /** First slice and end of each held-out block. */
  readonly blocks: readonly (readonly [from: number, to: number])[];
  /** Of the pixels of the training slices. */
  readonly mean: number;
  readonly std: number;
}

/**
 * Reads both volumes. Pixels are halved in the plane and filled up with background on all sides.
 *
 * @throws FormatError if the volumes differ in size, are not of 1 mm or not RAS, hold NaN, or a part of the split has no brain
 */
export async function loadBrain(
  read: (file: string) => Promise<Uint8Array>,
  options: { inflate?: Inflate } = {},
): Promise<BrainSlices> {
  const volume = async (name: keyof typeof FILES) => readNifti(await read(name), { name, ...options });
  const [head, brain] = [await volume("ch2.nii.gz"), await volume("ch2bet.nii.gz")];
  for (const { shape, voxel, orientation } of [head, brain]) {
    const same = shape.length === 3 && shape.every((s, i) => s === head.shape[i]) && shape[0]! > BLOCK_MM;
    if (!same || orientation !== "RAS" || voxel.some((mm) => Math.abs(mm - 1) > 1e-3))
      throw new FormatError(
        `loadBrain: needs two volumes of one size, RAS, 1 mm, got [${shape}], ${orientation}, [${voxel}] mm`,
      );
  }
  checkNumbers("ch2.nii.gz", head.data);
  checkNumbers("ch2bet.nii.gz", brain.data);
  const sizes = head.shape as [number, number, number];
  const images = framed(halve(head.data, sizes), sizes);
  const share = framed(
    halve(
      brain.data.map((v) => (v > 0 ? 1 : 0)),
      sizes,
    ),
    sizes,
  );
  const masks = Uint8Array.from(share.data, (v) => (v >= 0.5 ? 1 : 0));
  const { height, width } = images;
  return {
    count: sizes[0],
    height,
    width,
    images: images.data,
    masks,
    ...split(images.data, masks, sizes[0]),
  };
}

function checkNumbers(name: string, data: Float32Array): void {
  const at = data.findIndex((v) => !Number.isFinite(v));
  if (at >= 0) throw new FormatError(`loadBrain: ${name} holds ${data[at]} at voxel ${at}`);
}

/** Planes in the middle of larger ones of 0, turned upside down: the file's rows run from the back of the head to the nose. */
function framed(data: Float32Array, [count, fullH, fullW]: readonly [number, number, number]) {
  const [h, w] = [Math.floor(fullH / 2), Math.floor(fullW / 2)];
  const [height, width] = [h, w].map((s) => Math.ceil(s / MULTIPLE) * MULTIPLE) as [number, number];
  const [top, left] = [(height - h) >> 1, (width - w) >> 1];
  const out = new Float32Array(count * height * width);
  for (let z = 0; z < count; z++)
    for (let y = 0; y < h; y++) {
      const row = data.subarray((z * h + y) * w, (z * h + y + 1) * w);
      out.set(row, (z * height + top + h - 1 - y) * width + left);
    }
  return { data: out, height, width };
}

function split(images: Float32Array, masks: Uint8Array, count: number) {
  const all = Array.from({ length: count }, (_, z) => z);
  const odd = (z: number) => Math.floor(z / BLOCK_MM) % 2 === 1;
  const [training, heldOut] = [all.filter((z) => !odd(z)), all.filter(odd)];
  const starts = heldOut.filter((z) => z % BLOCK_MM === 0);
  const blocks = starts.map((from) => [from, Math.min(from + BLOCK_MM, count)] as const);
  const plane = masks.length / count;
  for (const part of [training, heldOut]) {
    if (!part.some((z) => masks.subarray(z * plane, (z + 1) * plane).includes(1)))
      throw new FormatError("loadBrain: a part of the split has no brain in it");
  }
  let [sum, squares] = [0, 0];
  for (const z of training)
    for (const v of images.subarray(z * plane, (z + 1) * plane)) {
      sum += v;
      squares += v * v;
    }
  const mean = sum / (training.length * plane);
  const std = Math.sqrt(squares / (training.length * plane) - mean * mean);
  if (!(std > 0)) throw new FormatError("loadBrain: the image is the same everywhere");
  return { training, heldOut, blocks, mean, std };
}
