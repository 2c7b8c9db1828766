// What a run learns from: grey pictures of 28x28 in three parts, and the numbers that standardise them. MNIST comes from the
// site's own file (site/build/digits.ts); own pictures come from the page and are split here. Nothing leaves the tab.

import { OptionError } from "../../src/gpu/errors.ts";
import { Generator } from "../../src/tensor/philox.ts";
import type { OwnPictures, PictureRef } from "./protocol.ts";

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/** MNIST's training file gives both of the first parts. */
const MNIST = { train: 5000, validation: 1000, test: 1000 };
const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

const FEWEST_A_CLASS = 10;
const MOST_CLASSES = 20;
const MOST_PICTURES = 20_000;
/** Of each class; the rest is for the test. */
const SHARES = { train: 0.7, validation: 0.15 };

export interface Part {
  readonly images: Uint8Array; // [count, 28, 28]
  readonly labels: Uint8Array; // [count]
  readonly count: number;
}

export interface Pictures {
  readonly classes: readonly string[];
  readonly train: Part;
  readonly validation: Part;
  readonly test: Part;
  /** What a byte becomes: (v / 255 - mean) / std with mean and std of the training part. */
  readonly standardised: Float32Array; // [256]
}

/** Gives the site's file of digits, gunzipped. */
export type ReadDigits = () => Promise<Uint8Array>;

/** In the browser: the file beside the page. `base` is the page's own address. */
export async function fetchDigits(base: string): Promise<Uint8Array> {
  const response = await fetch(new URL("digits.bin.gz", base));
  if (!response.ok || !response.body)
    throw new OptionError(`digits.bin.gz: the server says ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A server may have undone the compression by itself (Content-Encoding).
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Labels [6000], pictures [6000, 28, 28], then the same of the 1,000 test digits. */
export function mnistPictures(bytes: Uint8Array): Pictures {
  const first = MNIST.train + MNIST.validation;
  const wanted = (first + MNIST.test) * (PIXELS + 1);
  if (bytes.length !== wanted)
    throw new OptionError(`digits.bin.gz: has ${bytes.length} bytes, not the ${wanted} of its pictures`);
  const block = (from: number, count: number): Part => ({
    labels: bytes.subarray(from, from + count),
    images: bytes.subarray(from + count, from + count * (PIXELS + 1)),
    count,
  });
  const both = block(0, first);
  const test = block(first * (PIXELS + 1), MNIST.test);
  return pictures(DIGITS, slice(both, 0, MNIST.train), slice(both, MNIST.train, first), test);
}

function slice({ images, labels }: Part, from: number, to: number): Part {
  return {
    images: images.subarray(from * PIXELS, to * PIXELS),
    labels: labels.subarray(from, to),
    count: to - from,
  };
}

/** Splits each class by the seed. Throws OptionError, in words for the page, where no classifier can be trained on them. */
export function ownPictures({ classes, labels, images }: OwnPictures, seed: number): Pictures {
  checkOwn({ classes, labels, images });
  const generator = new Generator(seed).fork("split");
  const places: Record<"train" | "validation" | "test", number[]> = { train: [], validation: [], test: [] };
  classes.forEach((_, label) => {
    const own = [...labels.keys()].filter((i) => labels[i] === label);
    const order = Array.from(generator.fork(label).permutation(own.length), (i) => own[i]!);
    const held = Math.max(1, Math.round(own.length * SHARES.validation));
    places.validation.push(...order.slice(0, held));
    places.test.push(...order.slice(held, 2 * held));
    places.train.push(...order.slice(2 * held));
  });
  const part = (list: number[]): Part => {
    list.sort((a, b) => a - b);
    const out = new Uint8Array(list.length * PIXELS);
    for (const [i, from] of list.entries())
      out.set(images.subarray(from * PIXELS, (from + 1) * PIXELS), i * PIXELS);
    return { images: out, labels: Uint8Array.from(list, (i) => labels[i]!), count: list.length };
  };
  return pictures([...classes], part(places.train), part(places.validation), part(places.test));
}

/** Throws OptionError with what is wrong. */
export function checkOwn({ classes, labels, images }: OwnPictures): void {
  const fault = (why: string): never => {
    throw new OptionError(`own pictures: ${why}`);
  };
  if (!Array.isArray(classes) || !(labels instanceof Uint8Array) || !(images instanceof Uint8Array))
    fault("the pictures came without classes, labels or pixels");
  if (labels.length === 0) fault("there are no pictures");
  if (images.length !== labels.length * PIXELS)
    fault(`${labels.length} labels, but ${images.length} pixels are not as many pictures of ${SIDE}x${SIDE}`);
  if (classes.length < 2)
    fault("there is only one class: put the pictures in folders, one for each of two or more classes");
  if (classes.length > MOST_CLASSES)
    fault(`${classes.length} classes are more than this page trains (${MOST_CLASSES})`);
  if (labels.length > MOST_PICTURES)
    fault(
      `${labels.length.toLocaleString("en")} pictures are more than this page trains (${MOST_PICTURES.toLocaleString("en")})`,
    );
  const counts = classes.map((_, label) => labels.reduce((n, l) => n + (l === label ? 1 : 0), 0));
  if (counts.reduce((a, b) => a + b, 0) !== labels.length) fault("a picture has a label that is no class");
  const few = counts.findIndex((n) => n < FEWEST_A_CLASS);
  if (few >= 0)
    fault(`the class ${classes[few]} has ${counts[few]} pictures; each needs at least ${FEWEST_A_CLASS}`);
}

function pictures(classes: readonly string[], train: Part, validation: Part, test: Part): Pictures {
  let sum = 0;
  let squares = 0;
  for (const v of train.images) {
    sum += v;
    squares += v * v;
  }
  const n = train.images.length;
  const mean = sum / n;
  // Pictures that are all alike have no spread to divide by.
  const std = Math.sqrt(Math.max(squares / n - mean * mean, 0)) || 1;
  const standardised = Float32Array.from({ length: 256 }, (_, v) => (v - mean) / std);
  return { classes, train, validation, test, standardised };
}

/** Bytes as the model gets them. */
export function standardise(bytes: Uint8Array, table: Float32Array): Float32Array {
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = table[bytes[i]!]!;
  return out;
}

/** The pixels [28, 28] of a picture, and its label where it has one. Throws OptionError for one that is not there. */
export function pictureOf(all: Pictures, ref: PictureRef): { pixels: Uint8Array; label: number | null } {
  if ("drawn" in ref) {
    if (ref.drawn?.length !== PIXELS) throw new OptionError(`a drawn picture has ${PIXELS} pixels`);
    return { pixels: Uint8Array.from(ref.drawn), label: null };
  }
  const part = Object.hasOwn(MNIST, ref.part) ? all[ref.part] : null;
  if (!part || !Number.isInteger(ref.index) || ref.index < 0 || ref.index >= part.count)
    throw new OptionError(`there is no picture ${ref.index} in the part ${ref.part}`);
  return { pixels: pixelsOf(part, ref.index), label: part.labels[ref.index]! };
}

/** A copy. */
export const pixelsOf = ({ images }: Part, index: number): Uint8Array =>
  images.slice(index * PIXELS, (index + 1) * PIXELS);
