// What the steps of a run train on: batches in an order that the seed decides, standardised as the model takes them.

import { ArrayDataset } from "../../src/data/dataset.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { type Part, type Pictures, SIDE, standardise } from "./pictures.ts";
import type { RunConfig } from "./protocol.ts";

/** Shape of a sample. */
export const INPUT = [1, SIDE, SIDE] as const;

/** The batch of a step. */
export interface Batch {
  readonly x: { readonly data: Float32Array; readonly shape: readonly number[] }; // [b, 1, 28, 28]
  readonly y: { readonly data: Int32Array; readonly shape: readonly number[] }; // [b]
}

export class Batches {
  /** Pictures a batch. */
  readonly size: number;
  readonly perEpoch: number;
  /** Of the run. */
  readonly total: number;
  private readonly loader: DataLoader<"x" | "y">;

  constructor(
    private readonly pictures: Pictures,
    { batch, epochs, seed }: RunConfig,
  ) {
    const { train } = pictures;
    this.size = Math.min(batch, train.count);
    this.loader = loaderOf(train, this.size, seed);
    this.perEpoch = this.loader.length;
    this.total = epochs * this.perEpoch;
  }

  /** What step number `step` + 1 trains on. */
  at(step: number): Batch {
    const { x, y } = this.loaded(step);
    const data = standardise(x.data as Uint8Array, this.pictures.standardised);
    return { x: { data, shape: x.shape }, y: { data: y.data as Int32Array, shape: y.shape } };
  }

  /** Its pictures as they are on disk: u8 [b, 28, 28]. */
  bytesAt(step: number): Uint8Array {
    return this.loaded(step).x.data as Uint8Array;
  }

  private loaded(step: number) {
    return this.loader.at(Math.floor(step / this.perEpoch), step % this.perEpoch);
  }
}

function loaderOf({ images, labels, count }: Part, batchSize: number, seed: number): DataLoader<"x" | "y"> {
  const dataset = new ArrayDataset<"x" | "y">({
    x: { data: images, shape: [count, ...INPUT] },
    y: { data: Int32Array.from(labels), shape: [count] },
  });
  return new DataLoader(dataset, { batchSize, shuffle: true, seed, dropLast: true });
}

/** A part of the data in pieces of at most so many pictures, as the model takes them. */
export function* piecesOf(
  { images, labels, count }: Part,
  size: number,
  table: Float32Array,
): Generator<Batch> {
  const pixels = SIDE * SIDE;
  for (let from = 0; from < count; from += size) {
    const to = Math.min(from + size, count);
    const data = standardise(images.subarray(from * pixels, to * pixels), table);
    const y = Int32Array.from(labels.subarray(from, to));
    yield { x: { data, shape: [to - from, ...INPUT] }, y: { data: y, shape: [to - from] } };
  }
}
