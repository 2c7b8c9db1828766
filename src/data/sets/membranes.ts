// ISBI 2012: slices of a fly's nerve cord under the electron microscope, 512x512 at 4 nm, with the membranes of its cells drawn
// by hand (Arganda-Carreras et al. 2015; Cardona et al. 2010), the first task of the U-Net. Here at half the resolution.
import { FormatError } from "../../gpu/errors.ts";
import { readGreyPng } from "../formats/png.ts";
import { halve } from "../transforms/halve.ts";
import type { DataSource } from "./files.ts";

/** Slices 0 to 19 train, 20 to 23 are held out. */
export const MEMBRANE_SLICES = { training: 20, all: 24 };

export const MEMBRANES_SOURCE: DataSource = {
  folder: "isbi2012",
  help: (file) =>
    `get the training stack of the challenge at https://imagej.net/events/isbi-2012-segmentation-challenge (free for research), save its slices as image0.png, label0.png, ..., and put ${file} into data/isbi2012`,
};

export interface MembraneSlices {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** f32 [count, height, width]: each slice with mean 0 and standard deviation 1, as their contrast differs. */
  readonly images: Float32Array;
  /** [count, height, width], 1 where half of the pixel or more is membrane (black in the file). */
  readonly masks: Uint8Array;
}

/**
 * Reads image{i}.png and label{i}.png of all slices.
 *
 * @throws FormatError if sizes differ or cannot be halved, a label is not black and white or has one of both alone
 */
export async function loadMembranes(
  read: (file: string) => Promise<Uint8Array>,
  count = MEMBRANE_SLICES.all,
): Promise<MembraneSlices> {
  const slices = [];
  for (let i = 0; i < count; i++) slices.push(await loadSlice(read, i));
  const { height, width } = slices[0]!;
  const pixels = height * width;
  const images = new Float32Array(count * pixels);
  const masks = new Uint8Array(count * pixels);
  for (const [i, slice] of slices.entries()) {
    if (slice.height !== height || slice.width !== width)
      throw new FormatError(
        `loadMembranes: slices must have one size, slice ${i} [${slice.height},${slice.width}]`,
      );
    images.set(slice.image, i * pixels);
    masks.set(slice.mask, i * pixels);
  }
  return { count, height, width, images, masks };
}

async function loadSlice(read: (file: string) => Promise<Uint8Array>, i: number) {
  const [imageName, labelName] = [`image${i}.png`, `label${i}.png`];
  const image = readGreyPng(await read(imageName), { name: imageName });
  const label = readGreyPng(await read(labelName), { name: labelName });
  const { width, height } = image;
  if (label.width !== width || label.height !== height || width % 2 || height % 2)
    throw new FormatError(
      `loadMembranes: ${labelName} must have the even size of ${imageName}, [${label.height},${label.width}] and [${height},${width}]`,
    );
  const wrong = label.data.findIndex((v) => v !== 0 && v !== 255);
  if (wrong >= 0)
    throw new FormatError(`loadMembranes: ${labelName} must be black and white, has ${label.data[wrong]}`);
  const membrane = label.data.map((v) => (v === 0 ? 1 : 0));
  const mask = Uint8Array.from(halve(membrane, [1, height, width]), (v) => (v >= 0.5 ? 1 : 0));
  if (!mask.includes(1) || !mask.includes(0))
    throw new FormatError(`loadMembranes: ${labelName} has one class alone`);
  const grey = standardized(halve(image.data, [1, height, width]));
  if (!grey) throw new FormatError(`loadMembranes: ${imageName} is the same everywhere`);
  return { image: grey, mask, height: height / 2, width: width / 2 };
}

/** Mean 0, standard deviation 1; null for a constant. */
function standardized(data: Float32Array): Float32Array | null {
  let [sum, squares] = [0, 0];
  for (const v of data) {
    sum += v;
    squares += v * v;
  }
  const mean = sum / data.length;
  const variance = squares / data.length - mean * mean;
  if (!(variance > 0)) return null;
  const scale = 1 / Math.sqrt(variance);
  return data.map((v) => (v - mean) * scale);
}
