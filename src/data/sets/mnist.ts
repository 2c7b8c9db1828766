// MNIST (LeCun, Cortes, Burges 1998): 60,000 + 10,000 handwritten digits, 28x28 grey, from its four IDX files. Reads
// through a function, so that it runs in browsers; the files on disk: files.ts.
import { FormatError } from "../../gpu/errors.ts";
import { ArrayDataset, type Field } from "../dataset.ts";
import type { Inflate } from "../formats/gzip.ts";
import { readIdx } from "../formats/idx.ts";

/** Mean and standard deviation of the training pixels on [0, 1], the constants in common use. */
export const MNIST_MEAN = 0.1307;
export const MNIST_STD = 0.3081;

/** The files, in the order they are read, with the MD5 of the official .gz. */
export const MNIST_FILES = {
  "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
  "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
  "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
  "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
} as const;

/** The official files; the author's own site asks not to be used by programs. */
export const MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/";

export interface DigitImages {
  images: Uint8Array; // [n, 28, 28], 0 = paper, 255 = ink
  labels: Uint8Array; // [n], 0 .. 9
  count: number;
}

export interface Mnist {
  train: DigitImages;
  test: DigitImages;
  mean: number;
  std: number;
}

/**
 * Loads all four files, raw or (with `inflate`) gzipped; so too other sets in MNIST's form (Fashion-MNIST, KMNIST).
 * Throws FormatError if images and labels do not fit.
 */
export async function loadMnist(
  read: (file: string) => Promise<Uint8Array>,
  options: { inflate?: Inflate } = {},
): Promise<Mnist> {
  const load = async (part: "train" | "t10k"): Promise<DigitImages> => {
    const names = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`] as const;
    const [images, labels] = await Promise.all(
      names.map(async (name) => readIdx(await read(name), { name, inflate: options.inflate })),
    );
    return checkPart(part, images!, labels!);
  };
  return { train: await load("train"), test: await load("t10k"), mean: MNIST_MEAN, std: MNIST_STD };
}

function checkPart(part: string, images: Field, labels: Field): DigitImages {
  const [count, h, w] = images.shape;
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3 || h !== 28 || w !== 28) {
    throw new FormatError(`loadMnist: ${part} images must be u8 [n,28,28], got [${images.shape}]`);
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new FormatError(`loadMnist: ${part} labels must be u8 [${count}], got [${labels.shape}]`);
  }
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0)
    throw new FormatError(`loadMnist: ${part} label ${wrong} is ${labels.data[wrong]}, not 0 .. 9`);
  return { images: images.data, labels: labels.data, count: count! };
}

/** Digits as a dataset: x u8 [n, 1, 28, 28] (shared, not copied), y i32 [n]. Standardise batches: transforms.ts. */
export function digitDataset({ images, labels, count }: DigitImages): ArrayDataset<"x" | "y"> {
  return new ArrayDataset({
    x: { data: images, shape: [count, 1, 28, 28] },
    y: { data: Int32Array.from(labels), shape: [count] },
  });
}
