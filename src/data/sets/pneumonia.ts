// PneumoniaMNIST (MedMNIST v2, Yang et al. 2023, CC BY 4.0): chest X-rays of children, 28x28 grey, normal or pneumonia (Kermany et al.
// 2018). Two files are read: the official pneumoniamnist.npz, which has a test set, and one with its training and validation sets
// alone, in another order of rows.
import { FormatError, OptionError } from "../../gpu/errors.ts";
import { ArrayDataset, type Field } from "../dataset.ts";
import { npzNames, readNpz } from "../formats/npz.ts";
import type { DataSource } from "./files.ts";

const OFFICIAL = "pneumoniamnist.npz";
const TRAINVAL = "pneumoniamnist-trainval.npz";
const URL = "https://zenodo.org/record/6496656/files/pneumoniamnist.npz";
const MD5 = "28209eda62fecd6e6a2d98b1501bb15f";

export const PNEUMONIA_SOURCE: DataSource = {
  folder: "pneumoniamnist",
  download: { [OFFICIAL]: { url: URL, md5: MD5 } },
  help: () => `get ${URL} (4 MB, MD5 ${MD5}) and put it into data/pneumoniamnist`,
};

/** Mean and standard deviation of the training pixels on [0, 1]. */
export const PNEUMONIA_MEAN = 0.5719;
export const PNEUMONIA_STD = 0.1684;
/** Names of the labels 0 and 1. */
export const PNEUMONIA_CLASSES = ["normal", "pneumonia"] as const;
const SIDE = 28;

export interface XRays {
  readonly images: Uint8Array; // [n, 28, 28]
  readonly labels: Uint8Array; // [n], 1 = pneumonia
  readonly count: number;
}

export interface Pneumonia {
  readonly train: XRays;
  readonly val: XRays;
  /** null where the file has none. */
  readonly test: XRays | null;
}

/**
 * Reads the official file, or where it is missing the one without a test set.
 *
 * @throws FormatError if arrays are missing or do not fit each other, a label is neither 0 nor 1, or a split lacks a class
 */
export async function loadPneumonia(read: (file: string) => Promise<Uint8Array>): Promise<Pneumonia> {
  const { name, bytes } = await readEither(read);
  const names = npzNames(bytes, name);
  const split = (part: string) => splitOf(bytes, name, part);
  return {
    train: split("train"),
    val: split("val"),
    test: names.includes("test_images") ? split("test") : null,
  };
}

async function readEither(read: (file: string) => Promise<Uint8Array>) {
  const official = await tried(read(OFFICIAL));
  if (!(official instanceof OptionError)) return { name: OFFICIAL, bytes: official };
  const trainval = await tried(read(TRAINVAL));
  if (!(trainval instanceof OptionError)) return { name: TRAINVAL, bytes: trainval };
  throw official; // it says how to get the file that everyone can get
}

/** The bytes, or why there are none. */
function tried(reading: Promise<Uint8Array>): Promise<Uint8Array | OptionError> {
  return reading.catch((error) => {
    if (error instanceof OptionError) return error;
    throw error;
  });
}

function splitOf(bytes: Uint8Array, name: string, part: string): XRays {
  const fail = (rule: string): never => {
    throw new FormatError(`loadPneumonia: ${name}: ${part}${rule}`);
  };
  const keys = [`${part}_images`, `${part}_labels`] as const;
  const arrays = readNpz(bytes, { name, only: keys });
  const [images, labels] = keys.map((key) => arrays.get(key)!) as [Field, Field];
  const [count, h, w] = images.shape;
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3 || h !== SIDE || w !== SIDE)
    return fail(`_images must be u8 [n, 28, 28], got [${images.shape}]`);
  if (!(labels.data instanceof Uint8Array) || labels.data.length !== count || labels.shape[0] !== count)
    return fail(`_labels must be u8 [${count}] or [${count}, 1], got [${labels.shape}]`);
  const wrong = labels.data.findIndex((label) => label > 1);
  if (wrong >= 0) fail(`_labels[${wrong}] is ${labels.data[wrong]}, not 0 or 1`);
  for (const [label, title] of PNEUMONIA_CLASSES.entries())
    if (!labels.data.includes(label)) fail(` has no sample of class ${label} (${title})`);
  return { images: images.data, labels: labels.data, count: count! };
}

/** X-rays as a dataset: x u8 [n, 1, 28, 28] (shared, not copied), y i32 [n]. Standardise batches: transforms.ts. */
export function xrayDataset({ images, labels, count }: XRays): ArrayDataset<"x" | "y"> {
  return new ArrayDataset({
    x: { data: images, shape: [count, 1, SIDE, SIDE] },
    y: { data: Int32Array.from(labels), shape: [count] },
  });
}
